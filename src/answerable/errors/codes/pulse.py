# SPDX-License-Identifier: Apache-2.0
"""Pulses, the second authority that a holder needs to go on."""

from __future__ import annotations

from typing import Final

from answerable.errors.catalogue import Entry

ENTRIES: Final[dict[str, Entry]] = {
    "pulse.malformed": Entry(
        "This is not a well-formed pulse: {detail}.",
        "这不是格式正确的脉冲：{detail}。",
        "Fetch a new one; each is good for seconds only.",
        "请获取新的脉冲；每个脉冲仅有效数秒。",
        http=400,
    ),
    "pulse.forged": Entry(
        "The pulse is not signed by the key that is pinned here.",
        "该脉冲并非由此处固定的密钥签名。",
        "Compare the pinned key with `answerable pulse key`; ask who sends such pulses.",
        "请将固定的密钥与 `answerable pulse key` 对照，并查明该脉冲的发送者。",
    ),
    "pulse.origin": Entry(
        "The pulse is of another log than {origin}.",
        "该脉冲属于另一日志，而非 {origin}。",
        "Give this holder the pulses of its own registry.",
        "请向该持有者提供其所属登记处的脉冲。",
    ),
    "pulse.replayed": Entry(
        "Pulse {seq} is not newer than {newest}, which was seen before.",
        "脉冲 {seq} 并不新于先前收到的 {newest}。",
        "Carry the newest one. Where the pulse process lost its state, start it again: it never goes back.",
        "请传递最新的脉冲。若脉冲进程丢失状态，请重新启动：其序号不会倒退。",
    ),
    "pulse.future": Entry(
        "The pulse says it was made in the future by this holder's clock.",
        "按该持有者的时钟，脉冲的产生时间在未来。",
        "Bring the clocks of pulse and holder together.",
        "请校准脉冲进程与持有者的时钟。",
    ),
    "pulse.missing": Entry(
        "No pulse has reached this holder yet, and without one it admits nothing.",
        "该持有者尚未收到任何脉冲；没有脉冲则不放行任何行为。",
        "Start `answerable pulse run`, or carry its newest pulse here, by a file if need be.",
        "请启动 `answerable pulse run`，或将其最新脉冲送达此处（必要时以文件传递）。",
    ),
    "pulse.stale": Entry(
        "The newest pulse that this holder has is over, so it admits nothing.",
        "该持有者所持的最新脉冲已过期，因此不放行任何行为。",
        "See that `answerable pulse run` goes on and that its pulses arrive here.",
        "请确认 `answerable pulse run` 正在运行，且其脉冲能够送达此处。",
    ),
    "pulse.root": Entry(
        "The pulse speaks of stop orders that this holder does not have (change {epoch}; known up to {known}).",
        "脉冲所述的终止令此持有者并不掌握（变更 {epoch}；已知至 {known}）。",
        "It pulls them from any relay or holder; if none has them, the registry withholds an order: ask why.",
        "将从任一中继或持有者拉取；若均无法取得，则登记处隐匿了命令，请查明原因。",
    ),
    "pulse.unpinned": Entry(
        "No pulse's key is pinned here, so none is taken.",
        "此处未固定任何脉冲密钥，因此不接受脉冲。",
        "Put the key that `answerable pulse init` prints under [pulse] keys in the configuration.",
        "请将 `answerable pulse init` 输出的密钥写入配置的 [pulse] keys。",
    ),
    "pulse.state": Entry(
        "The pulse's state cannot be kept, so it signs nothing: {detail}.",
        "无法保存脉冲的状态，因此不予签名：{detail}。",
        "Mend the folder that `answerable pulse` was given. A number that was used is never used again.",
        "请修复 `answerable pulse` 所用的文件夹。已用过的序号绝不重复使用。",
        http=503,
        exit=4,
    ),
    "pulse.full": Entry(
        "More direct orders of authorities are held than one pulse can carry ({limit}); it beats no more.",
        "监管机构直接命令的数量超过一个脉冲可携带的上限（{limit}）；脉冲停止。",
        "Give the orders to the registry as well; what stands there need not be carried in full.",
        "请同时将命令提交至登记处；已登记的命令无需完整携带。",
        http=503,
        exit=4,
    ),
    "pulse.source": Entry(
        "The stop set could not be read from {source}: {detail}.",
        "无法从 {source} 读取终止集：{detail}。",
        "See that the source answers. The pulse goes on for what it knows.",
        "请确认来源可应答。脉冲将按已知内容继续。",
        http=503,
        exit=4,
    ),
}
