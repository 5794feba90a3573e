# SPDX-License-Identifier: Apache-2.0
"""The canary and the planned drills."""

from __future__ import annotations

from typing import Final

from answerable.errors.catalogue import Entry

ENTRIES: Final[dict[str, Entry]] = {
    "drill.silent": Entry(
        "The canary was stopped, and these gateways did not say so in time: {gateways}.",
        "金丝雀已被终止，但以下网关未按时确认：{gateways}。",
        "Look at `answerable drill status`: a gateway that does not answer may not be hearing stop orders.",
        "请查看 `answerable drill status`：不应答的网关可能收不到终止令。",
        http=503,
        exit=1,
    ),
    "drill.overdue": Entry(
        "No canary was stopped for {minutes} minutes.",
        "已有 {minutes} 分钟未进行金丝雀终止。",
        "See the log for why: a stop that is not tried is not known to work.",
        "请查看日志：未经演练的终止机制不能视为有效。",
        http=503,
        exit=1,
    ),
    "drill.canary": Entry(
        "The canary's key orders the canary and nothing else: {detail}.",
        "金丝雀密钥只能终止金丝雀本身：{detail}。",
        "Have officers sign: `answerable stop SYSTEM --as ...`.",
        "请由责任官员签署：`answerable stop SYSTEM --as ...`。",
    ),
    "drill.running": Entry(
        "A drill is running.",
        "演练正在进行。",
        "Wait for its report: `answerable drill status`.",
        "请等待其报告：`answerable drill status`。",
        http=422,
        exit=5,
    ),
    "drill.unknown": Entry(
        "There is no drill or report named {name}.",
        "没有名为 {name} 的演练或报告。",
        "See `answerable drill status`.",
        "请查看 `answerable drill status`。",
        exit=3,
    ),
}
