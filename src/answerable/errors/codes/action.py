# SPDX-License-Identifier: Apache-2.0
"""Refusals of one action."""

from __future__ import annotations

from typing import Final

from answerable.errors.catalogue import Entry

ENTRIES: Final[dict[str, Entry]] = {
    "action.shutdown": Entry(
        "The gateway is ending, and ended this action with it.",
        "网关正在停止，此行为随之终止。",
        "Repeat the call when it is back; what had left of the answer by then is on record.",
        "请在网关恢复后重新发起调用；此前已输出的内容已记录在案。",
        http=503,
        exit=4,
    ),
    "action.held": Entry(
        "This action waits for people to approve it.",
        "此行为须经人员审批，现处于等待状态。",
        "Ask an approver to look at {hold}, then repeat the call.",
        "请审批人查看 {hold}，批准后重新发起调用。",
    ),
}
