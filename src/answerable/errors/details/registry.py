# SPDX-License-Identifier: Apache-2.0
"""What does not hold of a registration: `answerable.registry`."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

DETAILS: Final[Mapping[str, str]] = {
    # Lineage
    "a model does not use, it descends": "模型不“使用”其他系统，只能派生自其他系统",
    "one parent is named twice": "同一上级被指定两次",
    "a merge has two parents or more": "合并须有两个或更多上级",
    "a quantized form or a copy has one parent": "量化版本或副本只有一个上级",
    "what a system makes descends from it": "系统所创建的系统派生自该系统",
    "a plan that registers no system": "计划未登记任何系统",
    # Fields
    "expected {}": "应为：{0}",
    "an http or https URL without user, password, query or fragment": (
        "不含用户名、密码、查询与片段的 http 或 https URL"
    ),
    "one line of up to {} characters": "应为一行，最多 {0} 个字符",
    "one is given twice": "有重复",
    "letters, digits and ._+- up to 64": "字母、数字与 ._+-，最多 64 个字符",
    "a name from the configuration": "配置中的名称",
    "an SPDX expression or a short name, up to 120 characters": "SPDX 表达式或简短名称，最多 120 个字符",
    "sha256: and 64 lower-case hexadecimal digits": "sha256: 加 64 位小写十六进制数字",
    "64 hexadecimal digits": "64 位十六进制数字",
    "none is named": "未指定任何一个",
    "below zero": "小于零",
    "a robot acts in the physical world": "机器人须在物理界行动",
    "a system that tells its digests is not opaque": "公布摘要的系统不属于不透明系统",
    "give petaflop, or parameters and tokens": "请给出 petaflop，或参数量与 token 数",
    "out of range": "超出范围",
    "more than {}": "超过 {0}",
    # Owners, parties, keys
    "an owner has no role on the system": "某所有者在该系统上没有角色",
    "an owner is named twice": "某所有者被指定两次",
    "more shares are needed than there are": "所需份额多于现有份额",
    "owners of another form": "所有者的形式不同",
    "a party is given the same role twice": "某责任主体被两次赋予同一角色",
    "it does not verify": "验证不通过",
    "its subject does not hold this identifier": "其主题不含该标识",
    "no node's key leaf": "不是节点密钥叶子",
    "the old party does not have that role": "原责任主体没有该角色",
    "the new party has that role already": "新责任主体已有该角色",
    # Reauthorisation, scopes
    "no reauthorisation made this id": "没有重新授权产生过该编号",
    "the id is registered already": "该编号已登记",
    "the digests are not those that were signed": "摘要与已签名的不符",
    "a pattern is server/tool, server/* or *": "模式应为 server/tool、server/* 或 *",
    "more than {} characters together": "合计超过 {0} 个字符",
    "below the criticality of the system itself": "低于系统自身的关键等级",
    "a scope or a maker of another form": "范围或创建者的形式不同",
    "systems: number {}": "systems：第 {0} 号",
}
