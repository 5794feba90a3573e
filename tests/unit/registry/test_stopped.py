# SPDX-License-Identifier: Apache-2.0
from __future__ import annotations

import pytest

from answerable.errors import Refused
from answerable.model.terms import Relation
from answerable.model.units import EPOCH, Space
from answerable.registry import stopped
from tests.small_registry import Registry, digest


def test_each_way_in_which_an_order_reaches_a_system() -> None:
    registry = Registry()
    firm, other = registry.party(), registry.party()
    base = registry.system(firm, "base", digests=(digest("w"),))
    child = registry.system(other, "child", edges=[(base, Relation.ADAPTER)])
    free = registry.system(other, "free")
    stopped.check(registry.book, child, registry.now)
    order = registry.stop(base)
    for system in (base, child):
        assert stopped.of_system(registry.book, system, registry.now) == order
        with pytest.raises(Refused, match=r"stop\.system"):
            stopped.check(registry.book, system, registry.now)
    assert stopped.of_system(registry.book, free, registry.now) == ""
    party = registry.stop(free, scope="party", root=other.rid, num=0)
    assert stopped.of_system(registry.book, free, registry.now) == party


def test_a_suspension_ends_and_a_stop_of_one_copy_reaches_no_system() -> None:
    registry = Registry()
    system = registry.system(registry.party())
    registry.stop(system, kind="suspend", until=registry.now + 10)
    assert stopped.of_system(registry.book, system, registry.now)
    assert not stopped.of_system(registry.book, system, registry.now + 10)
    registry.stop(system, scope="copy", root="a" * 32, num=0)
    assert not stopped.of_system(registry.book, system, registry.now + 10)


def test_the_same_digest_is_reached_but_for_an_exempt_order() -> None:
    registry = Registry()
    order = registry.stop(registry.system(registry.party(), digests=(digest("w"),)))

    def reached(exempt: frozenset[str]) -> str:
        return stopped.order(
            registry.book, numbers=(99,), parties=(), worlds=(), digests=(digest("w"),), now_ms=1, exempt=exempt
        )

    assert reached(frozenset()) == order
    assert reached(frozenset({order})) == ""


def test_the_expectation_is_on_the_stop_set() -> None:
    registry = Registry()
    expect = stopped.same_stops(registry.book)
    assert (expect.space, expect.key, expect.value) == (Space.COUNTERS, EPOCH, None)
    registry.stop(registry.system(registry.party()))
    assert stopped.same_stops(registry.book).value == b"1"
