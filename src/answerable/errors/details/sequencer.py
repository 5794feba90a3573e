# SPDX-License-Identifier: Apache-2.0
"""What is wrong with a log that is written, read again or rebuilt: `answerable.sequencer`."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

DETAILS: Final[Mapping[str, str]] = {
    "it is over {} leaves": "它涵盖 {0} 条叶子",
    "someone else published": "另有他方已发布",
    "damaged, or of another log": "已损坏，或属于另一日志",
    "another process holds it": "另一进程正占用",
    "a short write": "写入不完整",
    "a quorum of nobody": "法定数不含任何见证方",
    "{} of {} records are cosigned after {} s": "{2} 秒后，{1} 条记录中只有 {0} 条获得联署",
    "its head does not verify ({})": "其头部验证不通过（{0}）",
    "its checkpoint is of another tree": "其检查点属于另一棵树",
    "its tiles do not lead to its root": "其分片推不出其根",
    "its leaves from {} on are not those of its tiles": "其自第 {0} 条起的叶子与其分片不符",
    "its tile {}/{} is not that of the tile above": "其分片 {0}/{1} 与上一层分片不符",
    "it has no leaf {}": "没有第 {0} 条叶子",
    "a leaf of {} bytes": "某叶子有 {0} 字节",
    "listener: {}": "监听方：{0}",
    "a defect": "程序缺陷",
    "not started": "尚未启动",
    # Replay
    "it ends what is not open": "它结束的并非处于开启状态的内容",
    "it names what is not registered": "它指向未登记的对象",
    "a reservation of another form": "预留的形式不同",
    "it settles what was not reserved": "它结算的内容未曾预留",
    "{} of another form": "{0} 的形式不同",
    "amounts of another form": "数额的形式不同",
    "a context of another form": "上下文的形式不同",
    "it uses an approval that was used": "它使用的批准已被使用过",
    "it is about what was never held": "它涉及的内容从未待审批",
    "it holds what no open leaf held": "它暂缓的内容未被任何开启叶子暂缓",
    "a registration of another form": "登记的形式不同",
    "it lifts what is not held": "它解除的内容并未被保全",
    "its record is no action": "其记录不是行为",
    "it ends a grant that was never given": "它终止的读取授权从未给出",
    "it is signed by a key that nobody enrolled": "签署它的密钥无人登记",
    "it is signed by a key that no party has": "签署它的密钥不属于任何责任主体",
    "it releases what was never ordered": "它解除的终止令从未下达",
}
