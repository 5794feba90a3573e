# SPDX-License-Identifier: Apache-2.0
from __future__ import annotations

from answerable.registry import reference, tables


def test_the_page_holds_every_row_word_and_duty() -> None:
    text = reference.page()
    lines = text.splitlines()
    for row in tables.tiers().row:
        assert any(f"`{row.id}`" in line and row.source in line and row.reason_zh in line for line in lines)
    for word in tables.tiers().capability:
        assert f"| `{word.name}` | {word.words} |" in text
    for duty in tables.duties().duty:
        line = next(line for line in lines if f"| `{duty.id}` |" in line)
        assert ("enforced" in line) == bool(duty.check)
        assert duty.missing in line
    assert "`petaflop` ≥ 10,000,000,000" in text
    assert text == reference.page()
    assert all(line.count("|") in (0, 5, 7) for line in lines)
