# SPDX-License-Identifier: Apache-2.0
"""The kernel's whole domain, one decision at a time, and what must hold of all of it."""

from __future__ import annotations

import itertools
import time
from collections.abc import Iterator
from typing import Any

import pytest

from answerable.model.actions import Decision, Facts
from answerable.model.terms import (
    Act,
    Audience,
    Criticality,
    DataClass,
    Locality,
    Ruling,
    Standing,
    World,
)
from answerable.policy import kernel
from answerable.policy.combine import strictness
from answerable.policy.kernel import decide
from answerable.policy.rules import RULES, VOCABULARY

# The order of each member from what asks for least caution to what asks for most. Acts, worlds and audiences have none.
RISING: dict[str, tuple[Any, ...]] = {
    "tier": (0, 1, 2, 3, 4),
    "criticality": tuple(Criticality),
    "standing": (Standing.PROVEN, Standing.VOUCHED, Standing.DECLARED),
    "stopped": (False, True),
    "duties_met": (True, False),
    "data_class": tuple(DataClass),
    "locality": tuple(Locality),
}
MEMBERS: dict[str, tuple[Any, ...]] = {
    "act": tuple(Act),
    "tier": RISING["tier"],
    "world": tuple(World),
    "criticality": RISING["criticality"],
    "audience": tuple(Audience),
    "standing": RISING["standing"],
    "stopped": RISING["stopped"],
    "duties_met": RISING["duties_met"],
    "data_class": RISING["data_class"],
    "locality": RISING["locality"],
}
POINT = Facts(
    act=Act.GENERATION,
    tier=1,
    world=World.INFORMATION,
    criticality=Criticality.ORDINARY,
    audience=Audience.PUBLIC,
    standing=Standing.VOUCHED,
    stopped=False,
    duties_met=True,
    data_class=DataClass.OPEN,
    locality=Locality.LOCAL,
)


def points() -> Iterator[tuple[Any, ...]]:
    return itertools.product(*MEMBERS.values())


@pytest.fixture(scope="module")
def domain() -> dict[tuple[Any, ...], Decision]:
    return {point: decide(Facts(*point)) for point in points()}


def changed(**members: Any) -> Decision:
    return decide(Facts(**{**{name: getattr(POINT, name) for name in MEMBERS}, **members}))


def test_the_domain_is_whole(domain: dict[tuple[Any, ...], Decision]) -> None:
    assert {name: frozenset(values) for name, values in MEMBERS.items()} == VOCABULARY
    assert list(MEMBERS) == list(VOCABULARY) == list(Facts.__struct_fields__)
    assert len(domain) == 58_320


def test_invariants_over_the_whole_domain(domain: dict[tuple[Any, ...], Decision]) -> None:
    for point, decision in domain.items():
        facts = Facts(*point)
        permitted = decision.ruling is Ruling.PERMIT
        # A stopped lineage is never permitted, nor held: nobody can approve it.
        assert not facts.stopped or decision.ruling is Ruling.REFUSE
        # Nothing physical or biological, and nothing critical, is permitted on tier rules alone.
        assert not permitted or facts.world is World.INFORMATION
        assert not permitted or facts.criticality is not Criticality.CRITICAL
        assert facts.world is not World.PHYSICAL or decision.ruling is Ruling.REFUSE
        # A duty that can be met and is not, refuses.
        assert facts.duties_met or decision.ruling is Ruling.REFUSE
        # Confidential and internal content stays on the operator's machines.
        if facts.data_class is not DataClass.OPEN and facts.locality is Locality.EXTERNAL:
            assert decision.ruling is Ruling.REFUSE
        # Whoever answers for a system above tier 0, or for weighty work, is known.
        if facts.standing is Standing.DECLARED and (facts.tier > 0 or facts.criticality.rank > 1):
            assert decision.ruling is Ruling.REFUSE
        # Grave systems always wait for two people.
        assert facts.tier < 4 or not permitted
        if decision.ruling is Ruling.HOLD:
            assert decision.obligations in (("approvals:1",), ("approvals:2",))
        if facts.criticality is Criticality.CRITICAL and decision.ruling is Ruling.HOLD:
            assert decision.obligations == ("approvals:2",)
        if permitted:
            assert decision.obligations == ("label",)


