# SPDX-License-Identifier: Apache-2.0
"""What does not hold of a receipt, a mirror or a witness's word: `answerable.verify`, `answerable.tiles`,
`answerable.witness`."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

DETAILS: Final[Mapping[str, str]] = {
    "a receipt of inclusion, not of consistency": "这是包含性回执，不是一致性回执",
    "a receipt of consistency, not of inclusion": "这是一致性回执，不是包含性回执",
    "it starts from another tree than the one that was kept": "它从与所保存的不同的树开始",
    "{} does not point to a {}": "{0} 未指向 {1} 类型的叶子",
    "{} points to a later leaf": "{0} 指向更晚的叶子",
    "one leaf stands in the log twice": "同一叶子在日志中出现两次",
    "the warrant is of another system or party": "许可属于另一系统或责任主体",
    "the model's warrant is of another system": "模型的许可属于另一系统",
    "a party's later leaf is of another party": "某责任主体较晚的叶子属于另一责任主体",
    "the record ends twice": "该记录结束了两次",
    "its record is not an open leaf": "其记录不是开启叶子",
    "a disclosure without a commitment": "披露内容没有对应的承诺",
    # Witnesses
    "evidence of something else than it says": "证据与其所述不符",
    "it is no checkpoint that a key of the log signed": "不是由日志密钥签名的检查点",
    "another process signs with it": "另一进程正以其签名",
    "too many requests wait": "排队的请求过多",
    "someone else wrote it": "已被他方写入",
    "it is no checkpoint": "不是检查点",
    "it was rolled back: {} records of {} were cosigned": "已被回退：{1} 的 {0} 条记录曾获联署",
    # What a monitor finds
    "a warrant beyond its system's registration": "许可超出其系统的登记范围",
    "a warrant that lives longer than {} ms": "许可的有效期超过 {0} 毫秒",
    "registry number": "登记编号",
    "{} of the copy": "运行副本的 {0}",
    "warrant id": "许可编号",
    "end of the action": "行为的结束",
    "size of the log": "日志大小",
    "nonce": "随机数",
    "handle": "句柄",
    "it is told by nobody that the log knows": "报告者不为日志所知",
    "it is told by a key that leaf {} ended": "报告所用的密钥已由叶子 {0} 终止",
    "an extension that holds no signature": "某扩展中没有签名",
    "nobody signed it": "无人签署",
    "it is by a key that the log does not know": "签署它的密钥不为日志所知",
    "it is by a key that leaf {} ended": "签署它的密钥已由叶子 {0} 终止",
}
