# SPDX-License-Identifier: Apache-2.0
"""The gate: the one admission function, bound to this gateway's clock, audience and stop set."""

from __future__ import annotations

from answerable.admission.admit import admit
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

    __slots__ = ("_clock", "_directory", "_view", "audience")

    def __init__(self, directory: Directory, clock: Clock, audience: str) -> None:
        self._directory = directory
        self._view = StopView(directory)
        self._clock = clock
        self.audience = audience

    def admit(self, bearer: Bearer) -> None:
        """Return if the bearer's warrant admits an action now. Raises Refused ``stop.system|stale``,
        ``warrant.audience|not_yet|expired``. Replays are refused where a credential is presented (`Desk`)."""
        clock = self._clock
        now_ms = clock.now_ms()
        stops = self._view.now()
        if bearer.system.dead or stops.parties:
            _beyond_the_warrant(bearer, stops, now_ms)
        admit(
            bearer.warrant,
            now_ms=now_ms,
            mono_ms=clock.mono_ms(),
            deadline_mono_ms=bearer.deadline_mono_ms,
            stops=stops,
            audience=self.audience,
        )

    def holds(self, horizon: Horizon) -> bool:
        """Whether what `admit` said within the horizon still stands. A stop set changes with the directory, and what
        it does with time alone is to let lapse."""
        return (
            horizon.changes == self._directory.changes
            and horizon.since_ms <= self._clock.now_ms() < horizon.until_ms
            and self._clock.mono_ms() < horizon.until_mono_ms
        )

    def stopped_by(self, bearer: Bearer) -> str:
        """rid of the order that stops the bearer's copy, or ""."""
        stops = self._view.now()
        if bearer.system.dead:
            return bearer.system.dead
        if stops.quiet:
            return ""
        warrant, now_ms = bearer.warrant, self._clock.now_ms()
        order = stops.blocks(
            copy=bearer.copy.rid,
            numbers=warrant.ancestors,
            party=warrant.party,
            worlds=warrant.worlds,
            now_ms=now_ms,
        )
        if order or not stops.parties:
            return order
        return stops.blocks_parties((entry.party for entry in bearer.system.parties), now_ms)


def _beyond_the_warrant(bearer: Bearer, stops: StopSet, now_ms: int) -> None:
    """What the registry knows and a warrant does not say: a system born dead, and parties in other roles."""
    order = bearer.system.dead or stops.blocks_parties((entry.party for entry in bearer.system.parties), now_ms)
    if order:
        raise Refused("stop.system", order=order)
