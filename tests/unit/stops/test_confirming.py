# SPDX-License-Identifier: Apache-2.0
"""When a copy counts as expired: by both clocks, by what was signed for it, and never before."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import msgspec
import pytest

from answerable.admission import receipts
from answerable.admission.bound import bound
from answerable.admission.receipts import Receipt, StopState
from answerable.crypto.random import nonce
from answerable.errors import AnswerableError
from answerable.model.records import Confirmed, OnSite
from answerable.model.terms import OrderKind
from answerable.model.units import Put, Space
from answerable.stops import confirming
from tests.unit.control.house import House
from tests.unit.control.routes.test_stops import order

LIFE = 300_000  # the longest that a verifier accepts of this class
ALLOWED = bound("ordinary", LIFE, confirming.ANYWHERE).admission - LIFE - confirming.ANYWHERE.view_ms


@pytest.fixture
def house(tmp_path: Any) -> Iterator[House]:
    made = House(tmp_path / "store")
    yield made
    made.close()


def stopped(house: House, root: str, *people: str) -> tuple[str, int]:
    given = house.post("/stops", order(house, root, OrderKind.SUSPEND, *people), people[0])["order"]
    return given["rid"], given["at"]


def look(house: House, rid: str, now: int, ends: int = 0, started: int = 0) -> confirming.Standing:
    return confirming.standing(house.core.book, rid, lambda _: ends, started, now)


def test_allowances_are_the_clock_errors_of_both_and_the_drift() -> None:
    assert confirming.ANYWHERE.issuer_error_ms == confirming.ANYWHERE.holder_error_ms == 1_000
    assert ALLOWED == 2_000, "two clocks that are off by a second each; a drift of 200 ppm is 60 ms and less"


def test_a_copy_expires_when_the_last_warrant_that_was_signed_for_it_has_ended(house: House) -> None:
    house.start_copy("other")
    rid, at = stopped(house, "other", "officer-1")
    ends = at + 40_000
    waiting = look(house, rid, at + 40_000, ends)
    assert (waiting.copies, waiting.confirmed, waiting.expired, waiting.unknown) == (1, 0, 0, 1)
    assert waiting.until == waiting.waiting[0].until == ends + ALLOWED
    assert look(house, rid, ends + ALLOWED - 1, ends).unknown == 1
    assert look(house, rid, ends + ALLOWED, ends).expired == 1


def test_whatever_was_signed_ends_by_the_bound(house: House) -> None:
    house.start_copy("other")
    rid, at = stopped(house, "other", "officer-1")
    whole = bound("ordinary", LIFE, confirming.ANYWHERE).admission
    assert look(house, rid, at, ends=at + 10 * LIFE).until == at + whole


def test_before_this_issuer_began_another_may_have_signed(house: House) -> None:
    house.start_copy("other")
    rid, at = stopped(house, "other", "officer-1")
    began = at + 1_000  # it was restarted after the order
    standing = look(house, rid, at + 2_000, started=began)
    assert standing.until == at + bound("ordinary", LIFE, confirming.ANYWHERE).admission
    long_ago = at - LIFE - 10_000
    assert look(house, rid, at + 2_000, started=long_ago).expired == 1


def test_an_issuer_before_this_one_gave_no_longer_lives_than_this_one_does(house: House) -> None:
    """A holder takes 300 s; what this registry's issuers give, in any start, is 60 s."""
    house.start_copy("other")
    rid, at = stopped(house, "other", "officer-1")
    began = at + 1_000

    def known(now: int) -> confirming.Standing:
        life = house.services.issuer.life_of
        return confirming.standing(house.core.book, rid, lambda _: 0, began, now, life)

    until = known(at + 2_000).until
    errors = bound("ordinary", LIFE, confirming.ANYWHERE).admission - LIFE - confirming.ANYWHERE.view_ms
    assert until == began + 60_000 + errors
    assert (known(until - 1).expired, known(until).expired) == (0, 1)


