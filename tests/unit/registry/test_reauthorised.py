# SPDX-License-Identifier: Apache-2.0
from __future__ import annotations

import msgspec
import pytest

from answerable.errors import Refused
from answerable.model.records import Reauthorisation
from answerable.model.terms import Relation
from answerable.model.units import Put, Space, Unit
from answerable.registry import reauthorised, stopped
from answerable.registry.planned import encode_row
from tests.small_registry import Registry, digest

NEW = "spiffe://registry.example/system/abcdefghijklmnopqrstuvwxyz"


def signed(registry: Registry, order: str, **changes: object) -> Reauthorisation:
    row = Reauthorisation(
        rid="r" * 32, order=order, id=NEW, digests=(digest("w"),), at=registry.now, officers=("x", "y")
    )
    row = msgspec.structs.replace(row, **changes)
    registry.write(Unit(effects=(Put(Space.REAUTHORISATIONS, row.id, encode_row(row)),)))
    return row


def test_a_new_system_takes_the_id_and_digests_that_were_signed() -> None:
    registry = Registry()
    firm = registry.party()
    old = registry.system(firm, digests=(digest("w"),))
    suspended = registry.stop(old, kind="suspend")
    order = registry.stop(old, escalates=suspended)
    with pytest.raises(Refused, match=r"system\.born_dead"):
        registry.system(firm, digests=(digest("w"),))
    row = signed(registry, order)
    new = registry.system(firm, digests=(digest("w"),), reauthorises=NEW)
    assert (new.id, new.reauthorises, new.dead) == (NEW, row.rid, "")
    assert stopped.of_system(registry.book, new, registry.now) == ""
    assert stopped.of_system(registry.book, old, registry.now) in (order, suspended)
    assert registry.book.system("model") == new
    with pytest.raises(Refused, match="registered already"):
        registry.system(firm, digests=(digest("w"),), reauthorises=NEW)


def test_it_is_bound_to_id_and_digests_and_reaches_no_ancestor() -> None:
    registry = Registry()
    firm = registry.party()
    old = registry.system(firm, digests=(digest("w"),))
    order = registry.stop(old)
    with pytest.raises(Refused, match="no reauthorisation"):
        registry.system(firm, digests=(digest("w"),), reauthorises=NEW)
    signed(registry, order)
    for digests in ((), (digest("v"),), (digest("w"), digest("v"))):
        with pytest.raises(Refused, match=r"system\.reauthorisation"):
            registry.system(firm, digests=digests, reauthorises=NEW)
    with pytest.raises(Refused, match=r"stop\.system"):
        registry.system(firm, digests=(digest("w"),), reauthorises=NEW, edges=[(old, Relation.COPY)])
    assert registry.book.system(NEW) is None
    with pytest.raises(Refused, match=r"system\.cycle"):
        registry.system(
            firm, digests=(digest("w"),), reauthorises=NEW,
            edges=[(msgspec.structs.replace(old, rid=NEW), Relation.COPY)],
        )  # fmt: skip


def test_another_order_over_the_same_digest_still_holds() -> None:
    registry = Registry()
    firm = registry.party()
    old, twin = (registry.system(firm, name, digests=(digest("w"),)) for name in ("one", "two"))
    order = registry.stop(old)
    second = registry.stop(twin)
    signed(registry, order)
    with pytest.raises(Refused) as caught:
        registry.system(firm, "one", digests=(digest("w"),), reauthorises=NEW)
    assert caught.value.params["order"] == second
    assert reauthorised.exempt(registry.book, NEW, "r" * 32) == {order}
    assert reauthorised.exempt(registry.book, NEW, "") == frozenset()
    assert reauthorised.exempt(registry.book, NEW, "q" * 32) == frozenset()
