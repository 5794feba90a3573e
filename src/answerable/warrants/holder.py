# SPDX-License-Identifier: Apache-2.0
"""Copies whose warrants this gateway keeps: those behind handles, and the models that it serves.

A warrant is asked for when the copy is first used, renewed at a third of its life while it is in use, and left to end
when it is not. Its end is counted on the monotonic clock from when it was asked for.
"""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from typing import Final

from answerable.admission.ttl import renew_after_ms
from answerable.crypto.random import nonce, spread
from answerable.errors import AnswerableError, Refused
from answerable.model.warrants import Bearer, Recognised
from answerable.ports import Clock, Directory
from answerable.warrants.issuer import Granted, Issuer

HOLDER: Final = "gateway"
# A copy that nobody used for this long is no longer renewed; its next use is a first grant again.
IDLE_MS: Final = 10 * 60_000
# The shortest life is 2 s, so a third of it is 667 ms: two rounds fit.
ROUND_S: Final = 0.25
# Renewing costs some 150 microseconds; after this many the event loop gets a turn.
AT_ONCE: Final = 16
# After a refused renewal: not again with each call.
RETRY_MS: Final = 1_000
# Renewals are spread over a tenth of a third of a life, so that a fleet that started together does not renew together.
JITTER: Final = 0.1


class _Held:
    __slots__ = ("bearer", "changes", "due", "seq", "used")

    def __init__(self, bearer: Bearer, seq: int, due: int, used: int, changes: int) -> None:
        self.bearer = bearer
        self.changes = changes  # of the directory when the bearer was last compared with it
        self.seq = seq
        self.due = due  # monotonic instant of the next renewal
        self.used = used


