# SPDX-License-Identifier: Apache-2.0
"""Where warrants come from: the control plane, or on site an issuer that holds an envelope. Each with its own bound.

A warrant counts from the sending of the request for it, on CLOCK_BOOTTIME. Nothing that comes back is believed: it must
be a warrant for this copy, by a key that was pinned.
"""

from __future__ import annotations

import asyncio
import contextlib
import json
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, replace
from typing import Any, Final, Protocol

from answerable.admission import envelope as envelopes
from answerable.admission import onsite
from answerable.admission import warrant as warrants
from answerable.crypto.b64 import b64u
from answerable.crypto.jwt import Signing
from answerable.errors import AnswerableError, Refused, Unavailable, VerificationError
from answerable.guard.lease import PATH, RECOVERS, RETRY_MS, TRIES, Held, Lease, mono_ms, now_ms
from answerable.model.envelopes import Envelope
from answerable.model.warrants import Warrant

KILL_MS: Final = 100  # from the end of the grace to the last process gone; measured some 20 ms (docs/howto)
# First words of the codes by which an issuer refuses a warrant.
ISSUERS_WORDS: Final = frozenset({"warrant", "stop", "envelope", "system", "party"})
NOTHING: Final = -1  # no warrant yet
ANSWER_MS: Final = 500  # a source that is asked beside another may take this long


@dataclass(frozen=True, slots=True)
class Leased:
    """A warrant that was read. held: its token, and when it ends; source: who gave it."""

    held: Held
    warrant: Warrant
    source: str


class WarrantSource(Protocol):
    """name: for messages. Implemented by `ControlPlane` and `OnSite`, and by `Either` of two."""

    @property
    def name(self) -> str: ...

    async def next(self) -> Leased:
        """The first warrant, or the next. Raises Refused ``warrant.*``, ``stop.*``, ``guard.warrant``; Unavailable
        where it could not be asked for and the one in hand has ended."""

    def longest_ms(self) -> int:
        """How long, from now, what this source can still give may last if nobody hears anything more: the part of the
        bound that is its own. 0 before the first warrant."""


class Knows(Protocol):
    """Implemented by `admission.holding.HolderView`."""

    @property
    def epoch(self) -> int: ...

    def order(self, data: bytes) -> object: ...


class Post(Protocol):
    """One way to a service. Implemented by `net.relay_client.RelayClient`."""

    async def post(self, path: str, body: bytes) -> bytes: ...


@dataclass(frozen=True, slots=True)
class Identity:
    """The copy that the guard is: key in memory alone, ids, and who issues and takes its warrants."""

    key: Signing
    public: bytes
    copy: str  # SPIFFE id
    rid: str
    issuer: str
    audience: str
    issuers: Mapping[str, bytes] = field(default_factory=dict)


class _Source:
    """What both have in common: one boot, one lease, several ways to the same issuer."""

    name = ""

    def __init__(
        self,
        identity: Identity,
        posts: tuple[Post, ...],
        issuer: str,
        *,
        wall: Callable[[], int] = now_ms,
        mono: Callable[[], int] = mono_ms,
        knows: Knows | None = None,
    ) -> None:
        """knows: what takes in the orders that come with a warrant, so that it can be explained; None: what has come
        with the newest is all that is known."""
        self._knows = knows
        self._epoch = NOTHING  # of the newest warrant
        self._identity = identity
        self._posts = posts
        self._wall = wall
        self._mono = mono
        self._life = 0
        self._lease = Lease(
            identity.key,
            copy=identity.copy,
            issuer=issuer,
            audience=identity.audience,
            ask=_never,
            wall=wall,
            mono=mono,
        )
        self._lease.known = self._known

    def _known(self) -> int:
        if self._knows is None or self._epoch == NOTHING:  # at its start a holder pulls
            return self._epoch
        return self._knows.epoch

    async def next(self) -> Leased:
        for left in reversed(range(TRIES)):
            try:
                leased = await self._once()
            except Refused as error:
                if not self._lease.asks_again(error) or not left:
                    raise
            else:
                if not left or not self._lease.late():
                    return leased
        raise AssertionError("the last one returns or raises")

    async def _once(self) -> Leased:
        asked = self._lease.question()
        try:
            got = await self._asked(asked.body)
            leased = self._read(self._lease.answered(asked, got))
        except Unavailable as error:
            return self._read(self._lease.away(error))
        self._epoch = leased.warrant.epoch
        if self._knows is not None:
            for message in leased.held.orders:
                with contextlib.suppress(AnswerableError):  # what is not believed explains nothing
                    self._knows.order(message)
        return leased

    async def _asked(self, body: bytes) -> Any:
        failed = _away(self.name)
        for post in self._posts:
            try:
                async with asyncio.timeout(self._lease.patience() / len(self._posts)):
                    data = await post.post(PATH, body)
                return json.loads(data)
            except Refused as error:
                # Another no is about the way, and no word of an issuer's: whoever only carries ends nobody.
                if error.code.partition(".")[0] in ISSUERS_WORDS:
                    raise
                failed = failed if failed.code.startswith(RECOVERS) else _away(f"{self.name} ({error.code})")
            except Unavailable as error:
                # What the issuer itself says of when it will sign counts more than that another way is closed.
                failed = failed if failed.code.startswith(RECOVERS) else error
            except (TimeoutError, ValueError, VerificationError):
                failed = failed if failed.code.startswith(RECOVERS) else _away(self.name)
        raise failed

    def _read(self, held: Held) -> Leased:
        try:
            warrant = self._warrant(held)
        except VerificationError as error:
            raise Refused("guard.warrant", source=self.name, detail=error.code) from None
        who = self._identity
        wrong = [
            what
            for what, fits in (
                ("another copy", warrant.copy == who.copy and warrant.copy_rid == who.rid),
                ("another key", warrant.key == b64u(who.public)),
                ("another audience", warrant.aud == who.audience),
            )
            if not fits
        ]
        if wrong:
            raise Refused("guard.warrant", source=self.name, detail=wrong[0])
        self._life = warrant.exp_ms - warrant.iat_ms
        return Leased(held, warrant, self.name)

    def _warrant(self, held: Held) -> Warrant:
        raise NotImplementedError