def test_who_came_after_the_order_or_left_before_it_is_not_among_them(house: House) -> None:
    gone, _ = house.start_copy("other")
    house.post("/copies/end", {"copy": gone})
    house.start_copy("helper")
    rid, at = stopped(house, "other", "officer-1")
    assert look(house, rid, at).copies == 0


def test_a_lineage_is_all_that_descends_and_nobody_else(house: House) -> None:
    house.start_copy("base")
    house.start_copy("small")
    house.start_copy("helper")
    rid, at = stopped(house, "base", "officer-1")
    assert look(house, rid, at).copies == 2


def test_a_receipt_is_planned_once_and_its_row_is_what_its_leaf_says(house: House) -> None:
    copy, key = house.start_copy("other")
    rid, _ = stopped(house, "other", "officer-1")
    told = Receipt(rid, copy, house.core.now, 5, 2, StopState.DRAINING, nonce())
    planned = confirming.plan(house.core.book, receipts.make(told, key, house.core.origin), house.core.origin, 77)
    assert planned.unit is not None
    assert planned.row == Confirmed(
        rid=planned.row.rid,
        order=rid,
        holder=copy,
        state="draining",
        received=told.t_received,
        last=5,
        in_flight=2,
        at=77,
    )
    (put,) = planned.unit.effects
    assert (put.space, put.key) == (Space.CONFIRMED, f"{rid}:{copy}:draining")
    (expect,) = planned.unit.expect
    assert (expect.key, expect.value) == (put.key, None)


def test_who_signs_must_be_reached_or_a_gateway_node(house: House) -> None:
    copy, key = house.start_copy("helper")
    rid, _ = stopped(house, "other", "officer-1")
    told = Receipt(rid, copy, house.core.now, 0, 0, StopState.STOPPED, nonce())
    data = receipts.make(told, key, house.core.origin)
    with pytest.raises(AnswerableError) as refused:
        confirming.plan(house.core.book, data, house.core.origin, 1)
    assert refused.value.code == "relay.holder"


def test_a_gateway_node_speaks_for_the_copies_that_it_holds(house: House) -> None:
    copy, _ = house.start_copy("other")
    rid, at = stopped(house, "other", "officer-1")
    node_rid = "n" * 32
    book = house.core.book
    row = msgspec.structs.replace(book.copy(copy), node=node_rid)  # type: ignore[type-var]
    word = Confirmed(rid="r" * 32, order=rid, holder=node_rid, state="stopped", received=at, last=0, in_flight=0, at=at)
    effects = [
        Put(Space.COPIES, copy, msgspec.json.encode(row)),
        Put(Space.CONFIRMED, confirming.key(rid, node_rid, "stopped"), msgspec.json.encode(word)),
    ]
    house.run(_apply(house, effects))
    assert look(house, rid, at, ends=at + 50_000).confirmed == 1
    assert confirming.state_of(book, rid, node_rid) == "stopped"
    assert confirming.state_of(book, rid, "x" * 32) == ""


def test_an_envelope_holds_as_long_as_it_lives_whatever_was_ordered(house: House) -> None:
    house.start_copy("other")
    rid, at = stopped(house, "other", "officer-1")
    row = OnSite(
        rid="e" * 32,
        system=house.system("other").rid,
        site="spiffe://demo.invalid/site/a",
        since=at - 1,
        expires=at + 3_600_000,
        bound=3_602_000,
    )
    later = msgspec.structs.replace(row, rid="f" * 32, since=at + 1, expires=at + 9_000_000)
    effects = [Put(Space.ENVELOPES, each.rid, msgspec.json.encode(each)) for each in (row, later)]
    house.run(_apply(house, effects))
    assert look(house, rid, at).until == row.expires + 2_000
    assert look(house, rid, row.expires + 1_999).unknown == 1
    assert look(house, rid, row.expires + 2_000).expired == 1


async def _apply(house: House, effects: list[Any]) -> None:
    house.core.book.apply(effects)
