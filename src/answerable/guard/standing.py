# SPDX-License-Identifier: Apache-2.0
"""May the program act now, and what did it do last: the guard's own admission, and its evidence.

The admission is the one that gateway and issuer run (`admission.admit`), over the warrant in hand, the orders that were
heard and the pulse. Calls are known by their digests alone: what was said is nobody's business here.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Callable
from dataclasses import dataclass
from typing import Final, Protocol

from answerable.admission import admit as admission
from answerable.admission.admit import admit
from answerable.admission.stopset import StopSet
from answerable.errors import AnswerableError, Refused
from answerable.guard.lease import mono_ms, now_ms
from answerable.guard.sources import Leased
from answerable.model.records import Stop
from answerable.model.terms import OrderKind

KEPT: Final = 256  # of the last calls, for evidence


class Told(Protocol):
    @property
    def stop(self) -> Stop: ...

    @property
    def data(self) -> bytes: ...


class View(admission.View, Protocol):
    """What was heard of orders and pulses. Implemented by `admission.holding.HolderView`."""

    @property
    def epoch(self) -> int: ...

    def told(self, since: int = 0) -> tuple[Told, ...]: ...


@dataclass(slots=True)
class Call:
    """One call through the gate. at: ms UTC; status: of its answer, 0 while there is none; sent, got: SHA-256, hex, of
    what went out and what came back."""

    at: int
    method: str
    path: str
    status: int = 0
    sent: str = ""
    got: str = ""


@dataclass(frozen=True, slots=True)
class Reached:
    """An order in force that reaches this copy. by: its rid; data: its message."""

    by: str
    terminates: bool
    data: bytes = b""


class Standing:
    """view: None where no orders are heard, and the warrant's life alone is the bound."""

    def __init__(
        self,
        audience: str,
        view: View | None,
        *,
        wall: Callable[[], int] = now_ms,
        mono: Callable[[], int] = mono_ms,
    ) -> None:
        self._audience = audience
        self._view = view
        self._wall = wall
        self._mono = mono
        self.leased: Leased | None = None
        self.closed = "not started"  # why nothing is admitted; "" while it may be
        self.calls: deque[Call] = deque(maxlen=KEPT)
        self.flying = 0
        self.last = 0  # ms UTC when the newest call was admitted

    def admit(self) -> Leased:
        """The warrant to act under, now. Raises Refused ``guard.closed``, ``stop.*``, ``warrant.*``, ``pulse.*``,
        ``clock.*``."""
        leased = self.leased
        if leased is None or self.closed:
            raise Refused("guard.closed", state=self.closed or "without a warrant")
        warrant, view = leased.warrant, self._view
        admit(
            warrant,
            now_ms=self._wall(),
            mono_ms=self._mono(),
            deadline_mono_ms=leased.held.ends,
            stops=view.stops if view is not None else StopSet(epoch=warrant.epoch),
            audience=self._audience,
            view=view,
            enveloped=bool(leased.held.envelope),
        )
        return leased

    def known(self, since: int = 0) -> list[bytes]:
        """The messages of all orders that were heard, for who lost them; of what changed after change `since`."""
        return [each.data for each in self._view.told(since)] if self._view is not None else []

    def explains(self, leased: Leased) -> bool:
        """Whether all changes that this warrant names were heard here; where none are heard, no change is missed."""
        return self._view is None or leased.warrant.epoch <= self._view.epoch

    def begin(self, method: str, path: str) -> tuple[Leased, Call]:
        """Admit a call and count it. Raises as `admit`."""
        leased = self.admit()
        self.last = self._wall()
        call = Call(self.last, method, path[:256])
        self.calls.append(call)
        self.flying += 1
        return leased, call

    def end(self) -> None:
        self.flying -= 1

    @property
    def ends(self) -> int:
        """Monotonic ms at which the warrant in hand is over, counted from when it was asked for; 0 for none."""
        return self.leased.held.ends if self.leased is not None else 0

    @property
    def over(self) -> bool:
        """The warrant in hand has ended."""
        return self._mono() >= self.ends

    @property
    def lapsed(self) -> bool:
        """The wall clock says so too early: it was stepped. Nothing is admitted; the next warrant may set it right."""
        return self.leased is not None and not self.over and self._wall() >= self.leased.warrant.exp_ms

    @property
    def ahead(self) -> bool:
        """More orders were heard here than the issuer knew when it signed: it was put back from the past."""
        if self.leased is None or self._view is None:
            return False
        return self.leased.warrant.epoch < self._view.stops.epoch

    @property
    def behind(self) -> bool:
        """The issuer knows of orders that were not heard here."""
        if self.leased is None or self._view is None:
            return False
        return self.leased.warrant.epoch > self._view.stops.epoch

    def order(self) -> Reached | None:
        """The order that reaches this copy now, a termination before a suspension."""
        if self._view is None or self.leased is None or self._view.stops.quiet:
            return None
        by = self._blocks(self._view.stops)
        if not by:
            return None
        # Rare from here on: something reaches this copy.
        told = self._view.told()
        final = self._blocks(StopSet.of(each.stop for each in told if each.stop.kind != OrderKind.SUSPEND))
        by = final or by
        return Reached(by, bool(final), next((each.data for each in told if each.stop.rid == by), b""))

    def fault(self) -> AnswerableError | None:
        """What keeps this holder from living though its warrant lives: no fresh pulse, a clock that is not synchronised
        or was stepped."""
        if self.lapsed:
            return Refused("warrant.expired")
        if self._view is None:
            return None
        enveloped = self.leased is not None and bool(self.leased.held.envelope)
        try:
            self._view.check(self._wall(), self._mono(), pulse=not enveloped)
        except AnswerableError as error:
            return error
        return None

    def _blocks(self, stops: StopSet) -> str:
        return stops.blocks_warrant(self.leased.warrant, self._wall()) if self.leased is not None else ""
