# SPDX-License-Identifier: Apache-2.0
from __future__ import annotations

from typing import Any

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from answerable.model.records import Compute, Edge, PartyRole, System
from answerable.model.terms import Audience, Criticality, Measure, Relation, Role, SystemKind, World
from answerable.registry import tables, tiers

PLAIN = System(
    rid="s", id="spiffe://registry.example/system/s", num=9, kind=SystemKind.MODEL, name="s", version="1",
    parties=(PartyRole(party="p", role=Role.PROVIDER),), edges=(), ancestors=(), tier=0, audience=Audience.INTERNAL,
    worlds=(World.INFORMATION,), criticality=Criticality.ORDINARY, since=0,
)  # fmt: skip


def made(**changes: Any) -> System:
    if isinstance(pf := changes.get("compute"), int):
        changes["compute"] = Compute(petaflop=pf, measure=Measure.DECLARED)
    return msgspec.structs.replace(PLAIN, **changes)


def tier(*ancestors: System, **changes: Any) -> tuple[int, set[str]]:
    found = tiers.evaluate(tiers.facts(made(**changes), ancestors))
    return found.tier, {reason.row for reason in found.reasons}


AGENT: dict[str, Any] = {"kind": SystemKind.AGENT}


@pytest.mark.parametrize(
    ("changes", "expected", "row"),
    [
        ({}, 0, ""),
        ({"capabilities": ("embedding",)}, 0, ""),
        ({"compute": 99_999_999, "capabilities": ("text",)}, 0, ""),
        ({"compute": 100_000_000, "capabilities": ("text",)}, 1, "general-compute"),
        ({"compute": 100_000_000, "capabilities": ("embedding",)}, 0, ""),
        ({"audience": Audience.PUBLIC}, 1, "public"),
        ({**AGENT, "capabilities": ("tools.read",)}, 0, ""),
        ({**AGENT, "capabilities": ("tools.write",)}, 1, "write-tools"),
        ({"capabilities": ("tools.write",)}, 0, ""),
        ({"compute": 9_999_999_999, "capabilities": ("text",)}, 1, "general-compute"),
        ({"compute": 10_000_000_000}, 2, "systemic-compute"),
        ({"capabilities": ("text",)}, 2, "unknown-compute"),
        ({**AGENT, "capabilities": ("text",)}, 0, ""),
        ({"users": 999_999}, 0, ""),
        ({"users": 1_000_000}, 2, "million-users"),
        ({"criticality": Criticality.SENSITIVE}, 2, "sensitive"),
        ({**AGENT, "capabilities": ("tools.irreversible",)}, 2, "irreversible-tools"),
        ({"capabilities": ("likeness",)}, 0, ""),
        ({"capabilities": ("likeness",), "audience": Audience.PUBLIC}, 2, "likeness"),
        ({"compute": 100_000_000_000}, 3, "frontier-compute"),
        ({"criticality": Criticality.CRITICAL}, 3, "mission-critical"),
        ({"worlds": (World.INFORMATION, World.PHYSICAL)}, 3, "physical"),
        ({"capabilities": ("systems.start",)}, 3, "makes-systems"),
        ({"capabilities": ("systems.train",)}, 3, "makes-systems"),
        ({"capabilities": ("redline",)}, 4, "red-line"),
        ({"capabilities": ("redline.jump",)}, 4, "capability-jump"),
        ({"capabilities": ("wet_lab",)}, 4, "wet-lab"),
        ({"worlds": (World.BIOLOGICAL,)}, 4, "biological"),
        ({"capabilities": ("telepathy",)}, 4, "unknown-capability"),
    ],
)
def test_each_row_of_the_table(changes: dict[str, Any], expected: int, row: str) -> None:
    found, rows = tier(**changes)
    assert found == expected
    assert row in rows or (not row and not rows)


def test_each_row_has_a_case_above() -> None:
    mark = next(m for m in test_each_row_of_the_table.pytestmark if m.name == "parametrize")  # type: ignore[attr-defined]
    assert {case[2] for case in mark.args[1]} - {"", "unknown-capability"} == {row.id for row in tables.tiers().row}


def test_compute_and_red_lines_are_inherited_and_reach_is_not() -> None:
    base = made(
        rid="base", compute=9_999_999_999, capabilities=("text", "likeness", "tools.irreversible", "systems.train"),
        audience=Audience.PUBLIC, users=5_000_000, criticality=Criticality.CRITICAL, worlds=(World.PHYSICAL,),
    )  # fmt: skip
    small = tiers.evaluate(tiers.facts(made(compute=1, capabilities=("text",)), [base]))
    assert small.tier == 2, "9,999,999,999 and 1 together are 1e25 FLOP"
    assert {reason.row for reason in small.reasons} == {"systemic-compute", "general-compute"}
    assert small.reasons[0].inherited == ("base",)
    assert small.reasons[0].facts == ("petaflop=10000000000",)
    grave = made(rid="grave", capabilities=("redline",))
    found = tiers.evaluate(tiers.facts(made(), [grave]))
    assert (found.tier, found.reasons[0].inherited) == (4, ("grave",))


def test_unknown_compute_is_provisional_and_spreads() -> None:
    untold = made(rid="untold", capabilities=("text",))
    found = tiers.evaluate(tiers.facts(untold, []))
    assert (found.tier, found.provisional) == (2, True)
    child = tiers.evaluate(tiers.facts(made(compute=1, capabilities=("text",)), [untold]))
    assert (child.tier, child.provisional, child.reasons[0].inherited) == (2, True, ("untold",))
    surely = tiers.evaluate(tiers.facts(made(capabilities=("text",), users=2_000_000), []))
    assert (surely.tier, surely.provisional) == (2, False)


@pytest.mark.parametrize("relation", [r for r in Relation if r.weights])
def test_a_derivation_that_trains_must_tell_its_compute(relation: Relation) -> None:
    base = made(rid="base", compute=1, capabilities=("text",))
    edge = (Edge(parent="base", relation=relation),)
    found, rows = tier(base, capabilities=("text",), edges=edge)
    free = relation in (Relation.QUANTIZED, Relation.MERGE, Relation.COPY)
    assert (found, rows) == ((0, set()) if free else (2, {"unknown-compute"}))


def test_an_estimate_is_six_times_parameters_times_tokens_rounded_up() -> None:
    assert tiers.estimate_petaflop(135_000_000, 2_000_000_000_000) == 1_620_000
    assert tiers.estimate_petaflop(1, 1) == 1


SYSTEMS = st.builds(
    made,
    kind=st.sampled_from(SystemKind),
    compute=st.none() | st.integers(0, 2**40),
    capabilities=st.sets(st.sampled_from(sorted(tables.capabilities()))).map(lambda s: tuple(sorted(s))),
    audience=st.sampled_from(Audience),
    users=st.integers(0, 2**24),
    worlds=st.sets(st.sampled_from(World), min_size=1).map(lambda s: tuple(sorted(s))),
    criticality=st.sampled_from(Criticality),
)


@given(SYSTEMS, st.lists(SYSTEMS, max_size=4), SYSTEMS)
def test_one_ancestor_more_never_lowers_a_tier(system: System, ancestors: list[System], more: System) -> None:
    before = tiers.evaluate(tiers.facts(system, ancestors))
    after = tiers.evaluate(tiers.facts(system, [*ancestors, more]))
    assert after.tier >= before.tier
    assert 0 <= after.tier <= 4
    assert (after.tier == 0) == (not after.reasons)
    assert [r.tier for r in after.reasons] == sorted((r.tier for r in after.reasons), reverse=True)
