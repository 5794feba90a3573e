# SPDX-License-Identifier: Apache-2.0
"""A small site, with fixed keys: a device, who leads it, who may stand beside it, and what the issuer signed for it.

Times begin at `T0` on the wall clock unless a test says another instant.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

import msgspec

from answerable.admission import onsite
from answerable.admission.clocks import ClockMode
from answerable.admission.envelope import bound_ms
from answerable.admission.envelope import issue as issue_envelope
from answerable.admission.holding import HolderView
from answerable.admission.trust import Trust
from answerable.admission.warrant import issue
from answerable.crypto.b64 import b64u
from answerable.crypto.ed25519 import Key
from answerable.errors import Unavailable
from answerable.machines import frames
from answerable.machines.authority import Authority
from answerable.machines.limits import Braking
from answerable.machines.machine import Drive, Machine
from answerable.machines.plant import Plant
from answerable.model.envelopes import Envelope, EnvelopeCopy, Motion, Zone
from answerable.model.terms import Audience, Criticality, World
from answerable.model.warrants import Warrant
from tests.fleet import ISSUER, ManualClock, key
from tests.unit.admission import a_stop
from tests.unit.admission.a_stop import ISSUER as ISSUER_KEY
from tests.unit.admission.a_stop import KID, ORIGIN, T0

NUMBER = 40
SYSTEM = "spiffe://demo.invalid/system/" + "ca" * 13
COPY = SYSTEM + "/copy/1"
COPY_RID = "c" * 32
COPY_KEY, SITE_KEY, DEVICE_KEY, PERSON_KEY = (key(name) for name in ("cart copy", "site", "device", "person"))
PERSON = "dora"
DEVICE = frames.device_id(DEVICE_KEY.public)
AUDIENCE = f"spiffe://demo.invalid/device/{DEVICE}"
SITE = "spiffe://demo.invalid/onsite/tunnel"
LIMITS = Motion(
    area=(Zone(x0=-1_000, x1=100_000, y0=-500, y1=500),),
    frame="tunnel",
    keep_out=(Zone(x0=60_000, x1=62_000, y0=-500, y1=500),),
    max_speed=2_000,
)
NARROW = Motion(area=(Zone(x0=-1_000, x1=50_000, y0=-500, y1=500),), frame="tunnel", max_speed=1_000)


def plain(at: int = T0, *, life: int = 2_000, seq: int = 1, **members: Any) -> Warrant:
    """A warrant of the gate's own, for this device."""
    base = Warrant(
        iss=ISSUER,
        aud=AUDIENCE,
        copy=COPY,
        system=SYSTEM,
        party="p" * 32,
        grant="g" * 32,
        ancestors=(3, 17, NUMBER),
        iat_ms=at,
        exp_ms=at + life,
        jti=f"jti-{seq}",
        seq=seq,
        nonce="Dw4NDAsKCQgHBgUEAwIBAA",
        epoch=0,
        key=b64u(COPY_KEY.public),
        worlds=(World.PHYSICAL,),
        max_criticality=Criticality.SENSITIVE,
        tier=3,
        audience=Audience.MACHINE,
        copy_rid=COPY_RID,
    )
    return msgspec.structs.replace(base, **members)


def token(at: int = T0, **members: Any) -> str:
    return issue(plain(at, **members), ISSUER_KEY, KID)


def envelope(at: int = T0, life: int = 20_000, **members: Any) -> Envelope:
    base = Envelope(
        iss=ISSUER,
        site=SITE,
        aud=(AUDIENCE,),
        system=SYSTEM,
        party="p" * 32,
        grant="e" * 32,
        copies=(EnvelopeCopy(cpy=COPY_RID, key=b64u(COPY_KEY.public), sub=COPY),),
        ancestors=(3, 17, NUMBER),
        iat_ms=at,
        exp_ms=at + life,
        bound=bound_ms(life),
        jti="ISIjJCUmJygpKissLS4vMA",
        epoch=0,
        key=b64u(SITE_KEY.public),
        worlds=(World.PHYSICAL,),
        max_criticality=Criticality.SENSITIVE,
        tier=3,
        audience=Audience.MACHINE,
        motion=NARROW,
    )
    return msgspec.structs.replace(base, **members)


def envelope_token(value: Envelope) -> str:
    return issue_envelope(value, ISSUER_KEY, KID)


