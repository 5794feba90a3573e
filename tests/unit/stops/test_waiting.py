# SPDX-License-Identifier: Apache-2.0
from __future__ import annotations

from typing import Any

from answerable.model.records import Stop
from answerable.model.terms import OrderKind, Scope, World
from answerable.stops.orders import statement, suspend, terminate
from answerable.stops.planned import Reason
from answerable.stops.preview import LONE_SUSPENSION_MS, PAUSE_MS
from answerable.stops.waiting import Level, waiting
from tests.fleet import Fleet

WHY = Reason.of("it lied", salted=bytes(32))


def given(fleet: Fleet, *officers: Any, root: str = "base", pause_ms: int = 0) -> Stop:
    leaf = statement(fleet.book, kind=OrderKind.SUSPEND, root=root, reason=WHY, pause_ms=pause_ms)
    planned = suspend(fleet.book, fleet.sign(leaf, *officers), WHY, fleet.clock.now)  # type: ignore[arg-type]
    fleet.ledger.write(planned.unit)
    return planned.row


def test_it_grows_louder_until_somebody_decides_or_it_lapses() -> None:
    fleet = Fleet()
    stop = given(fleet, fleet.officers[0])
    (one,) = waiting(fleet.book, fleet.clock.now)
    assert (one.order.rid, one.level, one.have, one.need, one.until) == (stop.rid, Level.TOLD, 1, 2, stop.until)
    assert one.next == stop.at + 5 * 60_000
    fleet.clock.pass_ms(5 * 60_000)
    assert waiting(fleet.book, fleet.clock.now)[0].level is Level.REMINDED
    fleet.clock.pass_ms(5 * 60_000)
    assert waiting(fleet.book, fleet.clock.now)[0].level is Level.ESCALATED
    fleet.clock.pass_ms(LONE_SUSPENSION_MS)
    assert waiting(fleet.book, fleet.clock.now) == ()


def test_one_that_never_lapses_is_overdue_after_an_hour() -> None:
    fleet = Fleet()
    fleet.system("robot", worlds=(World.PHYSICAL,))
    given(fleet, fleet.officers[0], root="robot", pause_ms=PAUSE_MS)
    fleet.clock.pass_ms(3_600_000)
    (one,) = waiting(fleet.book, fleet.clock.now)
    assert (one.level, one.need, one.next, one.staged > 0) == (Level.OVERDUE, 3, 0, True)


def test_an_officers_word_about_a_tested_system_waits_as_any_other() -> None:
    """Only what a detector ordered there, and nobody else, is left out (`app.planting`)."""
    fleet = Fleet()
    copy = fleet.copy(fleet.system("its own"))
    leaf: Any = statement(fleet.book, kind=OrderKind.SUSPEND, root=copy.rid, reason=WHY, scope=Scope.COPY)
    fleet.ledger.write(suspend(fleet.book, fleet.sign(leaf, fleet.officers[0]), WHY, fleet.clock.now).unit)
    assert len(waiting(fleet.book, fleet.clock.now, tried=copy.system)) == 1


def test_what_was_decided_does_not_wait() -> None:
    fleet = Fleet()
    ann, bo = fleet.officers[:2]
    given(fleet, ann, bo, root="other")  # two decided: it stays as it is
    first = given(fleet, ann)
    assert [each.order.rid for each in waiting(fleet.book, fleet.clock.now)] == [first.rid]
    leaf: Any = fleet.sign(statement(fleet.book, kind=OrderKind.TERMINATE, root="base", reason=WHY, prev=first.rid), bo)
    fleet.ledger.write(terminate(fleet.book, leaf, WHY, fleet.clock.now).unit)
    assert waiting(fleet.book, fleet.clock.now) == ()
