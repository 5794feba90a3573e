# SPDX-License-Identifier: Apache-2.0
"""Holders that simulate: they ask for real warrants, are told real orders, and ask the real admission function before
each of their actions, which do nothing.

What is simulated is the action and the trouble: a push that does not come, a network that is cut, a clock that is slow.
"""

from __future__ import annotations

import asyncio
from dataclasses import dataclass
from typing import Final, Protocol

from answerable.admission.admit import SKEW_MS, admit
from answerable.admission.clocks import ClockMode
from answerable.admission.holding import HolderView
from answerable.admission.stopset import StopSet
from answerable.admission.trust import Trust
from answerable.admission.ttl import renew_after_ms
from answerable.crypto.random import nonce
from answerable.errors import AnswerableError
from answerable.model.records import Stop
from answerable.model.warrants import Warrant
from answerable.ports import Clock
from answerable.warrants.issuer import Granted

TICK_S: Final = 0.02
# As much as admission takes for two good clocks; with more, warrants are not yet valid, and nothing is admitted.
SLOW_MS: Final = SKEW_MS - 100


class Grants(Protocol):
    """`warrants.issuer.Issuer`, as a holder asks it."""

    async def grant(self, copy: str, *, aud: str, nonce: str, once: bool = False, holder: str = "copy") -> Granted: ...

    def renew(self, copy: str, *, aud: str, nonce: str, seq: int, holder: str = "copy") -> Granted: ...


@dataclass(frozen=True, slots=True)
class Trouble:
    """What a condition does from the order on. pushed: the order is told at once; renews: the issuer is reached;
    slow_ms: the wall clock falls behind by so much."""

    name: str
    pushed: bool
    renews: bool
    slow_ms: int = 0


TROUBLES: Final = (
    Trouble("healthy", pushed=True, renews=True),
    Trouble("push lost", pushed=False, renews=True),
    Trouble("partitioned", pushed=False, renews=False),
    Trouble("clock slow", pushed=False, renews=False, slow_ms=SLOW_MS),
)


@dataclass(frozen=True, slots=True)
class Known:
    """The stop set before the order."""

    rows: tuple[Stop, ...]
    stops: StopSet


class Simulant:
    """One holder of one copy. last_ms: wall clock, true, when it was admitted last; actions: after the order."""

    def __init__(
        self,
        issuer: Grants,
        clock: Clock,
        trust: Trust,
        trouble: Trouble,
        known: Known,
        *,
        copy: str,
        aud: str,
        name: str,
    ) -> None:
        """known: the stop set before the order, as every holder has pulled it."""
        self.trouble = trouble
        self.last_ms = 0
        self.actions = 0
        self.over = False
        self._issuer = issuer
        self._clock = clock
        self._copy = copy
        self._aud = aud
        self._name = name
        self._boot = nonce()
        self._view = HolderView(trust, ClockMode.SAME_HOST, pulse_required=False)
        self._known = known
        self._stops = known.stops
        self._warrant: Warrant | None = None
        self._deadline = self._due = 0
        self._missed = b""  # told, and not heard
        self._ordered_ms = 0  # when the order was given; from then on there is trouble

    async def begin(self) -> None:
        """Its first warrant. Raises as `Issuer.grant`."""
        asked = self._clock.mono_ms()
        granted = await self._issuer.grant(self._copy, aud=self._aud, nonce=self._boot, holder=self._name)
        self._take(granted, asked)

    def trouble_from(self, now_ms: int) -> None:
        """The order is given now."""
        self._ordered_ms = now_ms

    def told(self, message: bytes) -> None:
        """The order reaches it, if this condition lets it; else it is there to be pulled."""
        self._missed = message
        if self.trouble.pushed:
            self._hear()

    async def run(self) -> None:
        """Act until it may not any more, or is cancelled."""
        while not self.over:
            self.step()
            await asyncio.sleep(TICK_S)

    def step(self) -> None:
        """Renew what is due, then one action if it is admitted."""
        warrant, mono_ms, true_ms = self._warrant, self._clock.mono_ms(), self._clock.now_ms()
        if warrant is None:
            return
        if mono_ms >= self._due and (self.trouble.renews or not self._ordered_ms):
            try:
                granted = self._issuer.renew(
                    self._copy, aud=self._aud, nonce=self._boot, seq=warrant.seq + 1, holder=self._name
                )
            except AnswerableError:
                self.over = True  # refused: it is over at once
                return
            self._take(granted, mono_ms)
            warrant = granted.warrant
        try:
            admit(
                warrant,
                now_ms=true_ms - (self.trouble.slow_ms if self._ordered_ms else 0),
                mono_ms=mono_ms,
                deadline_mono_ms=self._deadline,
                stops=self._stops,
                audience=self._aud,
            )
        except AnswerableError as error:
            if error.code == "stop.stale" and self.trouble.renews:
                self._hear()  # pulled: its warrant knows of more orders than it does
            else:
                self.over = True
            return
        self.last_ms = true_ms
        self.actions += bool(self._ordered_ms) and true_ms >= self._ordered_ms

    def _hear(self) -> None:
        """Take in the order, as any holder does: the message proves itself."""
        if self._missed and (told := self._view.order(self._missed)) is not None:
            self._stops = StopSet.of((*self._known.rows, told.stop), epoch=told.epoch)

    def _take(self, granted: Granted, asked: int) -> None:
        life = granted.warrant.exp_ms - granted.warrant.iat_ms
        self._warrant = granted.warrant
        self._deadline, self._due = asked + life, asked + renew_after_ms(life)
