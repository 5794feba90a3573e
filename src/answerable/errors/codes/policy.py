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
    "policy.unknown_rule": Entry(
        "There is no rule {rule} in the kernel's policy.",
        "内核策略中没有规则 {rule}。",
        "`answerable policy explain` lists them; rules of operators are explained in their own policy.",
        "可用 `answerable policy explain` 查看全部规则；运营者的规则见其自身策略。",
        exit=3,
    ),
}
