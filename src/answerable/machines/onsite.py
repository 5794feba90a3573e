# SPDX-License-Identifier: Apache-2.0
"""The on-site issuer: signs warrants of 2 s on the spot, under an envelope, where the network does not reach. Sans-io.

It gives no leave beyond the envelope's, and none outlives it. It refuses from the envelope's end, on either clock, and
whatever an order that it heard of stops.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from answerable.admission import onsite
from answerable.admission.envelope import ONSITE_MS, digest_of
from answerable.admission.holding import HolderView
from answerable.admission.requests import WarrantRequest, check
from answerable.crypto.b64 import b64u
from answerable.crypto.random import nonce
from answerable.errors import Refused
from answerable.model.envelopes import Envelope, EnvelopeCopy
from answerable.model.warrants import Warrant
from answerable.ports import Clock, Signer


@dataclass(slots=True)
class _Boot:
    nonce: str
    seq: int
    exp_ms: int
    signature: str
    answer: dict[str, Any]


class OnSite:
    """view: what this site knows of orders and pulses; asked_mono_ms: when the envelope was asked for, or taken in.

    Raises, once, at the start: Refused ``envelope.forged`` where the key is not the envelope's, ``envelope.expired``,
    ``pulse.*`` where a pulse is needed and not fresh: two authorities to begin, and then the envelope's own end.
    """

    def __init__(
        self,
        envelope: Envelope,
        token: str,
        *,
        signer: Signer,
        view: HolderView,
        clock: Clock,
        asked_mono_ms: int | None = None,
    ) -> None:
        if b64u(signer.public) != envelope.key:
            raise Refused("envelope.forged")
        now_ms, mono_ms = clock.now_ms(), clock.mono_ms()
        whole = envelope.exp_ms - envelope.iat_ms
        since = mono_ms if asked_mono_ms is None else asked_mono_ms
        self.envelope, self.token, self.view = envelope, token, view
        self.ends_mono_ms = min(since + whole, mono_ms + max(0, envelope.exp_ms - now_ms))
        self._signer, self._clock = signer, clock
        self._boots: dict[str, _Boot] = {}
        self._digest = digest_of(token)
        self._live(now_ms, mono_ms)
        view.check(now_ms, mono_ms)

    def left_ms(self) -> int:
        """How long it goes on signing."""
        return onsite.left_ms(
            self.envelope,
            now_ms=self._clock.now_ms(),
            mono_ms=self._clock.mono_ms(),
            deadline_mono_ms=self.ends_mono_ms,
        )

    def answer(self, request: WarrantRequest, signature: str) -> dict[str, Any]:
        """What the control plane would answer, with `envelope` beside it. Its life is counted from asking, as ever.

        Raises Refused ``envelope.expired|narrow``, ``warrant.unregistered|proof|clone|replayed|boot_unknown``,
        ``stop.system``.
        """
        now_ms, mono_ms = self._clock.now_ms(), self._clock.mono_ms()
        copy = self.envelope.copy(request.copy)
        if copy is None:
            raise Refused("warrant.unregistered")
        check(request, signature, issuer=self.envelope.site, key=copy.key, now_ms=now_ms)
        self._live(now_ms, mono_ms)
        self._stopped(copy, now_ms)
        if request.aud not in self.envelope.aud:
            raise Refused("envelope.narrow", what="aud")
        boot = self._boots.get(request.copy)
        if boot is not None and (boot.nonce, boot.seq, boot.signature) == (request.nonce, request.seq, signature):
            return boot.answer
        self._follows(boot, request, now_ms)
        left = min(self.envelope.exp_ms - now_ms, self.ends_mono_ms - mono_ms)
        warrant = self._warrant(copy, request, now_ms, min(ONSITE_MS, left))
        token = onsite.sign(warrant, self.envelope, self.token, self._signer)
        answer = {
            "token": token,
            "grant": warrant.grant,
            "seq": warrant.seq,
            "expires": warrant.exp_ms,
            "life": warrant.exp_ms - warrant.iat_ms,
            "envelope": self.token,
        }
        self._boots[request.copy] = _Boot(request.nonce, request.seq, warrant.exp_ms, signature, answer)
        return answer

    def order(self, data: bytes) -> bool:
        """Take in a stop order's message, whoever carried it; whether it was new. Raises as `HolderView.order`."""
        return self.view.order(data) is not None

    def pulse(self, data: bytes) -> bool:
        """Take in a pulse; whether it speaks of orders that are missing here. Raises as `HolderView.pulse`."""
        return self.view.pulse(data, self._clock.now_ms(), self._clock.mono_ms())

    def _live(self, now_ms: int, mono_ms: int) -> None:
        onsite.lives(self.envelope, now_ms=now_ms, mono_ms=mono_ms, deadline_mono_ms=self.ends_mono_ms)

    def _stopped(self, copy: EnvelopeCopy, now_ms: int) -> None:
        order = self.view.stops.blocks(
            copy=copy.cpy,
            numbers=self.envelope.ancestors,
            party=self.envelope.party,
            worlds=self.envelope.worlds,
            now_ms=now_ms,
        )
        if order:
            raise Refused("stop.system", order=order)

    def _follows(self, boot: _Boot | None, request: WarrantRequest, now_ms: int) -> None:
        """Each boot founds itself with number 1, each number is given out once, and one key has one boot at a time."""
        if boot is None or boot.nonce != request.nonce:
            if boot is not None and boot.exp_ms > now_ms:
                raise Refused("warrant.clone")
            if request.seq != 1:
                raise Refused("warrant.boot_unknown")
        elif request.seq != boot.seq + 1:
            raise Refused("warrant.replayed")

    def _warrant(self, copy: EnvelopeCopy, request: WarrantRequest, now_ms: int, life_ms: int) -> Warrant:
        e = self.envelope
        return Warrant(
            iss=e.site,
            aud=request.aud,
            copy=copy.sub,
            system=e.system,
            party=e.party,
            grant=e.grant,
            ancestors=e.ancestors,
            iat_ms=now_ms,
            exp_ms=now_ms + life_ms,
            jti=nonce(),
            seq=request.seq,
            nonce=request.nonce,
            epoch=max(e.epoch, self.view.epoch),
            key=copy.key,
            worlds=e.worlds,
            max_criticality=e.max_criticality,
            tier=e.tier,
            audience=e.audience,
            tools=e.tools,
            budget_tokens=e.budget_tokens,
            copy_rid=copy.cpy,
        )
