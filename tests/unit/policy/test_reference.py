# SPDX-License-Identifier: Apache-2.0
from __future__ import annotations

from answerable.policy import reference, worlds
from answerable.policy.rules import ALL, VOCABULARY


def test_every_rule_domain_and_fact_has_its_line() -> None:
    rules, rows, facts = reference.rules(), reference.rows(), reference.vocabulary()
    assert [line.split("`")[1] for line in rules[2:]] == [rule.id for rule in ALL]
    assert [line.split("`")[1] for line in rows[2:]] == list(worlds.domains())
    assert [line.split("`")[1] for line in facts[2:]] == list(VOCABULARY)
    assert len({line.count("|") for line in rules}) == len({line.count("|") for line in rows}) == 1


def test_the_lines_say_what_is_asked() -> None:
    (grid,) = [line for line in reference.rows() if line.startswith("| `grid`")]
    assert "physical, critical; people: 2 (approver, officer); envelope; guard" in grid
    (body,) = [line for line in reference.rows() if line.startswith("| `body_device`")]
    assert "never held; tier ≤ 3; at most sensitive" in body
    assert any("our own judgement" in line for line in reference.rows())
    assert any("| hold (2) | `world`: biological" in line for line in reference.rules())
