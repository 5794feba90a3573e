# SPDX-License-Identifier: Apache-2.0
"""Refusals of one action."""

from __future__ import annotations

from typing import Final

from answerable.errors.catalogue import Entry

ENTRIES: Final[dict[str, Entry]] = {
    "action.held": Entry(
        "This action waits for people to approve it.",
        "此行为须经人员审批，现处于等待状态。",
        "Ask an approver to look at {hold}, then repeat the call.",
        "请审批人查看 {hold}，批准后重新发起调用。",
    ),
}