class ControlPlane(_Source):
    """The issuer itself, over the holders' plane or the administration's socket."""

    name = "the control plane"

    def __init__(
        self,
        identity: Identity,
        posts: tuple[Post, ...],
        *,
        wall: Callable[[], int] = now_ms,
        mono: Callable[[], int] = mono_ms,
        knows: Knows | None = None,
    ) -> None:
        super().__init__(identity, posts, identity.issuer, wall=wall, mono=mono, knows=knows)

    def longest_ms(self) -> int:
        return self._life

    def _warrant(self, held: Held) -> Warrant:
        return warrants.parse(held.token, self._identity.issuers)


class OnSite(_Source):
    """An on-site issuer: it signs short warrants under an envelope, whose life caps all of them. Its bound is longer:
    no word of an order need ever reach it."""

    name = "the on-site issuer"

    def __init__(
        self,
        identity: Identity,
        posts: tuple[Post, ...],
        site: str,
        *,
        wall: Callable[[], int] = now_ms,
        mono: Callable[[], int] = mono_ms,
        knows: Knows | None = None,
    ) -> None:
        super().__init__(identity, posts, site, wall=wall, mono=mono, knows=knows)
        self._envelope: Envelope | None = None
        self._token = ""
        self._ends = 0  # monotonic ms, counted from when it was first seen: no later than its own clock says

    def longest_ms(self) -> int:
        """What is left of the envelope, on the clock that ends it first."""
        if self._envelope is None:
            return 0
        return onsite.left_ms(self._envelope, now_ms=self._wall(), mono_ms=self._mono(), deadline_mono_ms=self._ends)

    def _warrant(self, held: Held) -> Warrant:
        if held.envelope != self._token or self._envelope is None:
            self._envelope = envelopes.parse(held.envelope, self._identity.issuers)
            self._token = held.envelope
            self._ends = self._mono() + max(0, self._envelope.exp_ms - self._wall())
        onsite.lives(self._envelope, now_ms=self._wall(), mono_ms=self._mono(), deadline_mono_ms=self._ends)
        return onsite.under(held.token, self._envelope, envelopes.digest_of(self._token))


class Either:
    """The control plane while it answers; where it is away, the on-site issuer. What the control plane refuses is
    refused: a refusal is no outage, and raises from `next` as it comes. An on-site issuer that does not answer at the
    start is not used later: its bound is longer, and was not said."""

    def __init__(self, first: WarrantSource, second: WarrantSource) -> None:
        self._first = first
        self._second = second
        self._now = first
        self._asked = False
        self.without: AnswerableError | None = None  # why the second is not used
        self._kept: Leased | None = None  # the newest warrant of the first

    @property
    def name(self) -> str:
        return self._now.name

    async def _begin(self) -> None:
        if not self._asked:
            self._asked = True
            try:
                await self._second.next()
            except AnswerableError as error:
                self.without = error

    async def next(self) -> Leased:
        await self._begin()
        before = self._kept
        if self.without is not None:
            return await self._first.next()
        try:
            async with asyncio.timeout(ANSWER_MS / 1000):
                self._kept = await self._first.next()
            if before is None or self._kept.held.token != before.held.token:
                self._now = self._first
                return self._kept
        except (Unavailable, TimeoutError):
            pass
        try:
            leased = await self._second.next()
        except AnswerableError as error:
            kept, mono = self._kept, mono_ms()
            # Whoever heard of an order is believed; that an envelope has ended takes nothing from the first.
            if kept is None or mono >= kept.held.ends or error.code.startswith("stop."):
                raise
            return replace(kept, held=replace(kept.held, due=mono + RETRY_MS))
        self._now = self._second
        return leased

    async def spare(self) -> Leased:
        """A fresh warrant of the second, which the gateway may be shown. Raises as `next`."""
        return await self._second.next()

    @property
    def parts(self) -> tuple[WarrantSource, ...]:
        return (self._first,) if self.without is not None else (self._first, self._second)

    def longest_ms(self) -> int:
        return max(part.longest_ms() for part in self.parts)


def printed(source: WarrantSource, grace_ms: int) -> int:
    """The bound that is said and held: by when nothing of the program acts any more after an order of which no word
    comes here, ms. What the source can still give, the grace, and a tenth of a second to kill."""
    return source.longest_ms() + grace_ms + KILL_MS


def bounds(source: WarrantSource, grace_ms: int) -> dict[str, int]:
    """The printed bound of each source that may give a warrant, by its name."""
    parts = source.parts if isinstance(source, Either) else (source,)
    return {part.name: printed(part, grace_ms) for part in parts}


def _away(name: str) -> Unavailable:
    return Unavailable("admin.unreachable", socket=name)


def _never(_path: str, _body: bytes) -> Any:
    raise RuntimeError("a lease whose owner asks for it")