def under(value: Envelope, text: str, at: int, *, seq: int = 1) -> str:
    """A warrant on the spot, as long as the envelope lets it be."""
    life = min(2_000, value.exp_ms - at)
    warrant = plain(at, life=life, seq=seq, iss=SITE, grant=value.grant)
    return onsite.sign(warrant, value, text, SITE_KEY)


def view(trust: Trust | None = None) -> HolderView:
    return HolderView(trust or Trust(ORIGIN, issuers={KID: ISSUER_KEY.public}), ClockMode.SAME_HOST)


def order(num: int = NUMBER, epoch: int = 1, **members: Any) -> bytes:
    """A termination of a lineage, as the registry's issuer tells it."""
    return a_stop.issued(a_stop.order(num, **members), num, epoch=epoch)


class Notebook:
    """A journal in memory that can be full."""

    def __init__(self) -> None:
        self.lines: list[tuple[str, dict[str, Any]]] = []
        self.missed = 0
        self.full = False

    def write(self, what: str, at: int, facts: dict[str, Any]) -> None:
        if self.full:
            self.missed += 1
            raise Unavailable("device.unrecorded", detail="full")
        self.lines.append((what, facts))

    def whats(self) -> list[str]:
        return [what for what, _ in self.lines]


@dataclass
class Site:
    """A machine on its plant, in virtual time. Each turn takes 10 ms."""

    clock: ManualClock = field(default_factory=lambda: ManualClock(T0, 1_000_000))
    watchdog_ms: int = 300
    start: int = 0
    trust: Trust | None = None
    order: str = ""
    person: str = ""

    def __post_init__(self) -> None:
        self.book = Notebook()
        self.told: list[tuple[str, dict[str, Any]]] = []
        self.view = view(self.trust)
        braking = Braking()
        self.plant = Plant(braking=braking, watchdog_ms=self.watchdog_ms, x=self.start)
        self.machine = Machine(
            device=DEVICE,
            signer=DEVICE_KEY,
            authority=Authority(
                issuers={KID: ISSUER_KEY.public}, iss=ISSUER, audience=AUDIENCE, systems=(SYSTEM,), view=self.view
            ),
            people={PERSON: PERSON_KEY.public},
            limits=LIMITS,
            braking=braking,
            journal=self.book,
            watchdog_ms=self.watchdog_ms,
            tell=lambda what, facts: self.told.append((what, facts)),
            order=self.order,
            person=self.person,
        )
        self.seq = 0
        self.run_no = 0
        self.drive: Drive | None = None
        self.turn()

    def turn(self, ms: int = 10, *, station: bool = True) -> None:
        """station: whether the deciding half runs; without, it is frozen."""
        self.clock.now += ms
        self.clock.mono += ms
        seen = self.plant.step(self.clock.mono)
        if station:
            self.plant.drive = self.drive = self.machine.turn(seen, self.clock.now, self.clock.mono)
            self.machine.write_down()

    def ask(
        self, kind: str, body: dict[str, Any] | None = None, *, by: Any = None, kid: str = "", **members: Any
    ) -> Any:
        """The device's answer, read; None where it gave none."""
        self.seq += 1
        given = {"seq": self.seq, "beat": self.clock.mono, **members}
        data = frames.ask(kind, body or {}, dev=DEVICE, re=f"re-{self.seq}", by=kid, signer=by, **given)
        answer = self.machine.ask(data, self.clock.now, self.clock.mono)
        return frames.read_say(answer, DEVICE_KEY.public) if answer else None

    def lease(self, warrant: str, envelope: str = "", **members: Any) -> Any:
        said = self.ask(
            "lease",
            {"warrant": warrant, "envelope": envelope, "run": self.run_no, "voice": "voice"},
            by=COPY_KEY,
            **members,
        )
        self.run_no = said.state.run if not said.code else 0
        return said

    def command(self, speed: int, **members: Any) -> Any:
        return self.ask("command", {"speed": speed}, **{"by": COPY_KEY, **members})

    def hand(self, hand: str, **members: Any) -> Any:
        return self.ask("takeover", {"hand": hand}, **{"by": PERSON_KEY, "kid": PERSON, **members})

    def until_standing(self, limit_ms: int, *, station: bool = True) -> int:
        """ms until the plant stands; raises AssertionError past the limit."""
        for waited in range(0, limit_ms + 10, 10):
            if self.plant.seen.speed == 0:
                return waited
            self.turn(station=station)
        raise AssertionError(f"still moving at {self.plant.seen} after {limit_ms} ms")


def key_of_nobody() -> Key:
    return key("nobody")
