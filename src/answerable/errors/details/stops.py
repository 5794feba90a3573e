# SPDX-License-Identifier: Apache-2.0
"""What is wrong with a stop order, and why a key may not sign one: `answerable.stops`."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

DETAILS: Final[Mapping[str, str]] = {
    "a detector reaches one copy or one system": "检测器只能终止一个运行副本或一个系统",
    "a detector's order completes no other": "检测器的终止令不得完成另一终止令",
    "its root is not the canary": "其根系统不是金丝雀",
    "a canary with {}": "金丝雀不应有：{0}",
    "its name": "其他名称",
    "its kind": "其他类型",
    "weights": "权重",
    "a lineage": "谱系",
    "a tier": "分级",
    "another world": "其他界",
    "an upstream": "上游",
    "something that descends from it or uses it": "派生自它或使用它的对象",
    "another kind or scope of order": "终止令的类型或范围不同",
    "signed by another key, or by others too": "由其他密钥签名，或另有他人签名",
    "a termination with a plan of its own": "终止不得自带计划",
    "not a {} order of a known scope": "不是已知范围的 {0} 令",
    "it completes what is no suspension": "它所完成的不是暂停",
    "owners complete what owners began": "由所有者发起的，须由所有者完成",
    "a suspension that names one before it": "暂停令指向了先前的终止令",
    "a reason that is not the one signed": "理由与已签名的不符",
    "digests that are not 1 to {} different ones": "摘要不是 1 至 {0} 个互不相同的值",
    "a system id that is not a new one of this registry": "系统编号不是本登记处的新编号",
    "longer than a leaf: rebuild the log from a mirror": "比一条叶子更长：请从镜像重建日志",
    # Keys
    "the key is withdrawn": "该密钥已撤回",
    "another person's": "属于另一人",
    "not enrolled as an officer": "未登记为责任官员",
    "no natural person": "不是自然人",
}
