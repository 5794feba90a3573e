# SPDX-License-Identifier: Apache-2.0
"""Decisions of the kernel and of operators' policy."""

from __future__ import annotations

from typing import Final

from answerable.errors.catalogue import Entry

ENTRIES: Final[dict[str, Entry]] = {
    "policy.refused": Entry(
        "Rule {rule} refuses this action: {why}.",
        "规则 {rule} 拒绝此行为：{why}。",
        "See `answerable policy explain {rule}`.",
        "请查看 `answerable policy explain {rule}`。",
    ),
}
