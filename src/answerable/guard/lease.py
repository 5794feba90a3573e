# SPDX-License-Identifier: Apache-2.0
"""Keeps one copy's warrant fresh, and says when it is over. Knows nothing of processes or files.

A renewal is asked for after a third of a warrant's life. When it is refused, it is over at once. When the service
cannot be reached it is asked again, until the warrant in hand has ended on our own monotonic clock, counted from when
it was asked for (`admission.bound`).
"""

from __future__ import annotations

import json
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from typing import Any, Final, Protocol

import msgspec

from answerable.admission.requests import WarrantRequest, to_sign
from answerable.admission.ttl import renew_after_ms
from answerable.crypto.b64 import b64u
from answerable.crypto.random import nonce
from answerable.errors import Refused, Unavailable

RETRY_MS: Final = 500
# Questions in a row, at the most: one that was lost, its number in other words, the first of a new boot, and one more.
TRIES: Final = 4
# How long the service may think about one request.
LONGEST_S: Final = 60.0
SHORTEST_S: Final = 0.1

# An issuer that says so has signed nothing: where nothing is in hand the next question is a new one, and its warrant
# counts from then. While something is, who says so may have lost an answer, and the same is asked again.
RECOVERS: Final = "recover."

PATH: Final = "/control/v1/warrants"

Ask = Callable[[str, bytes], Any]
"""(path, body) -> the service's decoded answer. Raises what the service refuses with."""


class Signing(Protocol):
    def sign(self, message: bytes) -> bytes: ...


def now_ms() -> int:
    return time.time_ns() // 1_000_000


def mono_ms() -> int:
    """Goes on while the machine sleeps: a lease runs out in sleep too."""
    return time.clock_gettime_ns(time.CLOCK_BOOTTIME) // 1_000_000


@dataclass(frozen=True, slots=True)
class Held:
    """A warrant in hand. ends, due: monotonic ms: when it is over, when to ask for the next. envelope: what an on-site
    issuer signed it under, "" for the control plane's own. orders: messages that came with it, of changes of the stop
    set that it names and that were not known."""

    token: str
    grant: str
    seq: int
    expires: int
    ends: int
    due: int
    envelope: str = ""
    orders: tuple[bytes, ...] = ()


@dataclass(frozen=True, slots=True)
class Asked:
    """A signed request. mono: when it was first sent: its warrant is no younger, whenever the answer comes."""

    seq: int
    mono: int
    body: bytes


class Lease:
    """One boot of one copy. copy: its SPIFFE id."""

    def __init__(
        self,
        key: Signing,
        *,
        copy: str,
        issuer: str,
        audience: str,
        ask: Ask,
        wall: Callable[[], int] = now_ms,
        mono: Callable[[], int] = mono_ms,
    ) -> None:
        self._key = key
        self._copy = copy
        self._issuer = issuer
        self._audience = audience
        self._ask = ask
        self._wall = wall
        self._mono = mono
        self._boot = nonce()
        self._asked: Asked | None = None
        self._repeats = False  # whether the last question was an earlier one again
        self._open = False  # whether nothing at all was heard yet to the last question
        self._unheard = False  # whether this number was asked for before, and nothing was heard
        self._seq = 0  # of the newest warrant of this boot
        self.held: Held | None = None
        self.epoch = -1  # the change of the stop set that the newest answer names
        # Up to which change all is known: what came later is asked for with each warrant. -1: it is not.
        self.known: Callable[[], int] = lambda: -1

    def patience(self) -> float:
        """Seconds that asking may take: a service that hangs must not lengthen the warrant in hand."""
        left = LONGEST_S if self.held is None else (self.held.ends - self._mono()) / 1000
        return max(SHORTEST_S, min(left, LONGEST_S))

    def next(self) -> Held:
        """The first warrant, or the next. Raises Refused ``warrant.*``, ``stop.*``; Unavailable where it could not be
        asked for and the one in hand has ended too."""
        for left in reversed(range(TRIES)):
            asked = self.question()
            try:
                held = self.answered(asked, self._ask(PATH, asked.body))
            except Unavailable as error:
                return self.away(error)
            except Refused as error:
                if not self.asks_again(error) or not left:
                    raise
            else:
                if not left or not self.late():
                    return held
        raise AssertionError("the last one returns or raises")

    def asks_again(self, error: Refused) -> bool:
        """Whether a refusal is of this question alone, and another is to be asked at once; what is in hand holds on
        meanwhile. A question that was never answered, and is too old now, is asked in other words. The first question
        of a new boot is asked where the issuer knows no boot of this copy any more, since it was started again or our
        warrants ended while we stood still, and where it has answered this number and does not give that answer again,
        since it ended. It is refused while another boot of the copy lives: nobody gets two."""
        self._open = False
        if error.code == "warrant.proof" and self._repeats:
            self._asked = None
            return True
        unknown = error.code == "warrant.boot_unknown" and self._seq > 0
        if not unknown and not (error.code == "warrant.replayed" and self._unheard):
            return False
        self._boot = nonce()
        self._asked, self._seq, self._unheard = None, 0, False
        return True

    def late(self) -> bool:
        """Whether what was just answered had ended before it was heard, so that the next is to be asked for at once."""
        return self._repeats and self.held is not None and self._mono() >= self.held.ends

    def question(self) -> Asked:
        """What to ask now. The answer may have been lost on its way: the same request again gets the same warrant as
        long as that lives, another one none. So it is repeated until it is answered."""
        seq = self._seq + 1
        asked = self._asked
        self._repeats = asked is not None and asked.seq == seq
        self._unheard, self._open = self._unheard or self._open, True
        if asked is None or asked.seq != seq:
            asked = self._asked = self._request(seq)
        return asked

    def answered(self, asked: Asked, got: Mapping[str, Any]) -> Held:
        """The warrant that the service gave. Raises Unavailable ``admin.answer`` for an answer of another form."""
        try:
            life = int(got["life"])
            held = Held(
                token=str(got["token"]),
                grant=str(got["grant"]),
                seq=int(got["seq"]),
                expires=int(got["expires"]),
                ends=asked.mono + life,
                due=asked.mono + renew_after_ms(life),
                envelope=str(got.get("envelope", "")),
                orders=tuple([str(each).encode() for each in got.get("orders", ())]),
            )
            epoch = int(got.get("epoch", -1))
        except (KeyError, TypeError, ValueError, AttributeError):
            raise Unavailable("admin.answer", socket="the issuer") from None
        self.held, self._seq, self.epoch = held, held.seq, epoch
        self._open = self._unheard = False
        return held

    def away(self, error: Unavailable) -> Held:
        """The service could not be asked: what is in hand holds on, and is asked for again in a moment. Raises `error`
        where nothing is in hand any more."""
        if self.held is None or self._mono() >= self.held.ends:
            if error.code.startswith(RECOVERS):
                self._asked, self._unheard = None, True
            raise error
        self.held = replace(self.held, due=min(self._mono() + RETRY_MS, self.held.ends))
        return self.held

    def _request(self, seq: int) -> Asked:
        mono = self._mono()
        request = WarrantRequest(at=self._wall(), aud=self._audience, copy=self._copy, nonce=self._boot, seq=seq)
        body = {
            "request": msgspec.to_builtins(request),
            "signature": b64u(self._key.sign(to_sign(request, self._issuer))),
        }
        if (known := self.known()) >= 0:
            body["known"] = known
        return Asked(seq, mono, json.dumps(body).encode())
