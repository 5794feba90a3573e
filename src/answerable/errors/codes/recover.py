# SPDX-License-Identifier: Apache-2.0
"""A control plane that was put back from the past, until it knows again what was stopped meanwhile."""

from __future__ import annotations

from typing import Final

from answerable.errors.catalogue import Entry

ENTRIES: Final[dict[str, Entry]] = {
    "recover.behind": Entry(
        "This registry was put back from the past and does not yet know all that was stopped: {waiting}.",
        "本登记处由旧备份恢复，尚未获知其间的全部终止令：{waiting}。",
        "See `answerable recover status` and docs/operate/recovery.md; until then nothing is signed.",
        "请查看 `answerable recover status` 与 docs/operate/recovery.md；在此之前不签发任何内容。",
        http=503,
        exit=4,
    ),
    "recover.unheard": Entry(
        "This registry has just started and listens first to the gateways that it enrolled: {nodes}.",
        "本登记处刚刚启动，须先听取其登记的各网关：{nodes}。",
        "Try again in {retry_s} s: it signs then, or as soon as each was heard. Withdraw gateways that are gone.",
        "请在 {retry_s} 秒后重试：届时或各网关均已应答后即开始签发。已停用的网关请予注销。",
        http=503,
        exit=4,
    ),
    "recover.settled": Entry(
        "Nothing is to be regained: this registry knows of no order that it lacks.",
        "无需恢复：本登记处未发现缺失的终止令。",
        "Nothing; it signs as usual.",
        "无需操作；签发正常。",
        http=422,
        exit=5,
    ),
    "recover.unknown": Entry(
        "{name} is not one that this recovery waits for.",
        "恢复过程并未等待 {name}。",
        "See `answerable recover status` for their names.",
        "名称见 `answerable recover status`。",
        exit=3,
    ),
    "recover.order": Entry(
        "An order that was offered cannot be taken: {detail}.",
        "所提交的终止令无法接受：{detail}。",
        "Offer the order message as the holder has it; it is signed by this registry's issuer or by its officers.",
        "请提交持有者所存的原始终止令；其须由本登记处或其责任官员签名。",
        http=422,
    ),
}