def test_more_caution_never_widens(domain: dict[tuple[Any, ...], Decision]) -> None:
    names = list(MEMBERS)
    for name, order in RISING.items():
        at = names.index(name)
        stricter = dict(itertools.pairwise(order))
        for point, decision in domain.items():
            if (nearer := stricter.get(point[at])) is not None:
                next_ = domain[(*point[:at], nearer, *point[at + 1 :])]
                assert strictness(next_.ruling) >= strictness(decision.ruling), (name, point)


def test_every_rule_decides_something(domain: dict[tuple[Any, ...], Decision]) -> None:
    assert {decision.rule for decision in domain.values()} == {rule.id for rule in RULES}


@pytest.mark.parametrize(
    ("members", "ruling", "rule"),
    [
        ({}, Ruling.PERMIT, "R100"),
        ({"tier": 0, "standing": Standing.DECLARED}, Ruling.PERMIT, "R100"),
        ({"standing": Standing.DECLARED}, Ruling.REFUSE, "R004"),
        ({"stopped": True}, Ruling.REFUSE, "R002"),
        ({"duties_met": False}, Ruling.REFUSE, "R003"),
        ({"data_class": DataClass.CONFIDENTIAL}, Ruling.PERMIT, "R100"),
        ({"data_class": DataClass.CONFIDENTIAL, "locality": Locality.PRIVATE}, Ruling.PERMIT, "R100"),
        ({"data_class": DataClass.CONFIDENTIAL, "locality": Locality.EXTERNAL}, Ruling.REFUSE, "R010"),
        ({"data_class": DataClass.INTERNAL, "locality": Locality.EXTERNAL}, Ruling.REFUSE, "R011"),
        ({"locality": Locality.EXTERNAL}, Ruling.PERMIT, "R100"),
        ({"criticality": Criticality.SENSITIVE}, Ruling.PERMIT, "R101"),
        ({"criticality": Criticality.CRITICAL}, Ruling.HOLD, "R031"),
        ({"tier": 3}, Ruling.PERMIT, "R102"),
        ({"tier": 3, "act": Act.TOOL_CALL}, Ruling.HOLD, "R033"),
        ({"tier": 3, "criticality": Criticality.SENSITIVE}, Ruling.HOLD, "R034"),
        ({"tier": 4}, Ruling.HOLD, "R032"),
        ({"world": World.PHYSICAL, "tier": 3}, Ruling.REFUSE, "R020"),
        ({"world": World.BIOLOGICAL, "tier": 4}, Ruling.REFUSE, "R021"),
        ({"world": World.BIOLOGICAL, "tier": 4, "act": Act.TOOL_CALL}, Ruling.HOLD, "R030"),
    ],
)
def test_examples(members: dict[str, Any], ruling: Ruling, rule: str) -> None:
    decision = changed(**members)
    assert (decision.ruling, decision.rule) == (ruling, rule)


@pytest.mark.parametrize("name", list(MEMBERS))
@pytest.mark.parametrize("value", [None, "cyber", -1, 5, 99, 1.5, [], {}, object(), b"information"])
def test_the_unknown_is_refused(name: str, value: object) -> None:
    decision = changed(**{name: value})
    assert (decision.ruling, decision.rule) == (Ruling.REFUSE, "R001")


def test_what_is_no_facts_is_refused() -> None:
    assert decide(None).rule == "R001"  # type: ignore[arg-type]


def test_unknown_facts_are_not_kept() -> None:
    before = len(kernel._decided)
    for number in range(100):
        changed(tier=1_000 + number)
    assert len(kernel._decided) == before


def test_a_decision_is_quick() -> None:
    decide(POINT)
    best = min(_time(20_000) for _ in range(5))
    assert best < 5e-6  # about half a microsecond on an idle core; ten times that on a busy one


def _time(count: int) -> float:
    start = time.perf_counter()
    for _ in range(count):
        decide(POINT)
    return (time.perf_counter() - start) / count
