# SPDX-License-Identifier: Apache-2.0
"""What joins the units of an action's two leaves beside what every action has: a call's key, an approval that is used,
a budget. Nothing of it is consumed or freed without its leaf, nor a leaf written without it.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

from answerable.crypto.random import salt
from answerable.errors import Refused
from answerable.log.commitment import commit
from answerable.model.calls import CONTEXT
from answerable.model.terms import Outcome
from answerable.model.units import Effect, Expect, Payload, Rider, Unit
from answerable.pipeline.errands import Sent
from answerable.tools.holds import SPENDS

if TYPE_CHECKING:
    from answerable.pipeline.deps import Deps
    from answerable.pipeline.record import Record


class Opening:
    """Of the open leaf of an action that is permitted. told: members of its `x`; commitment: its ``c.ctx``, "" for
    none."""

    __slots__ = ("_body", "_deps", "_now", "_record", "_salt", "_until", "commitment", "told")

    def __init__(self, record: Record, deps: Deps, now_ms: int, *, permitted: bool) -> None:
        self._record, self._deps, self._now = record, deps, now_ms
        self._body = self._salt = b""
        self._until = 0
        self.commitment = ""
        self.told: dict[str, Any] = dict(record.errand.told()) if record.errand is not None else {}
        if not permitted:
            return
        if record.reserved is not None:
            self.told.update(record.reserved.told)
        if record.hold is not None:
            self.told[SPENDS] = record.hold.rid
        if record.errand is not None and record.errand.run is not None:
            self._body, self._until = record.errand.context(now_ms)
            self._salt = salt()
            self.commitment = commit(CONTEXT, self._salt, self._body)

    def riders(self, rid: str) -> list[Rider]:
        """What joins the unit of the leaf with that id. Raises Refused ``hold.spent|void|expired``."""
        record, found = self._record, []
        if record.reserved is not None:
            found.append(record.reserved.open(rid))
        if record.hold is not None:
            if self._deps.holds is None:
                raise Refused("hold.unknown", hold=record.hold.rid)
            found.append(self._deps.holds.spend(record.hold, rid, self._now))
        if record.errand is not None and self._body:
            found.append(record.errand.begin(rid, self._now, self._until))
            found.append(Rider(payloads=(Payload(rid, CONTEXT, self._salt, self._body, (), self._until),)))
        return found


class Closing:
    """Of the close leaf. told: members of its `x`."""

    __slots__ = ("riders", "told")

    def __init__(self, record: Record, outcome: Outcome) -> None:
        self.told: dict[str, Any] = {}
        self.riders: list[Rider] = []
        if record.errand is not None:
            rider, told = record.errand.finish(record.sent)
            self.riders.append(rider)
            self.told.update(told)
        if record.reserved is not None:
            spent = record.spent if record.sent is not Sent.NOT else None
            settled = record.reserved.close(outcome, spent, sent=record.sent is not Sent.NOT)
            self.riders.append(settled.rider)
            self.told.update(settled.told)


def joined(unit: Unit, riders: Sequence[Rider]) -> Unit:
    """`unit` with all that rides with it: one unit, written whole or not at all."""
    leaves = list(unit.leaves)
    effects: list[Effect] = list(unit.effects)
    expect: list[Expect] = list(unit.expect)
    payloads = list(unit.payloads)
    for rider in riders:
        leaves += rider.leaves
        effects += rider.effects
        expect += rider.expect
        payloads += rider.payloads
    return Unit(tuple(leaves), tuple(effects), tuple(expect), tuple(payloads), unit.lane, unit.witnessed)
