# SPDX-License-Identifier: Apache-2.0
from __future__ import annotations

from typing import Any

import msgspec
import pytest

from answerable.errors import Refused
from answerable.model.records import Reauthorisation, Stop
from answerable.model.terms import OrderKind
from answerable.model.units import Space
from answerable.stops import orders
from answerable.stops.planned import Reason
from answerable.stops.reauthorise import reauthorise, statement
from tests.fleet import Fleet, a_rid, sha

WHY = Reason.of("it lied")


def stopped() -> tuple[Fleet, Stop]:
    """ann suspends, bo terminates."""
    fleet = Fleet()
    ann, bo = fleet.officers[:2]
    first: Any = fleet.sign(orders.statement(fleet.book, kind=OrderKind.SUSPEND, root="base", reason=WHY), ann)
    planned = orders.suspend(fleet.book, first, WHY, fleet.clock.now)
    fleet.ledger.write(planned.unit)
    second: Any = fleet.sign(
        orders.statement(fleet.book, kind=OrderKind.TERMINATE, root="base", reason=WHY, prev=planned.rid), bo
    )
    planned = orders.terminate(fleet.book, second, WHY, fleet.clock.now)
    fleet.ledger.write(planned.unit)
    assert isinstance(planned.row, Stop)
    return fleet, planned.row


def code(fleet: Fleet, leaf: Any) -> str:
    with pytest.raises(Refused) as refusal:
        reauthorise(fleet.book, leaf, fleet.clock.now)
    return refusal.value.code


def test_other_officers_exempt_one_new_id_and_restart_nothing() -> None:
    fleet, stop = stopped()
    leaf: Any = fleet.sign(statement(fleet.book, order=stop.rid, digests=(sha("base"),)), *fleet.officers[2:4])
    before = list(fleet.book.stops())
    planned = reauthorise(fleet.book, leaf, fleet.clock.now)
    fleet.ledger.write(planned.unit)
    row = planned.row
    assert isinstance(row, Reauthorisation)
    assert (row.order, row.digests, row.id) == (stop.rid, (sha("base"),), leaf.id)
    stored = fleet.book.raw(Space.REAUTHORISATIONS, row.id)
    assert stored is not None
    assert msgspec.json.decode(stored, type=Reauthorisation) == row
    assert list(fleet.book.stops()) == before
    assert fleet.book.system(row.id) is None
    assert code(fleet, leaf) == "stop.id_taken"
    twice: Any = fleet.sign(
        statement(fleet.book, order=stop.rid, digests=(sha("base"),), nonce=leaf.n), *fleet.officers[2:4]
    )
    assert code(fleet, twice) == "stop.replayed"


def test_nobody_who_signed_the_order_or_its_suspension_may() -> None:
    fleet, stop = stopped()
    leaf = statement(fleet.book, order=stop.rid, digests=(sha("base"),))
    cy, di = fleet.officers[2:4]
    for ordered in fleet.officers[:2]:
        assert code(fleet, fleet.sign(leaf, cy, di, ordered)) == "stop.same_officer"
    other_key = fleet.person("ann-2", of="ann")
    assert code(fleet, fleet.sign(leaf, cy, other_key)) == "stop.same_officer"


def test_two_distinct_officers() -> None:
    fleet, stop = stopped()
    leaf = statement(fleet.book, order=stop.rid, digests=(sha("base"),))
    cy = fleet.officers[2]
    assert code(fleet, fleet.sign(leaf)) == "stop.officers"
    assert code(fleet, fleet.sign(leaf, cy, fleet.person("cy-2", of="cy"))) == "stop.officers"
    assert code(fleet, fleet.sign(leaf, cy, fleet.operator)) == "stop.not_officer"


def test_only_what_the_order_stopped_under_an_id_that_is_new() -> None:
    fleet, stop = stopped()
    two = fleet.officers[2:4]
    leaf = statement(fleet.book, order=stop.rid, digests=(sha("base"),))

    def changed(**members: Any) -> str:
        return code(fleet, fleet.sign(msgspec.structs.replace(leaf, **members), *two))

    assert changed(dig=[sha("other")]) == "stop.digest"
    assert changed(dig=[]) == "stop.malformed"
    assert changed(dig=[sha("base")] * 2) == "stop.malformed"
    assert changed(id=fleet.base.id) == "stop.id_taken"
    assert changed(id="spiffe://else.invalid/system/" + "a" * 26) == "stop.malformed"
    assert changed(id="base") == "stop.malformed"
    assert changed(order=a_rid("none")) == "stop.order_unknown"
    assert changed(x={"a": 1}) == "stop.malformed"
    unsigned_change = msgspec.structs.replace(fleet.sign(leaf, *two), dig=[sha("quant")])
    assert code(fleet, unsigned_change) == "stop.signature"


def test_a_suspension_is_released_not_reauthorised() -> None:
    fleet = Fleet()
    leaf: Any = fleet.sign(
        orders.statement(fleet.book, kind=OrderKind.SUSPEND, root="base", reason=WHY), fleet.officers[0]
    )
    planned = orders.suspend(fleet.book, leaf, WHY, fleet.clock.now)
    fleet.ledger.write(planned.unit)
    with pytest.raises(Refused) as refusal:
        statement(fleet.book, order=planned.rid, digests=(sha("base"),))
    assert refusal.value.code == "stop.not_termination"
