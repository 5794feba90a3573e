# SPDX-License-Identifier: Apache-2.0
"""The relay, which tells holders of warrants about orders and pulses."""

from __future__ import annotations

from typing import Final

from answerable.errors.catalogue import Entry

ENTRIES: Final[dict[str, Entry]] = {
    "relay.full": Entry(
        "No more holders are taken here: {limit} are connected.",
        "此处不再接受更多持有者：已连接 {limit} 个。",
        "Ask another relay, or raise relay.holders or relay.per_address.",
        "请改用其他中继，或调高 relay.holders 或 relay.per_address。",
        http=503,
        exit=4,
    ),
    "relay.busy": Entry(
        "The relay does too much at once; ask again in a moment.",
        "中继当前过忙，请稍后再试。",
        "Ask again after the time in Retry-After.",
        "请在 Retry-After 所示时间后重试。",
        http=503,
        exit=4,
    ),
    "relay.rate": Entry(
        "Too much that came from this address was refused; for a while nothing more is looked at.",
        "来自该地址的请求被拒绝过多，暂不再处理。",
        "Find out what is wrong with the requests, and ask again in a minute.",
        "请查明请求的问题，一分钟后再试。",
        http=429,
        exit=4,
    ),
    "relay.unreachable": Entry(
        "The relay {relay} cannot be reached ({detail}).",
        "无法连接中继 {relay}（{detail}）。",
        "Check that it runs, its address and its certificate. Holders go on for the life of their warrants.",
        "请检查其是否运行、地址与证书。持有者在许可有效期内继续工作。",
        http=503,
        exit=4,
    ),
    "relay.broken": Entry(
        "The connection to the relay {relay} broke before its answer was whole ({detail}).",
        "与中继 {relay} 的连接在应答完整之前中断（{detail}）。",
        "Ask again: whatever is asked here may be repeated.",
        "请重试：此处的请求均可重复。",
        http=502,
        exit=4,
    ),
    "relay.answer": Entry(
        "What came from {relay} is not what a relay says: {detail}.",
        "来自 {relay} 的内容不是中继应有的应答：{detail}。",
        "Check the address, and that both sides are of the same version.",
        "请检查地址，并确认双方版本一致。",
        http=502,
        exit=4,
    ),
    "relay.holder": Entry(
        "The order {order} does not reach who signed this receipt.",
        "命令 {order} 不涉及签署该回执的一方。",
        "Send receipts of the copy's own orders alone.",
        "请只提交涉及该运行副本的命令的回执。",
    ),
    "relay.none": Entry(
        "No relay is named to ask.",
        "未指定可供询问的中继。",
        "Name the control plane's relay in relay.upstreams.",
        "请在 relay.upstreams 中写明控制面的中继。",
        exit=2,
    ),
}
