# SPDX-License-Identifier: Apache-2.0
"""The gate: the one admission function, bound to this gateway's clock, audience and stop set."""

from __future__ import annotations

from answerable.admission.admit import View, admit
from answerable.admission.stopset import StopSet
from answerable.errors import Refused
from answerable.model.warrants import Bearer, Horizon
from answerable.ports import Clock, Directory
from answerable.warrants.stopview import StopView


def audience_of(domain: str, gateway: str = "main") -> str:
    """The audience that names one gateway of a trust domain: ``spiffe://<domain>/gateway/<name>``."""
    return f"spiffe://{domain}/gateway/{gateway}"


class Gate:
    """Implements `ports.Gate`. Costs about a microsecond; asks nobody."""

    __slots__ = ("_clock", "_directory", "_ends", "_told", "_view", "audience")

    def __init__(self, directory: Directory, clock: Clock, audience: str, told: View | None = None) -> None:
        """told: pulse, clock and orders that this gateway needs or has beside its directory."""
        self._told = told
        self._ends = told is not None and told.life is not None  # what is told may end by itself
        self._directory = directory
        self._view = StopView(directory)
        self._clock = clock
        self.audience = audience

    def admit(self, bearer: Bearer) -> None:
        """Return if the bearer's warrant admits an action now. Raises Refused ``stop.system|stale``,
        ``warrant.audience|not_yet|expired``, ``pulse.missing|stale|root``, ``clock.unsynchronised``. Replays are
        refused where a credential is presented (`Desk`)."""
        clock = self._clock
        now_ms = clock.now_ms()
        stops = self._view.now()
        if bearer.system.dead or stops.parties:
            _beyond_the_warrant(bearer, stops, now_ms)
        told = self._told
        if told is not None:
            if not (self._ends or told.changes):
                told = None  # nothing was told, and nothing is needed to live
            elif told.stops.parties:
                _beyond_the_warrant(bearer, told.stops, now_ms)
        admit(
            bearer.warrant,
            now_ms=now_ms,
            mono_ms=clock.mono_ms(),
            deadline_mono_ms=bearer.deadline_mono_ms,
            stops=stops,
            audience=self.audience,
            view=told,
            enveloped=bearer.enveloped,
        )

    def holds(self, horizon: Horizon) -> bool:
        """Whether what `admit` said within the horizon still stands. A stop set changes with the directory or with what
        was told, and what it does with time alone is to let lapse."""
        told = self._told
        return (
            horizon.changes == self._directory.changes + (told.changes if told is not None else 0)
            and horizon.since_ms <= self._clock.now_ms() < horizon.until_ms
            and self._clock.mono_ms() < horizon.until_mono_ms
        )

    def stopped_by(self, bearer: Bearer) -> str:
        """rid of the order that stops the bearer's copy, or ""."""
        stops = self._view.now()
        if bearer.system.dead:
            return bearer.system.dead
        told = self._told.stops if self._told is not None else stops
        if stops.quiet and told.quiet:
            return ""
        now_ms = self._clock.now_ms()
        order = stops.blocks_warrant(bearer.warrant, now_ms) or (
            told.blocks_warrant(bearer.warrant, now_ms) if told is not stops else ""
        )
        if order:
            return order
        parties = tuple(entry.party for entry in bearer.system.parties)
        return stops.blocks_parties(parties, now_ms) or told.blocks_parties(parties, now_ms)


def _beyond_the_warrant(bearer: Bearer, stops: StopSet, now_ms: int) -> None:
    """What the registry knows and a warrant does not say: a system born dead, and parties in other roles."""
    order = bearer.system.dead or stops.blocks_parties((entry.party for entry in bearer.system.parties), now_ms)
    if order:
        raise Refused("stop.system", order=order)
