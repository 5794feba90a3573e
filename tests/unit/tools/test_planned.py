# SPDX-License-Identifier: Apache-2.0
from __future__ import annotations

from answerable.errors import Refused
from answerable.model.calls import Call, CallState
from answerable.model.units import Expect, Put, Space, Unit
from answerable.tools.planned import Planned, put, unchanged
from tests.fleet import Fleet


def test_the_row_that_a_plan_saw_must_still_stand() -> None:
    fleet = Fleet()
    written = put(Space.CALLS, "k", Call("r", CallState.DONE, 1, 2))
    assert written == Put(Space.CALLS, "k", b'["r","done",1,2,"",""]')
    assert unchanged(fleet.book, Space.CALLS, "k") == Expect(Space.CALLS, "k", None)
    fleet.book.apply((written,))
    assert unchanged(fleet.book, Space.CALLS, "k") == Expect(Space.CALLS, "k", written.value)


def test_a_plan_may_refuse_once_it_is_recorded() -> None:
    assert Planned(Unit(), "r").refusal is None
    assert Planned(Unit(), "r", Refused("tool.server", server="x")).refusal is not None
