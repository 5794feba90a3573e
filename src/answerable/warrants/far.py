# SPDX-License-Identifier: Apache-2.0
"""Copies whose warrants a gateway node keeps, the issuer being on another host: as `warrants.holder`, over a network.

A warrant's life is counted on our own monotonic clock from when it was asked for. It is renewed at a third of its life,
all that are due in one question, and goes on being used meanwhile. While the issuer is away it is asked again and
again; a warrant that has ended is not used any more, and there is no other.

A warrant that names changes of the stop set which are not known here is not taken up before they are, as long as the
one before it lives: an issuer that dies in the moment of an order silences nobody whom it does not reach.
"""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Final

import msgspec

from answerable.admission.admit import View
from answerable.admission.ttl import renew_after_ms
from answerable.admission.warrant import parse
from answerable.crypto.random import nonce, spread
from answerable.errors import AnswerableError, Refused, Unavailable, VerificationError
from answerable.model.warrants import Bearer, Recognised
from answerable.ports import Clock, Directory
from answerable.warrants.holder import IDLE_MS, JITTER, RETRY_MS, ROUND_S

# Warrants that are asked for in one question.
TOGETHER: Final = 128


class Ask(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """copy: rid; nonce: of this boot of the node; seq: 1 for the first of a boot, then one more each time."""

    copy: str
    nonce: str
    seq: int


Asker = Callable[[Sequence[Ask]], Awaitable[Sequence[str | AnswerableError]]]
"""One answer for each question: the token, or why there is none. Raises Unavailable when nobody answers."""


async def _nothing_else(_copy: str, _grant: str) -> None:
    return None


# What a renewal is refused with when the issuer has forgotten this boot, or an answer was lost on the way.
_ANEW: Final = frozenset({"warrant.boot_unknown", "warrant.replayed"})


@dataclass(slots=True)
class _Held:
    bearer: Bearer
    seq: int  # of the newest
    due: int  # monotonic instant of the next renewal
    used: int
    changes: int  # of the directory when the bearer was last compared with it
    refused: Refused | None = None  # why it is not renewed: it is over at once
    newer: Bearer | None = None  # names changes that are not known here yet


class FarHolder:
    """aud: this gateway; issuers: kid -> public key; iss: the name that warrants must carry. Used on one event loop."""

    def __init__(
        self,
        *,
        ask: Asker,
        directory: Directory,
        clock: Clock,
        aud: str,
        issuers: Mapping[str, bytes],
        iss: str,
        spare: Callable[[str], Bearer | None] = lambda _copy: None,
        told: View | None = None,
        ensure: Callable[[str, str], Awaitable[None]] = _nothing_else,
        sleep: Callable[[float], Awaitable[None]] = asyncio.sleep,
        spread: Callable[[], float] = spread,
    ) -> None:
        """spare: rid of a copy -> a live bearer that was signed on site, for when the issuer is away and its own
        warrant, or the pulse beside that, has ended. told: see `Gate`. ensure: (copy, grant) -> all that a record under
        that grant needs is here; until then a first grant takes no place of a warrant that lives."""
        self._ensure = ensure
        self._pending: dict[str, _Held] = {}  # granted, and not yet ensured
        self._told = told
        self.boot = nonce()
        self._spare = spare
        self._ask = ask
        self._directory = directory
        self._clock = clock
        self._aud = aud
        self._issuers = issuers
        self._iss = iss
        self._sleep = sleep
        self._spread = spread
        self._held: dict[str, _Held] = {}
        self._first: dict[str, asyncio.Task[Bearer]] = {}

    def __len__(self) -> int:
        return len(self._held)

    def held(self) -> tuple[Ask, ...]:
        """What this boot holds, for giving it back."""
        return tuple(Ask(copy=copy, nonce=self.boot, seq=held.seq) for copy, held in self._held.items())

    def cached(self, copy: str) -> Bearer | None:
        """The bearer of the copy with that rid, while its warrant lives and its registration is unchanged."""
        held = self._held.get(copy)
        if held is None:
            return self._spare(copy)
        if held.refused is not None:
            return None
        mono_ms = self._clock.mono_ms()
        self._settle(held, mono_ms)
        if self._over(held, mono_ms):
            return self._spare(copy)
        if held.changes != self._directory.changes and not self._unchanged(held):
            return None
        held.used = mono_ms
        return (self._spare(copy) or held.bearer) if self._without_pulse(mono_ms) else held.bearer

    def due(self, bearer: Bearer) -> int:
        """Monotonic instant, ms, until which `cached` may return this bearer, as long as the directory does not
        change; 0 if it does not return it now."""
        held = self._held.get(bearer.copy.rid)
        if held is None or held.bearer is not bearer or held.refused or held.changes != self._directory.changes:
            return 0
        return bearer.deadline_mono_ms

    async def bearer(self, copy: str) -> Bearer:
        """The bearer of the copy with that rid, its warrant asked for where none lives.

        Raises Refused as the issuer does, Recognised where a warrant was there before, Unavailable ``node.away`` where
        the issuer does not answer.
        """
        if (bearer := self.cached(copy)) is not None:
            return bearer
        held = self._held.get(copy)
        if held is not None and held.refused is not None and self._clock.mono_ms() < held.due:
            raise Recognised(held.refused.code, held.bearer, **held.refused.params)
        try:
            return await self._asked(copy)
        except Refused as error:
            if held is None or isinstance(error, Recognised):
                raise
            held.refused, held.due = error, self._clock.mono_ms() + RETRY_MS
            raise Recognised(error.code, held.bearer, **error.params) from None

    async def run(self) -> None:
        """Renew what is in use before anyone waits for it, until cancelled."""
        while True:
            await self._sleep(ROUND_S)
            await self.renew_due()

    async def renew_due(self) -> int:
        """One round; how many were renewed. Forgets what is idle and ended."""
        mono_ms = self._clock.mono_ms()
        due: list[tuple[str, _Held]] = []
        for copy, held in list(self._held.items()):
            self._settle(held, mono_ms)
            if mono_ms < held.due or held.refused is not None:
                continue
            if mono_ms - held.used > IDLE_MS or self._over(held, mono_ms):
                if self._over(held, mono_ms) and mono_ms - held.used > IDLE_MS:
                    self._held.pop(copy, None)
                continue
            due.append((copy, held))
        done = 0
        for start in range(0, len(due), TOGETHER):
            done += await self._renew(due[start : start + TOGETHER])
        return done

    async def _renew(self, due: Sequence[tuple[str, _Held]]) -> int:
        asked = self._clock.mono_ms()
        for _, held in due:
            held.due = asked + RETRY_MS
        asks = [Ask(copy=copy, nonce=self.boot, seq=held.seq + 1) for copy, held in due]
        try:
            answers = await self._ask(asks)
        except AnswerableError:
            return 0  # asked again in a second, until the warrant in hand has ended
        done = 0
        for (copy, held), answer in zip(due, answers, strict=True):
            if self._held.get(copy) is not held:
                continue
            try:
                await self._taken(copy, held, answer, asked)
                done += 1
            except Refused as error:
                if error.code in _ANEW:
                    await self._again(copy)
                else:
                    held.refused = error
            except AnswerableError:
                continue
        return done

    async def _taken(self, copy: str, held: _Held, answer: str | AnswerableError, asked: int) -> None:
        if isinstance(answer, AnswerableError):
            raise answer
        fresh = self._read(copy, answer, asked, held.seq + 1)
        if fresh.bearer.warrant.grant != held.bearer.warrant.grant:
            self._pending[copy] = fresh
            await self._ensure(copy, fresh.bearer.warrant.grant)
            self._pending.pop(copy, None)
        self._take(held, fresh)

    def _take(self, held: _Held, fresh: _Held) -> None:
        """The next warrant of what lives: shown from now on, or once it is explained."""
        held.seq, held.due = fresh.seq, fresh.due
        if self._explained(fresh.bearer):
            held.bearer, held.changes, held.newer = fresh.bearer, fresh.changes, None
        else:
            held.newer = fresh.bearer

    def _settle(self, held: _Held, mono_ms: int) -> None:
        """Take up what waited to be explained: it is, or what lived in its place has ended."""
        newer = held.newer
        if newer is not None and (self._explained(newer) or self._over(held, mono_ms)):
            held.bearer, held.newer = newer, None
            held.changes = self._directory.changes - 1  # compared with the directory at its first use

    def _explained(self, bearer: Bearer) -> bool:
        """Whether every change that the warrant names is known here: then the gate has no reason to find it stale."""
        epoch = bearer.warrant.epoch
        return epoch <= self._directory.stop_set().epoch or (self._told is not None and epoch <= self._told.stops.epoch)

    async def _again(self, copy: str) -> None:
        """The issuer began anew, or its answer was lost: a first grant of the same boot, while the old one lives on."""
        try:
            await self._asked(copy)
        except AnswerableError:
            return

    async def _asked(self, copy: str) -> Bearer:
        # One asks, all wait; a caller that goes away does not take the others' warrant with it.
        task = self._first.get(copy)
        if task is None:
            task = self._first[copy] = asyncio.create_task(self._grant(copy))
            task.add_done_callback(lambda done: self._granted(copy, done))
        return await asyncio.shield(task)

    async def _grant(self, copy: str) -> Bearer:
        fresh = self._pending.get(copy)
        if fresh is None or self._over(fresh, self._clock.mono_ms()):
            asked = self._clock.mono_ms()
            (answer,) = await self._ask([Ask(copy=copy, nonce=self.boot, seq=1)])
            if isinstance(answer, AnswerableError):
                raise answer
            fresh = self._pending[copy] = self._read(copy, answer, asked, 1)
        await self._ensure(copy, fresh.bearer.warrant.grant)
        self._pending.pop(copy, None)
        before = self._held.get(copy)
        if (
            before is None
            or before.refused is not None
            or self._over(before, self._clock.mono_ms())
            or not self._unchanged(before)
        ):
            self._held[copy] = fresh
            return fresh.bearer
        self._take(before, fresh)
        return before.bearer

    def _granted(self, copy: str, task: asyncio.Task[Bearer]) -> None:
        self._first.pop(copy, None)
        if not task.cancelled():
            task.exception()  # seen, so that a refusal that nobody waits for any more is not reported as lost

    def _read(self, copy: str, token: str, asked: int, seq: int) -> _Held:
        """What came is this copy's warrant, for this gateway and this boot, by the pinned issuer."""
        try:
            warrant = parse(token, self._issuers)
        except VerificationError as error:
            raise Unavailable("node.answer", detail=error.code) from None
        if (warrant.iss, warrant.aud, warrant.nonce, warrant.seq) != (self._iss, self._aud, self.boot, seq):
            raise Unavailable("node.answer", detail="a warrant that was not asked for")
        changes = self._directory.changes
        known = self._directory.copy(copy)
        system = self._directory.system(known.system) if known else None
        party = self._directory.party(warrant.party)
        if (
            known is None
            or system is None
            or party is None
            or (known.rid, known.id) != (warrant.copy_rid, warrant.copy)
        ):
            raise Refused("warrant.unregistered")
        life = warrant.exp_ms - warrant.iat_ms
        bearer = Bearer(warrant, system, known, party, asked + life, held=True)
        due = asked + int(renew_after_ms(life) * (1 - JITTER * self._spread()))
        return _Held(bearer, seq, due, self._clock.mono_ms(), changes)

    def _without_pulse(self, mono_ms: int) -> bool:
        life = self._told.life if self._told is not None else None
        return life is not None and (self._clock.now_ms() >= life[0] or mono_ms >= life[1])

    def _over(self, held: _Held, mono_ms: int) -> bool:
        return mono_ms >= held.bearer.deadline_mono_ms or self._clock.now_ms() >= held.bearer.warrant.exp_ms

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
