# SPDX-License-Identifier: Apache-2.0
"""Codes that begin with monitor: what `answerable log monitor` finds in a log."""

from __future__ import annotations

from typing import Final

from answerable.errors.catalogue import Entry

_ASK: Final = "Ask the operator of the log what happened; the record stands for good."
_ASK_ZH: Final = "请向日志运营者查问原因；该记录将永久保留。"
_KEEP: Final = "Keep both as evidence, believe neither, and tell the operator, the witnesses and all who rely on it."
_KEEP_ZH: Final = "请保留两份作为证据，均不采信，并告知运营者、见证方与依赖该日志的各方。"
_FETCH: Final = "Try again, then take another mirror; if it stays so, tell the operator of the log."
_FETCH_ZH: Final = "请重试，再改用其他镜像；若仍如此，请告知日志运营者。"

ENTRIES: Final[dict[str, Entry]] = {
    "monitor.clock": Entry(
        "Leaf {index} tells a time {ms} ms {which}, more than the {tolerance} ms that clocks may differ by.",
        "叶子 {index} 的时间偏差 {ms} 毫秒（{which}），超出允许的 {tolerance} 毫秒。",
        "Ask the operator whether a clock was set; a log whose time goes back cannot order what happened.",
        "请询问运营者是否调整过时钟；时间倒退的日志无法说明事件先后。",
    ),
    "monitor.duplicate": Entry(
        "Leaf {index} repeats the {what} of leaf {earlier}.",
        "叶子 {index} 与叶子 {earlier} 的{what}重复。",
        _ASK,
        _ASK_ZH,
    ),
    "monitor.forked": Entry(
        "{origin} signed two histories: the tree of {size} leaves is no continuation of the tree of {earlier} leaves.",
        "{origin} 签署了两份历史：{size} 条叶子的树并非 {earlier} 条叶子的树的延续。",
        _KEEP,
        _KEEP_ZH,
    ),
    "monitor.behind": Entry(
        "The newest checkpoint has {size} leaves, one seen before had {earlier}.",
        "最新检查点有 {size} 条叶子，而此前见过的有 {earlier} 条。",
        "A cache may lag for seconds; if it stays so the log was rolled back: tell its operator.",
        "缓存可能滞后数秒；若仍如此，说明日志被回退：请告知运营者。",
    ),
    "monitor.checkpoint": Entry(
        "The checkpoint is not to be believed ({cause}).",
        "检查点不可采信（{cause}）。",
        _FETCH,
        _FETCH_ZH,
    ),
    "monitor.key": Entry(
        "The checkpoint over {size} leaves is signed by a key of the log that leaf {leaf} withdrew.",
        "{size} 条叶子的检查点由叶子 {leaf} 已撤销的日志密钥签署。",
        _KEEP,
        _KEEP_ZH,
    ),
    "monitor.tree": Entry(
        "{path} does not hold the hashes of the leaves below it.",
        "{path} 中的哈希与其下的叶子不符。",
        _FETCH,
        _FETCH_ZH,
    ),
    "monitor.missing": Entry(
        "{path} is missing, or cannot be read ({cause}).",
        "{path} 缺失或无法读取（{cause}）。",
        _FETCH,
        _FETCH_ZH,
    ),
    "monitor.leaf": Entry(
        "Leaf {index} is malformed: {detail}.",
        "叶子 {index} 格式错误：{detail}。",
        _ASK,
        _ASK_ZH,
    ),
    "monitor.unregistered": Entry(
        "Leaf {index} names a {kind} as `{member}` that no leaf before it registered.",
        "叶子 {index} 的 `{member}` 所指 {kind} 未由此前任何叶子登记。",
        _ASK,
        _ASK_ZH,
    ),
    "monitor.signature": Entry(
        "A signature in leaf {index} does not hold: {detail}.",
        "叶子 {index} 中的签名不成立：{detail}。",
        _ASK,
        _ASK_ZH,
    ),
    "monitor.unwarranted": Entry(
        "The action of leaf {index} was outside its warrant: {detail}.",
        "叶子 {index} 的行为超出其许可：{detail}。",
        _ASK,
        _ASK_ZH,
    ),
    "monitor.stopped": Entry(
        "The action of leaf {index} went on although the stop order {order} reached it.",
        "叶子 {index} 的行为在终止令 {order} 生效后仍继续。",
        "Tell the officers; the bound of that stop was not kept.",
        "请告知责任官员；该终止令的时限未被遵守。",
    ),
    "monitor.unclosed": Entry(
        "The action of leaf {index} has no close leaf {seconds} s after it was opened.",
        "叶子 {index} 的行为开始 {seconds} 秒后仍无结束叶子。",
        "Ask the operator how it ended; after a crash the next start settles it as unknown.",
        "请询问运营者其结果；崩溃后下次启动会将其记为未知。",
    ),
}
