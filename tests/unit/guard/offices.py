# SPDX-License-Identifier: Apache-2.0
"""A control plane and an on-site issuer in virtual time, that sign what real ones sign."""

from __future__ import annotations

import json
from collections.abc import Callable
from typing import Any, Self

import msgspec

from answerable.admission import envelope as envelopes
from answerable.admission import onsite
from answerable.admission import warrant as warrants
from answerable.admission.requests import WarrantRequest, check
from answerable.crypto.b64 import b64u
from answerable.errors import AnswerableError, Refused
from answerable.guard.lease import mono_ms, now_ms
from answerable.guard.sources import ControlPlane, Identity, Knows, OnSite
from answerable.model.envelopes import Envelope, EnvelopeCopy
from tests.fleet import key
from tests.unit.admission.a_warrant import ISSUER_KEY, KEYS, KID, SYSTEM, T0, WARRANT

COPY_KEY, SITE_KEY = key("copy"), key("site")
SITE = "spiffe://demo.invalid/onsite/hall"
LIFE = 60_000
IDENTITY = Identity(
    key=COPY_KEY,
    public=COPY_KEY.public,
    copy=WARRANT.copy,
    rid=WARRANT.copy_rid,
    issuer=WARRANT.iss,
    audience=WARRANT.aud,
    issuers=KEYS,
)


class Office:
    """error: raised instead of an answer. wall, mono: its callers' clocks; both go on together unless a test sets
    them."""

    def __init__(self) -> None:
        self.wall, self.mono = T0, 1_000
        self.error: AnswerableError | None = None
        self.asked: list[WarrantRequest] = []
        self.changes: dict[str, Any] = {}
        self.orders: tuple[str, ...] = ()  # that go with the next warrants
        self.known: list[int | None] = []  # what was said to be known, with each question
        self.signer, self.kid = ISSUER_KEY, KID
        self.boot = ""

    @classmethod
    def now(cls, life: int) -> Self:
        """One whose clocks are the machine's, and whose warrants live so long."""
        made = cls()
        made.real, made.life = True, life
        return made

    real, life = False, LIFE

    def clocks(self) -> tuple[Callable[[], int], Callable[[], int]]:
        return (now_ms, mono_ms) if self.real else (lambda: self.wall, lambda: self.mono)

    def passes(self, ms: int) -> None:
        self.wall += ms
        self.mono += ms

    async def post(self, path: str, body: bytes) -> bytes:
        assert path == "/control/v1/warrants"
        if self.error is not None:
            raise self.error
        if self.real:
            self.wall = now_ms()
        data = json.loads(body)
        request = WarrantRequest(**data["request"])
        check(request, data["signature"], issuer=self.iss, key=b64u(COPY_KEY.public), now_ms=self.wall)
        self.asked.append(request)
        self.known.append(data.get("known"))
        if request.seq == 1:
            self.boot = request.nonce
        elif request.nonce != self.boot:
            raise Refused("warrant.boot_unknown")
        return json.dumps({**self.granted(request), "orders": self.orders}).encode()

    iss = WARRANT.iss

    def granted(self, request: WarrantRequest) -> dict[str, Any]:
        given: dict[str, Any] = {
            "iat_ms": self.wall, "exp_ms": self.wall + self.life, "seq": request.seq, "nonce": request.nonce,
            "aud": request.aud, **self.changes,
        }  # fmt: skip
        warrant = msgspec.structs.replace(WARRANT, **given)
        token = warrants.issue(warrant, self.signer, self.kid)
        life = warrant.exp_ms - warrant.iat_ms
        return {"token": token, "grant": "g" * 32, "seq": request.seq, "expires": warrant.exp_ms, "life": life}

    def source(self, knows: Knows | None = None) -> ControlPlane:
        wall, mono = self.clocks()
        return ControlPlane(IDENTITY, (self,), wall=wall, mono=mono, knows=knows)


class Site(Office):
    """An on-site issuer with an envelope of ten seconds."""

    iss = SITE

    def __init__(self, life: int = 10_000) -> None:
        super().__init__()
        self.envelope = Envelope(
            iss=WARRANT.iss,
            site=SITE,
            aud=(WARRANT.aud,),
            system=SYSTEM,
            party=WARRANT.party,
            grant="e" * 32,
            copies=(EnvelopeCopy(cpy=WARRANT.copy_rid, key=WARRANT.key, sub=WARRANT.copy),),
            ancestors=WARRANT.ancestors,
            iat_ms=T0,
            exp_ms=T0 + life,
            bound=life + 1_000,
            jti="AAECAwQFBgcICQoLDA0ODw",
            epoch=WARRANT.epoch,
            key=b64u(SITE_KEY.public),
            worlds=WARRANT.worlds,
            max_criticality=WARRANT.max_criticality,
            tier=WARRANT.tier,
            audience=WARRANT.audience,
        )
        self.token = envelopes.issue(self.envelope, ISSUER_KEY, KID)

    @classmethod
    def here(cls, life: int) -> Site:
        """One whose clocks are the machine's, and whose envelope begins now."""
        made = cls.now(life)
        made.envelope = msgspec.structs.replace(made.envelope, iat_ms=now_ms(), exp_ms=now_ms() + life, epoch=0)
        made.token = envelopes.issue(made.envelope, ISSUER_KEY, KID)
        made.changes = {"epoch": 0}
        return made

    def granted(self, request: WarrantRequest) -> dict[str, Any]:
        if self.wall >= self.envelope.exp_ms:
            raise Refused("envelope.expired")
        warrant = msgspec.structs.replace(
            WARRANT,
            iss=SITE,
            grant=self.envelope.grant,
            iat_ms=self.wall,
            exp_ms=min(self.wall + 2_000, self.envelope.exp_ms),
            seq=request.seq,
            nonce=request.nonce,
            **self.changes,
        )
        token = onsite.sign(warrant, self.envelope, self.token, SITE_KEY)
        life = warrant.exp_ms - warrant.iat_ms
        told = {"token": token, "grant": warrant.grant, "seq": request.seq, "expires": warrant.exp_ms, "life": life}
        return {**told, "envelope": self.token}

    def source(self, knows: Knows | None = None) -> OnSite:  # type: ignore[override]
        wall, mono = self.clocks()
        return OnSite(IDENTITY, (self,), SITE, wall=wall, mono=mono, knows=knows)
