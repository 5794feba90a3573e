# SPDX-License-Identifier: Apache-2.0
"""Envelopes that a gateway was shown: each is read once, and ends as counted from then (`docs/spec/envelope.md`).

Two authorities are needed to begin: an envelope is taken in only while the pulse is fresh and the clock is
synchronised. From then on its own end stands for the pulse, and no clock that is set afterwards lengthens it.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final

from answerable.admission import onsite
from answerable.admission.admit import View
from answerable.admission.envelope import digest_of, parse
from answerable.errors import Refused, VerificationError
from answerable.model.envelopes import Envelope
from answerable.model.warrants import Warrant
from answerable.ports import Clock

# Once so many are remembered, those that ended are forgotten. What is left is what our issuer signed within an hour.
MAX_KNOWN: Final = 1_024


@dataclass(frozen=True, slots=True)
class Agreed:
    """An envelope in hand. digest: what its warrants name it by; ends_mono_ms: counted from when it was first seen."""

    envelope: Envelope
    digest: str
    ends_mono_ms: int

    def under(self, token: str) -> Warrant:
        """The on-site warrant in a token. Raises Refused as `onsite.under` finds."""
        try:
            return onsite.under(token, self.envelope, self.digest)
        except VerificationError as error:
            raise Refused(error.code, **error.params) from None

    def lives(self, now_ms: int, mono_ms: int) -> None:
        """Return if it has begun and not ended. Raises Refused ``envelope.expired``, ``warrant.not_yet``."""
        onsite.lives(self.envelope, now_ms=now_ms, mono_ms=mono_ms, deadline_mono_ms=self.ends_mono_ms)


class Agreements:
    """issuers, iss, told: as `Desk`'s."""

    __slots__ = ("_clock", "_iss", "_issuers", "_known", "_told")

    def __init__(self, issuers: Mapping[str, bytes], iss: str, clock: Clock, told: View | None) -> None:
        self._issuers, self._iss, self._clock, self._told = issuers, iss, clock, told
        self._known: dict[str, Agreed] = {}

    def known(self, token: str) -> Agreed | None:
        """The envelope in a token that was taken in before."""
        return self._known.get(token)

    def take(self, token: str) -> Agreed:
        """The envelope in a token, taken in where it is new. Raises Refused ``envelope.malformed|forged|life``, and
        where it is new ``envelope.expired``, ``warrant.not_yet``, ``pulse.*``, ``clock.unsynchronised``."""
        known = self._known.get(token)
        if known is not None:
            return known
        try:
            envelope = parse(token, self._issuers)
        except VerificationError as error:
            raise Refused(error.code, **error.params) from None
        if envelope.iss != self._iss:
            raise Refused("envelope.forged")
        now_ms, mono_ms = self._clock.now_ms(), self._clock.mono_ms()
        if self._told is not None:
            self._told.check(now_ms, mono_ms)
        left = min(envelope.exp_ms - now_ms, envelope.exp_ms - envelope.iat_ms)
        agreed = Agreed(envelope, digest_of(token), mono_ms + left)
        agreed.lives(now_ms, mono_ms)
        if len(self._known) >= MAX_KNOWN:
            self._known = {text: each for text, each in self._known.items() if each.ends_mono_ms > mono_ms}
        self._known[token] = agreed
        return agreed
