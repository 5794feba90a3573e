# SPDX-License-Identifier: Apache-2.0
from __future__ import annotations

from typing import Any

import pytest
from msgspec import structs

from answerable.model.leaves import OrderLeaf, Sig
from answerable.verify.audit.facts import CopyFact, Held, KeyFact, SystemFact
from answerable.verify.audit.stopping import Stops, bound_ms, copy_ended, life_ms
from tests.small_log import T0, a_rid, hidden, nonce

SYSTEM = SystemFact(
    index=1, num=2, numbers=(1, 2), roles=(("provider", "p1"),), worlds=("information",), tier=1, crit="ordinary",
    digests=(),
)  # fmt: skip
BASE = structs.replace(SYSTEM, num=1, numbers=(1,))


def order(scope: str, root: str, **changes: Any) -> OrderLeaf:
    leaf = OrderLeaf(
        c=hidden(reason=b"x"), dig=[], kind="terminate", n=nonce(scope + root), root=root, scope=scope, sigs=[], t=T0
    )
    return structs.replace(leaf, **changes)


def stops() -> tuple[Held, Stops]:
    memory = Held()
    memory.put("system", a_rid("base"), BASE)
    memory.put("system", a_rid("child"), SYSTEM)
    return memory, Stops(memory)


@pytest.mark.parametrize(
    ("leaf", "reached"),
    [
        (order("lineage", a_rid("base")), True),
        (order("system", a_rid("base")), False),
        (order("system", a_rid("child")), True),
        (order("copy", "c1"), True),
        (order("copy", "c2"), False),
        (order("party", "p1"), True),
        (order("party", "p9"), True),
        (order("world", "information"), True),
        (order("world", "physical"), False),
        (order("all", ""), True),
        (order("a scope of tomorrow", ""), True),
    ],
)
def test_what_an_order_reaches(leaf: OrderLeaf, reached: bool) -> None:
    _, known = stops()
    assert known.reaching(SYSTEM, "c1", "p9", T0) == ""
    known.order("o1", 5, leaf)
    assert known.reaching(SYSTEM, "c1", "p9", T0 + 1) == ("o1" if reached else "")


def test_releases_lapses_and_completions() -> None:
    memory, known = stops()
    known.order("o1", 5, order("system", a_rid("child"), kind="suspend", until=T0 + 100))
    assert known.reaching(SYSTEM, "c", "p", T0 + 99) == "o1"
    assert known.reaching(SYSTEM, "c", "p", T0 + 100) == ""
    known.order("o2", 6, order("lineage", a_rid("base"), kind="suspend"))
    assert known.reaching(SYSTEM, "c", "p", T0 + 200) == "o2"
    known.release("o2", "r")
    known.release("nothing", "r")
    assert known.reaching(SYSTEM, "c", "p", T0 + 200) == ""
    known.order("o3", 7, order("system", a_rid("child"), prev="o1"))
    assert known.reaching(SYSTEM, "c", "p", T0 + 50) == "o3"
    again = Stops(memory)
    assert again.reaching(SYSTEM, "c", "p", T0 + 50) == "o3"
    assert again.reaching(structs.replace(SYSTEM, num=9, numbers=(9,), dead="o9"), "c", "p", 0) == "o9"


def test_long_since_is_past_the_bound_of_the_class() -> None:
    _, known = stops()
    known.order("o1", 5, order("system", a_rid("child")))
    assert bound_ms(SYSTEM) > 300_000
    assert not known.long_since("o1", SYSTEM, T0 + 300_000)
    assert known.long_since("o1", SYSTEM, T0 + bound_ms(SYSTEM) + 1)
    robot = structs.replace(SYSTEM, worlds=("physical",))
    assert bound_ms(robot) < 5_000
    assert known.long_since("o1", robot, T0 + 5_000)


def test_lives_are_those_of_the_class() -> None:
    assert life_ms(1, ("information",), "ordinary") == 300_000
    assert life_ms(2, ("information",), "ordinary") == 60_000
    assert life_ms(0, ("physical",), "ordinary") == 2_000
    assert life_ms(0, ("a world of tomorrow",), "ordinary") == 2_000
    assert life_ms(0, ("information",), "of tomorrow") == 15_000


def test_copies_end() -> None:
    copy = CopyFact(index=1, system="s", pub="p")
    assert not copy_ended(None, 9)
    assert not copy_ended(copy, 9)
    assert copy_ended(structs.replace(copy, end=8), 9)
    assert not copy_ended(structs.replace(copy, end=9), 9)


def test_owners_and_detectors_reach_no_twin() -> None:
    """What holds the same weights elsewhere acts on, and is no finding."""
    own = structs.replace(BASE, digests=("sha256:aa",))
    twin = structs.replace(BASE, num=7, numbers=(7,), digests=("sha256:aa",))
    for use, reached in (("party", False), ("detector", False), ("admin", True)):
        memory = Held()
        memory.put("key", "signer", KeyFact(index=0, own="p1", pub="", use=use))
        memory.put("system", a_rid("base"), own)
        memory.put("system", a_rid("twin"), twin)
        found = Stops(memory)
        found.order(a_rid("order"), 9, order("system", a_rid("base"), sigs=[Sig(key="signer", sig="x")]))
        assert found.reaching(own, "c", "p9", T0)
        assert bool(found.reaching(twin, "c", "p9", T0)) is reached