class Holder:
    """aud: this gateway. Used on one event loop."""

    def __init__(
        self,
        *,
        issuer: Issuer,
        directory: Directory,
        clock: Clock,
        aud: str,
        sleep: Callable[[float], Awaitable[None]] = asyncio.sleep,
        spread: Callable[[], float] = spread,
    ) -> None:
        self.boot = nonce()
        self._issuer = issuer
        self._directory = directory
        self._clock = clock
        self._aud = aud
        self._sleep = sleep
        self._spread = spread
        self._held: dict[str, _Held] = {}
        self._asking: dict[str, asyncio.Task[Bearer]] = {}

    def cached(self, copy: str) -> Bearer | None:
        """The bearer of the copy with that rid, if it is known, not due for renewal, and its registration unchanged."""
        held = self._held.get(copy)
        if held is None:
            return None
        mono_ms = self._clock.mono_ms()
        if mono_ms >= held.due or (held.changes != self._directory.changes and not self._unchanged(held)):
            return None
        held.used = mono_ms
        return held.bearer

    def due(self, bearer: Bearer) -> int:
        """Monotonic instant, ms, until which `cached` returns this very bearer, as long as the directory does not
        change; 0 if it does not return it now."""
        held = self._held.get(bearer.copy.rid)
        if held is None or held.bearer is not bearer or held.changes != self._directory.changes:
            return 0
        return min(held.due, bearer.deadline_mono_ms)

    async def bearer(self, copy: str) -> Bearer:
        """The bearer of the copy with that rid, its warrant renewed or first asked for where that is due.

        A copy that was stopped keeps its last bearer, so that its refusals name who was refused; the gate refuses it.
        Raises Refused as `Issuer.grant` when it has none that is live, Recognised where it had one.
        """
        if (bearer := self.cached(copy)) is not None:
            return bearer
        held = self._held.get(copy)
        if held is not None:
            try:
                if not self._unchanged(held) or self._clock.mono_ms() >= held.due:
                    self._renew(copy, held)
            except AnswerableError as error:
                held.due = self._clock.mono_ms() + RETRY_MS
                stopped = isinstance(error, Refused) and error.code.startswith("stop.")
                live = self._unchanged(held) and not self._ended(held.bearer)
                if stopped or live:
                    return held.bearer
                if not isinstance(error, Refused):
                    raise
                if error.code != "warrant.boot_unknown":
                    raise Recognised(error.code, held.bearer, **error.params) from None
                del self._held[copy]
            else:
                held.used = self._clock.mono_ms()
                return held.bearer
        return await self._first(copy)

    async def run(self) -> None:
        """Renew what is in use before anyone waits for it, until cancelled."""
        while True:
            await self._sleep(ROUND_S)
            await self.renew_due()

    async def renew_due(self) -> None:
        """One round: renew what is due, forget what is idle and ended."""
        done = 0
        for copy, held in list(self._held.items()):
            mono_ms = self._clock.mono_ms()
            if mono_ms < held.due:
                continue
            if mono_ms - held.used > IDLE_MS:
                if mono_ms >= held.bearer.deadline_mono_ms:
                    self._held.pop(copy, None)
                continue
            try:
                self._renew(copy, held)
            except AnswerableError:
                held.due = mono_ms + RETRY_MS
            done += 1
            if done % AT_ONCE == 0:
                await self._sleep(0)

    def _renew(self, copy: str, held: _Held) -> None:
        asked, changes = self._clock.mono_ms(), self._directory.changes
        granted = self._issuer.renew(copy, aud=self._aud, nonce=self.boot, seq=held.seq + 1, holder=HOLDER)
        held.bearer = self._bearer(copy, granted, asked)
        held.seq = granted.warrant.seq
        held.due = self._due(granted, asked)
        held.changes = changes

    async def _first(self, copy: str) -> Bearer:
        # One asks, all wait; a caller that goes away does not take the others' warrant with it.
        task = self._asking.get(copy)
        if task is None:
            task = self._asking[copy] = asyncio.create_task(self._ask(copy))
            task.add_done_callback(lambda done: self._asked(copy, done))
        return await asyncio.shield(task)

    async def _ask(self, copy: str) -> Bearer:
        asked = self._clock.mono_ms()
        granted = await self._issuer.grant(copy, aud=self._aud, nonce=self.boot, holder=HOLDER)
        changes = self._directory.changes
        bearer = self._bearer(copy, granted, asked)
        due = self._due(granted, asked)
        self._held[copy] = _Held(bearer, granted.warrant.seq, due, self._clock.mono_ms(), changes)
        return bearer

    def _asked(self, copy: str, task: asyncio.Task[Bearer]) -> None:
        self._asking.pop(copy, None)
        if not task.cancelled():
            task.exception()  # seen, so that a refusal that nobody waits for any more is not reported as lost

    def _bearer(self, copy: str, granted: Granted, asked: int) -> Bearer:
        warrant = granted.warrant
        known = self._directory.copy(copy)
        system = self._directory.system(known.system) if known else None
        party = self._directory.party(warrant.party)
        if known is None or system is None or party is None:
            raise Refused("warrant.unregistered")
        return Bearer(warrant, system, known, party, asked + warrant.exp_ms - warrant.iat_ms, held=True)

    def _due(self, granted: Granted, asked: int) -> int:
        third = renew_after_ms(granted.warrant.exp_ms - granted.warrant.iat_ms)
        return asked + int(third * (1 - JITTER * self._spread()))

    def _ended(self, bearer: Bearer) -> bool:
        return self._clock.now_ms() >= bearer.warrant.exp_ms or self._clock.mono_ms() >= bearer.deadline_mono_ms

    def _unchanged(self, held: _Held) -> bool:
        """Whether all three are registered as they were: a copy may have ended, a system been sold, a party proven."""
        bearer, changes = held.bearer, self._directory.changes
        same = (
            self._directory.copy(bearer.copy.rid) == bearer.copy
            and self._directory.system(bearer.system.rid) == bearer.system
            and self._directory.party(bearer.party.rid) == bearer.party
        )
        if same:
            held.changes = changes
        return same
