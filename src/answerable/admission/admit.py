# SPDX-License-Identifier: Apache-2.0
"""The one admission function: does this warrant admit an action now?

It runs before an action, again after waiting for the disk, and again inside long work. It raises or returns; there is
no third answer. Signature and form were checked when the warrant was read (`admission.warrant`).
"""

from __future__ import annotations

from typing import Final, Protocol

from answerable.admission.stopset import StopSet
from answerable.errors import Refused
from answerable.model.scopes import permits
from answerable.model.terms import Criticality, World
from answerable.model.warrants import Warrant

# Issuer and holder on two hosts kept by NTP differ by some milliseconds; more than a second is a broken clock.
SKEW_MS: Final = 1_000


class View(Protocol):
    """What a holder was told, past its registry (`admission.holding.HolderView`)."""

    @property
    def stops(self) -> StopSet: ...

    @property
    def changes(self) -> int:
        """How often `stops` changed: with it a remembered answer ends."""

    @property
    def life(self) -> tuple[int, int] | None:
        """(wall clock, monotonic clock), ms, until which `check` goes on to return; None where no clock ends that."""

    def check(self, now_ms: int, mono_ms: int, *, pulse: bool = True) -> None:
        """Return if this holder may admit anything at all; without `pulse`, what stands on an envelope. Raises Refused
        ``pulse.*``, ``clock.unsynchronised``."""


def admit(
    warrant: Warrant,
    *,
    now_ms: int,
    mono_ms: int,
    deadline_mono_ms: int,
    stops: StopSet,
    audience: str,
    view: View | None = None,
    enveloped: bool = False,
) -> None:
    """Return if `warrant` admits an action at this instant.

    now_ms: wall clock, ms UTC. mono_ms: monotonic clock. deadline_mono_ms: its instant at which the warrant ends,
    counted from when it was asked for. audience: who asks. view: the pulse that must be fresh beside the warrant, and
    the orders that came with it: two authorities to live, any one to die. None where no pulse is asked for and the
    clocks are the issuer's own. enveloped: it was signed under an envelope, for which the pulse was fresh when it was
    first seen: from then on the envelope's own end stands for it (`docs/spec/envelope.md`). The stop sets come first: a
    copy that was stopped is told so even after its warrant ended.
    Raises Refused ``stop.system``, ``warrant.audience``, ``warrant.not_yet``, ``warrant.expired``, and ``stop.stale``
    where the issuer knew of stops that neither stop set holds whole; and as `View.check`.
    """
    order = stops.blocks_warrant(warrant, now_ms)
    if not order and view is not None and (told := view.stops) is not stops:
        order = told.blocks_warrant(warrant, now_ms)
    if order:
        raise Refused("stop.system", order=order)
    if warrant.aud != audience:
        raise Refused("warrant.audience", audience=audience)
    if now_ms >= warrant.exp_ms or mono_ms >= deadline_mono_ms:
        raise Refused("warrant.expired")
    if warrant.iat_ms > now_ms + SKEW_MS:
        raise Refused("warrant.not_yet")
    if warrant.epoch > stops.epoch and (view is None or warrant.epoch > view.stops.epoch):
        raise Refused("stop.stale", known=warrant.epoch, have=stops.epoch)
    if view is not None:
        view.check(now_ms, mono_ms, pulse=not enveloped)


def reach(warrant: Warrant, *, world: World, criticality: Criticality, tool: str = "") -> None:
    """Return if an action in `world` of `criticality` lies within the warrant. tool: ``server/name`` of the tool that
    it calls, "" where it calls none.

    Raises Refused ``warrant.tool``, ``warrant.world`` or ``warrant.criticality``.
    """
    if tool and not permits(warrant.tools, tool):
        raise Refused("warrant.tool", tool=tool)
    if world not in warrant.worlds:
        raise Refused("warrant.world", world=str(world))
    if criticality.rank > warrant.max_criticality.rank:
        raise Refused("warrant.criticality", allowed=str(warrant.max_criticality), asked=str(criticality))
