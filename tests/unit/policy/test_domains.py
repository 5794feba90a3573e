# SPDX-License-Identifier: Apache-2.0
"""The reader of worlds.toml: a table that contradicts itself does not start."""

from __future__ import annotations

from importlib import resources

import pytest

from answerable.model.terms import Effect
from answerable.policy import domains

ROW = """
schema = 1
[[domain]]
id = "thing"
name = "A thing"
name_zh = "某物"
world = "information"
criticality = "ordinary"
reason = "Because."
reason_zh = "因为。"
source = ""
"""


def test_a_value_for_all_effects_is_written_once() -> None:
    (row,) = domains.parse(ROW).domain
    assert {row.criticality.at(effect) for effect in domains.EFFECTS} == {"ordinary"}
    with pytest.raises(KeyError):
        row.world.at(Effect.NONE)


@pytest.mark.parametrize(
    ("old", "new", "said"),
    [
        ("schema = 1", "schema = 2", "schema"),
        ("schema = 1", "schema = ", "Invalid"),
        ('id = "thing"', 'id = "Thing!"', "name is not one"),
        ('id = "thing"', 'id = "thing"\ncolour = "red"', "colour"),
        ('reason_zh = "因为。"', 'reason_zh = ""', "both languages"),
        ('reason = "Because."\n', "", "reason"),
        ('source = ""\n', "", "source"),
        ('source = ""\n', 'source = ""\nlooked_up = true\n', "no source"),
        ('"ordinary"', '"fine"', "fine"),
        ('"ordinary"', '{ read = "critical", write = "ordinary", irreversible = "ordinary" }', "asks for less"),
        ('"ordinary"', '{ read = "ordinary", write = "ordinary" }', "irreversible"),
        ('"ordinary"', '"ordinary"\napprovals = 1', "without roles"),
        ('"ordinary"', '"ordinary"\nroles = ["approver"]', "without roles"),
        ('"ordinary"', '"ordinary"\napprovals = 1\nroles = ["viewer"]', "approves nothing"),
        ('"ordinary"', '"ordinary"\napprovals = 9\nroles = ["officer"]', "approvals"),
        ('"ordinary"', '"ordinary"\nattestation = "urn:x"', "attestation without"),
        ('"ordinary"', '"ordinary"\nattested = ["read"]', "attestation without"),
        ('"ordinary"', '"ordinary"\nbudget = ["none"]', "no tool has"),
        ('"ordinary"', '"ordinary"\nbudget = ["read"]', "what it counts"),
        ('"ordinary"', '"ordinary"\nmeter = "money"', "what it counts"),
        ('"ordinary"', '"ordinary"\nmeter = "gold"', "gold"),
        ('"ordinary"', '"ordinary"\nheld = false', "cannot wait"),
        ('"ordinary"', '"critical"\nmax_criticality = "ordinary"', "ceiling"),
        ('"ordinary"', '"ordinary"\nmax_tier = 5', "max_tier"),
        ('world = "information"', 'world = "physical"', "motion without"),
        ('world = "information"', 'world = "biological"', "wet laboratory"),
        ('world = "information"', 'world = "moon"', "moon"),
    ],
)
def test_a_table_that_contradicts_itself_is_a_defect(old: str, new: str, said: str) -> None:
    assert ROW.count(old) == 1
    with pytest.raises(ValueError, match=said):
        domains.parse(ROW.replace(old, new))


def test_a_domain_stands_once() -> None:
    with pytest.raises(ValueError, match="twice"):
        domains.parse(ROW + ROW.partition("schema = 1")[2])
    with pytest.raises(ValueError, match="domain"):
        domains.parse("schema = 1")


def test_the_table_that_ships_is_read_and_says_why() -> None:
    rows = domains.read().domain
    assert len(rows) >= 20
    assert (
        domains.parse((resources.files("answerable.policy") / "worlds.toml").read_text(encoding="utf-8"))
        == domains.read()
    )
    for row in rows:
        assert len(row.reason) > 30
        assert row.reason != row.reason_zh
    assert sum(bool(row.source) for row in rows) >= 18
