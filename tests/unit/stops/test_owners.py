# SPDX-License-Identifier: Apache-2.0
from __future__ import annotations

from typing import Any

import pytest

from answerable.admission.stopset import StopSet
from answerable.errors import Refused
from answerable.log.leaf import decode
from answerable.model.records import Stop, System
from answerable.model.terms import OrderKind, Relation, Scope
from answerable.sequencer.replay_stops import stop as replayed
from answerable.stops.closure import reached
from answerable.stops.orders import find, release, release_statement, statement, suspend, terminate
from answerable.stops.owners import held, narrowed
from answerable.stops.planned import Planned, Reason, encode_row
from tests.fleet import Fleet, sha

WHY = Reason.of("we own it", salted=bytes(32))


@pytest.fixture
def fleet() -> Fleet:
    """A robot that three own with 5, 3 and 2 shares, of which 6 order; a twin of it elsewhere, and what descends."""
    fleet = Fleet()
    owners = [fleet.party(name) for name in ("one", "two", "three")]
    for party in (*owners, fleet.firm):
        fleet.party_key(party)
    shared = fleet.system(
        "shared",
        parties=tuple(owners),
        shares=tuple(zip(owners, (5, 3, 2), strict=True)),
        owners_need=6,
        digests=(sha("shared"),),
    )
    fleet.system("derived", parents=((shared, Relation.FINETUNE),))
    fleet.system("twin", party=fleet.firm, digests=(sha("shared"),))
    fleet.copy(shared)
    return fleet


def order(fleet: Fleet, kind: OrderKind, *names: str, root: str = "shared", **more: Any) -> Any:
    leaf = statement(fleet.book, kind=kind, root=root, reason=WHY, scope=more.pop("scope", Scope.SYSTEM), **more)
    return fleet.sign_with(leaf, *names)


def kept(fleet: Fleet, planned: Planned[Stop]) -> Stop:
    # The leaf alone tells the same row.
    told = replayed(fleet.book, decode(planned.unit.leaves[0]), planned.row.rid, planned.row.reason)  # type: ignore[arg-type]
    assert told[0].value == encode_row(planned.row)  # type: ignore[union-attr]
    fleet.ledger.write(planned.unit)
    return find(fleet.book, planned.row.rid)


def code(call: Any) -> str:
    with pytest.raises(Refused) as refusal:
        call()
    return refusal.value.code


def blocked(fleet: Fleet, name: str) -> str:
    system = fleet.book.system(name)
    assert system is not None
    return StopSet.of(fleet.book.stops()).blocks(
        copy="-",
        numbers=(*system.ancestors, system.num),
        party="",
        worlds=system.worlds,
        now_ms=fleet.clock.now,
    )


def test_owners_with_enough_shares_stop_what_is_theirs_and_nothing_else(fleet: Fleet) -> None:
    now = fleet.clock.now
    assert code(lambda: suspend(fleet.book, order(fleet, OrderKind.SUSPEND, "one"), WHY, now)) == "officer.owners"
    assert code(lambda: suspend(fleet.book, order(fleet, OrderKind.SUSPEND, "two", "three"), WHY, now)) == (
        "officer.owners"
    )
    row = kept(fleet, suspend(fleet.book, order(fleet, OrderKind.SUSPEND, "one", "two"), WHY, now))
    assert (row.until, row.twins, row.digests) == (0, (), ())
    assert blocked(fleet, "shared") == row.rid
    assert not blocked(fleet, "twin")
    assert not blocked(fleet, "derived")
    assert fleet.book.stop_set().blocks_digests((sha("shared"),), now) == ""


def test_a_key_twice_is_one_owner_and_a_stranger_owns_nothing(fleet: Fleet) -> None:
    for names in (("one", "one"), ("one", "firm")):
        leaf = order(fleet, OrderKind.SUSPEND, *names)
        assert code(lambda leaf=leaf: suspend(fleet.book, leaf, WHY, fleet.clock.now)) == "officer.owners"
    leaf = order(fleet, OrderKind.SUSPEND, "firm", root="twin")
    assert code(lambda: suspend(fleet.book, leaf, WHY, fleet.clock.now)) == "stop.officers"


