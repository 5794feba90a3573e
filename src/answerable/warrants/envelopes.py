# SPDX-License-Identifier: Apache-2.0
"""Issues envelopes to on-site issuers (`docs/spec/envelope.md`): under the conditions of a first grant, durable before
it is signed, and only for whoever named the longer bound.
"""

from __future__ import annotations

from collections.abc import Callable
from hashlib import sha256
from typing import Final

import msgspec

from answerable.admission.bound import ANYWHERE, Clocks
from answerable.admission.envelope import LONGEST_MS, MAX_COPIES, bound_ms, issue
from answerable.crypto.random import nonce as fresh
from answerable.errors import Refused, Unavailable
from answerable.log.leaf import encode, rid
from answerable.model.envelopes import Envelope, EnvelopeCopy, Motion
from answerable.model.leaves import WarrantLeaf
from answerable.model.records import OnSite
from answerable.model.scopes import within
from answerable.model.units import EPOCH, Expect, Put, Space, Unit
from answerable.ports import Clock, Directory, Ledger, Signer
from answerable.warrants.eligible import Eligible, Lapsed, eligible
from answerable.warrants.stopview import StopView

ATTEMPTS: Final = 4
NAME: Final = "answerable.envelope"  # of the extension in the leaf


class EnvelopeRequest(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """copies: SPIFFE ids or rids; audiences: of the warrants that will be signed on site; key: the on-site issuer's
    public key, base64url; site: its name, a word; life: ms; bound: ms, as agreed to; tools, budget: as in a warrant."""

    audiences: tuple[str, ...]
    bound: int
    budget: int = 0
    copies: tuple[str, ...]
    key: str
    life: int
    motion: Motion | None = None
    site: str
    tools: tuple[str, ...] = ()


class Envelopes:
    """iss, kid: as the issuer's; may_sign: raises while nothing may be signed here (recovery)."""

    def __init__(
        self,
        *,
        directory: Directory,
        ledger: Ledger,
        clock: Clock,
        signer: Signer,
        iss: str,
        kid: str,
        lapsed: Lapsed,
        clocks: Clocks = ANYWHERE,
        may_sign: Callable[[], None] = lambda: None,
    ) -> None:
        self._directory, self._ledger, self._clock, self._signer = directory, ledger, clock, signer
        self._iss, self._kid, self._lapsed, self._clocks, self._may_sign = iss, kid, lapsed, clocks, may_sign
        self._view = StopView(directory)

    async def grant(self, request: EnvelopeRequest) -> tuple[str, Envelope]:
        """(token, envelope). Raises Refused ``envelope.bound|copies|life|tools``, ``stop.system``, ``warrant.*``,
        VerificationError ``envelope.malformed``, Unavailable ``log.*``, ``warrant.contended``."""
        self._may_sign()
        if not 0 < request.life <= LONGEST_MS:
            raise Refused("envelope.life", life=request.life, allowed=LONGEST_MS)
        agreed = bound_ms(request.life, self._clocks)
        if request.bound != agreed:
            raise Refused("envelope.bound", bound=agreed)
        if not 0 < len(request.copies) <= MAX_COPIES:
            raise Refused("envelope.copies", detail=f"{len(request.copies)} were named")
        for _ in range(ATTEMPTS):
            self._may_sign()
            now_ms = self._clock.now_ms()
            epoch = self._directory.raw(Space.COUNTERS, EPOCH)
            stops = self._view.now()
            bases = [
                eligible(self._directory, stops, copy, lapsed=self._lapsed, now_ms=now_ms) for copy in request.copies
            ]
            if len({base.system.rid for base in bases}) != 1:
                raise Refused("envelope.copies", detail="they are of several systems")
            if not within(request.tools, scope := bases[0].system.tools):
                raise Refused("envelope.tools", allowed=", ".join(scope) or "no tool")
            draft = self._envelope(request, bases, stops.epoch, now_ms)
            issue(draft, self._signer, self._kid)  # refuses, before anything is recorded, what no reader takes
            leaf = encode(_leaf(draft, bases[0].system.rid))
            expect = [Expect(Space.COUNTERS, EPOCH, epoch)]
            for base in bases:
                expect.append(Expect(Space.COPIES, base.copy.rid, self._directory.raw(Space.COPIES, base.copy.rid)))
            system = bases[0].system.rid
            expect.append(Expect(Space.SYSTEMS, system, self._directory.raw(Space.SYSTEMS, system)))
            try:
                effects = (Put(Space.ENVELOPES, rid(leaf), row_of(draft, rid(leaf), system)),)
                await self._ledger.commit(Unit(leaves=(leaf,), effects=effects, expect=tuple(expect)))
            except Refused as error:
                if error.code != "log.conflict":
                    raise
                continue
            envelope = msgspec.structs.replace(draft, grant=rid(leaf))
            return issue(envelope, self._signer, self._kid), envelope
        raise Unavailable("warrant.contended")

    def _envelope(self, request: EnvelopeRequest, bases: list[Eligible], epoch: int, now_ms: int) -> Envelope:
        base = bases[0]
        system = base.system
        trust_domain = self._iss.partition("/issuer/")[0]
        return Envelope(
            iss=self._iss,
            site=f"{trust_domain}/onsite/{request.site}",
            aud=request.audiences,
            system=system.id,
            party=base.party.rid,
            grant="0" * 32,
            copies=tuple(EnvelopeCopy(cpy=b.copy.rid, key=b.copy.key, sub=b.copy.id) for b in bases),
            ancestors=base.numbers,
            iat_ms=now_ms,
            exp_ms=now_ms + request.life,
            bound=request.bound,
            jti=fresh(),
            epoch=epoch,
            key=request.key,
            worlds=system.worlds,
            max_criticality=system.max_criticality,
            tier=system.tier,
            audience=system.audience,
            tools=request.tools,
            budget_tokens=request.budget,
            motion=request.motion,
        )


def row_of(envelope: Envelope, name: str, system: str) -> bytes:
    """Its row in `Space.ENVELOPES`. name, system: rids."""
    return _row(name, system, envelope.site, envelope.iat_ms, envelope.exp_ms, envelope.bound)


def names(leaf: WarrantLeaf, copy: str, audience: str) -> bool:
    """Whether the warrant that a leaf records is for that copy (rid), at that audience: an envelope is for several."""
    said = leaf.x.get(NAME) if isinstance(leaf.x, dict) else None
    if not isinstance(said, dict):
        return (leaf.cpy, leaf.aud) == (copy, audience)
    copies, audiences = said.get("copies"), said.get("aud")
    return isinstance(copies, list) and isinstance(audiences, list) and copy in copies and audience in audiences


def told(leaf: WarrantLeaf, name: str) -> list[Put]:
    """The row that a leaf tells of: none for a copy's own warrant. Raises ValueError for an extension of another
    form."""
    said = leaf.x.get(NAME) if isinstance(leaf.x, dict) else None
    if said is None:
        return []
    if not isinstance(said, dict) or not isinstance(said.get("site"), str) or not isinstance(said.get("bound"), int):
        raise ValueError("an envelope of another form")
    return [Put(Space.ENVELOPES, name, _row(name, leaf.sys, said["site"], leaf.t, leaf.exp, said["bound"]))]


def _row(name: str, system: str, site: str, since: int, expires: int, bound: int) -> bytes:
    row = OnSite(rid=name, system=system, site=site, since=since, expires=expires, bound=bound)
    return msgspec.json.encode(row)


def _leaf(envelope: Envelope, system: str) -> WarrantLeaf:
    numbers = b"".join(number.to_bytes(8, "big") for number in envelope.ancestors)
    told = {
        "aud": list(envelope.aud),
        "bound": envelope.bound,
        "copies": [copy.cpy for copy in envelope.copies],
        "key": envelope.key,
        "motion": msgspec.to_builtins(envelope.motion),
        "site": envelope.site,
    }
    return WarrantLeaf(
        anc=sha256(numbers).hexdigest(),
        aud=envelope.aud[0],
        cpy=envelope.copies[0].cpy,
        crit=envelope.max_criticality.value,
        exp=envelope.exp_ms,
        jti=envelope.jti,
        n=fresh(),
        party=envelope.party,
        seq=0,
        sys=system,
        t=envelope.iat_ms,
        tier=envelope.tier,
        wld=[world.value for world in envelope.worlds],
        x={NAME: told},
    )
