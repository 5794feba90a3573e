# SPDX-License-Identifier: Apache-2.0
"""RL7, our own invariant: no action is recorded, and no effect seen, later than a stop's commit and its bound
(`admission.bound`). It is the promise of every other page, so it is watched over the log itself."""

from __future__ import annotations

from typing import Final

import msgspec

from answerable.admission.bound import ANYWHERE, SAME_HOST, Bound, Clocks, bound_of
from answerable.admission.stopset import StopSet
from answerable.admission.ttl import life_class
from answerable.model.events import EffectSeen
from answerable.model.leaves import CloseLeaf, OpenLeaf, ReceiptLeaf
from answerable.model.records import OnSite, Stop, System
from answerable.model.sights import Crossing, Sight
from answerable.model.terms import Outcome, Ruling, Scope
from answerable.model.units import Space
from answerable.ports import Directory


class AfterStop:
    """`ports.LogDetector`."""

    name = "after-stop"
    lines = ("RL7",)
    takes = (OpenLeaf, CloseLeaf, ReceiptLeaf, EffectSeen)

    def __init__(self, directory: Directory) -> None:
        self._directory = directory

    def see(self, sight: Sight) -> Crossing | None:
        leaf = sight.leaf
        if isinstance(leaf, OpenLeaf):
            return self._look(sight, leaf.t, leaf.via, effect=False) if leaf.dec == Ruling.PERMIT else None
        if isinstance(leaf, CloseLeaf):
            # A cut answer may be written down later than it was cut; one that was done had its effect until then.
            via = sight.opened.via if sight.opened is not None else ""
            return self._look(sight, leaf.t, via, effect=True) if leaf.st == Outcome.DONE else None
        if isinstance(leaf, ReceiptLeaf):
            return self._look(sight, leaf.last, "", effect=True, clocks=ANYWHERE)
        return (
            self._look(sight, sight.at, "", effect=True, clocks=ANYWHERE)
            if isinstance(sight.fact, EffectSeen)
            else None
        )

    def _look(self, sight: Sight, t: int, via: object, *, effect: bool, clocks: Clocks = SAME_HOST) -> Crossing | None:
        """clocks: of who says `t`; who may run anywhere is promised about with both clocks' errors."""
        stops = self._directory.stop_set()
        if stops.quiet:
            return None
        for rid, copy in ((sight.system, sight.copy), (via if isinstance(via, str) else "", "-")):
            system = self._directory.system(rid) if rid else None
            if system is None or not _reaching(stops, system, copy, t):
                continue
            # Seldom: of all that reach it, the first counts, though a later one took its place.
            order, at = min(
                (
                    (stop.rid, stop.at)
                    for stop in self._directory.stops()
                    if _may_reach(stop, system, copy) and _reaching(StopSet.of((stop,)), system, copy, t)
                ),
                key=lambda found: found[1],
            )
            bound = _bound(system, clocks)
            allowed = bound.effects if effect else bound.admission
            if t - at > allowed:
                allowed = max(allowed, self._on_site(system, at))
            late = t - at - allowed
            if late > 0:
                detail: dict[str, str | int] = {"order": order, "stopped": at, "bound_ms": allowed}
                detail |= {"at": t, "late_ms": late, "what": "effect" if effect else "admission"}
                return Crossing("RL7", "red", sight.system, sight.copy, (sight.rid,), sight.action, detail=detail)
        return None

    def _on_site(self, system: System, stopped: int) -> int:
        """The longer bound of a machine whose site held an envelope when the order came, ms after it: it was printed,
        and agreed to. 0 for none."""
        rows = (_envelope(raw) for _, raw in self._directory.rows(Space.ENVELOPES))
        ends = max((row.expires for row in rows if row.system == system.rid and row.since <= stopped), default=0)
        errors = ANYWHERE.issuer_error_ms + ANYWHERE.holder_error_ms
        return ends + errors + ANYWHERE.recheck_ms - stopped if ends > stopped else 0


def _may_reach(stop: Stop, system: System, copy: str) -> bool:
    """Told at a glance, of very many orders: those of other copies and systems do not."""
    if stop.scope == Scope.COPY:
        return stop.root == copy
    if stop.scope in (Scope.SYSTEM, Scope.LINEAGE):
        return stop.num == system.num or stop.num in system.ancestors or bool(stop.twins)
    return True


def _reaching(stops: StopSet, system: System, copy: str, t: int) -> bool:
    numbers, parties = (*system.ancestors, system.num), [entry.party for entry in system.parties]
    order = stops.blocks(copy=copy or "-", numbers=numbers, party=parties[0], worlds=system.worlds, now_ms=t)
    return bool(order or stops.blocks_parties(parties, t))


def _bound(system: System, clocks: Clocks) -> Bound:
    return bound_of(life_class(system.tier, system.worlds, system.criticality), clocks)


_envelope: Final = msgspec.json.Decoder(OnSite).decode