def test_owners_do_not_order_about_a_lineage(fleet: Fleet) -> None:
    leaf = order(fleet, OrderKind.SUSPEND, "one", "two", scope=Scope.LINEAGE)
    assert code(lambda: suspend(fleet.book, leaf, WHY, fleet.clock.now)) == "officer.owners_scope"


def test_owners_terminate_and_release_their_own(fleet: Fleet) -> None:
    now = fleet.clock.now
    row = kept(fleet, suspend(fleet.book, order(fleet, OrderKind.SUSPEND, "one", "two"), WHY, now))
    ann, bo = fleet.officers[:2]
    by_officers: Any = fleet.sign(release_statement(row.rid), ann, bo)
    assert code(lambda: release(fleet.book, by_officers, now)) == "officer.owners"
    too_few: Any = fleet.sign_with(release_statement(row.rid), "two", "three")
    assert code(lambda: release(fleet.book, too_few, now)) == "officer.owners"
    enough: Any = fleet.sign_with(release_statement(row.rid), "one", "three")
    fleet.ledger.write(release(fleet.book, enough, now).unit)
    assert not blocked(fleet, "shared")
    ended = kept(fleet, terminate(fleet.book, order(fleet, OrderKind.TERMINATE, "one", "three"), WHY, now))
    assert ended.kind == "terminate"
    assert blocked(fleet, "shared") == ended.rid
    assert not blocked(fleet, "twin")


def test_owners_cannot_take_the_place_of_a_wider_suspension(fleet: Fleet) -> None:
    """An order that completed it would reach less, and the suspension would hold no more."""
    now = fleet.clock.now
    leaf: Any = fleet.sign(
        statement(fleet.book, kind=OrderKind.SUSPEND, root="shared", reason=WHY, scope=Scope.SYSTEM), fleet.officers[0]
    )
    row = kept(fleet, suspend(fleet.book, leaf, WHY, now))
    assert blocked(fleet, "twin") == row.rid
    over = order(fleet, OrderKind.TERMINATE, "one", "two", prev=row.rid)
    assert code(lambda: terminate(fleet.book, over, WHY, now)) == "stop.malformed"


def test_one_copy_of_theirs(fleet: Fleet) -> None:
    copy = fleet.book.copies_of(fleet.book.system("shared").rid)[0]  # type: ignore[union-attr, index]
    row = kept(
        fleet,
        suspend(
            fleet.book,
            order(fleet, OrderKind.SUSPEND, "one", "three", root=copy.id, scope=Scope.COPY),
            WHY,
            fleet.clock.now,
        ),
    )
    assert row.root == copy.rid


def test_shares_count_once_each(fleet: Fleet) -> None:
    system = fleet.book.system("shared")
    assert isinstance(system, System)
    one, two = system.parties[0].party, system.parties[1].party
    assert held(system, [one, one]) == 5
    assert held(system, [one, two]) == 8
    assert len(narrowed(reached(fleet.book, "shared", Scope.SYSTEM), [one, two]).systems) == 1


def test_a_party_beside_one_key_of_an_authority_terminates_nothing(fleet: Fleet) -> None:
    """Neither has enough: together they have no more."""
    fleet.roster(*fleet.officers[:2], authorities=("Surveillance",), need=2)
    now = fleet.clock.now
    for names in (("Surveillance 1", "three"), ("three", "Surveillance 1"), ("Surveillance 1", "one", "two")):
        for scope, root in ((Scope.LINEAGE, "base"), (Scope.SYSTEM, "shared"), (Scope.ALL, "")):
            leaf = order(fleet, OrderKind.TERMINATE, *names, root="shared" if root == "base" else root, scope=scope)
            assert code(lambda leaf=leaf: terminate(fleet.book, leaf, WHY, now)) == "stop.officers", names
    enough = order(fleet, OrderKind.TERMINATE, "Surveillance 1", "Surveillance 2", "three", scope=Scope.LINEAGE)
    assert terminate(fleet.book, enough, WHY, now).row.kind == "terminate"
