# SPDX-License-Identifier: Apache-2.0
"""A world in virtual time around the real code of the stop: issuer, officers' orders, pulse, guards and a gateway node,
each on hosts with clocks of their own, joined by a net that loses, delays, repeats and cuts. Nothing here decides;
what admits is `admission.admit`, behind `guard.standing.Standing` and `warrants.gate.Gate`.

True time is known to the world alone. `World.late` compares each admission with what the bound promises for it.
"""

from __future__ import annotations

import asyncio
import json
from dataclasses import dataclass, field

import msgspec

from answerable.admission import orders, pulse
from answerable.admission.bound import Clocks, bound
from answerable.admission.clocks import ClockMode, Reading
from answerable.admission.holding import HolderView
from answerable.admission.orders import Told
from answerable.admission.requests import WarrantRequest
from answerable.admission.trust import Trust
from answerable.errors import Refused, Unavailable
from answerable.guard.sources import ControlPlane, Identity
from answerable.guard.standing import Standing
from answerable.log.leaf import encode, rid
from answerable.model.leaves import OrderLeaf
from answerable.model.records import Copy, System
from answerable.model.terms import OrderKind, Scope
from answerable.model.units import EPOCH, Put, Space
from answerable.model.warrants import Credential, Peer
from answerable.registry.book import Book
from answerable.stops import orders as stops
from answerable.stops.planned import Reason
from answerable.warrants.desk import Desk
from answerable.warrants.gate import Gate
from answerable.warrants.holder import Holder
from answerable.warrants.issuer import Issuer
from tests.fleet import DOMAIN, GATEWAY, ISSUER, ORIGIN, T0, Fleet, key

LIFE = 6_000  # ms: of a warrant
VALID = 4_000  # ms: of a pulse
ERROR = 50  # ms: how far the clock of a host that is synchronised may be off
DRIFT = 200  # ppm
STEP = 250  # ms: how often those who are awake look after their leases
NODE = f"spiffe://{DOMAIN}/gateway/far"
PULSE_KID, KID = "pulse-1", "issuer-1"


class Host:
    """Clocks. off: what the wall clock shows too much, ms; ppm: how much too slowly the monotonic one goes."""

    def __init__(self, world: World, ppm: int = 0) -> None:
        self._world = world
        self._mono_us = 0
        self.ppm = ppm
        self.off = 0
        self.stepped = False  # further than ERROR, ever: then wall clocks promise nothing here any more

    def now_ms(self) -> int:
        return self._world.true + self.off

    @property
    def now(self) -> int:
        return self.now_ms()

    def mono_ms(self) -> int:
        return 1_000_000 + self._mono_us // 1_000

    def go(self, ms: int) -> None:
        self._mono_us += ms * (1_000_000 - self.ppm) // 1_000

    def step(self, off: int) -> None:
        self.off = off
        self.stepped = self.stepped or abs(off) > ERROR

    def reading(self) -> Reading:
        """What the kernel would say."""
        return Reading(abs(self.off) <= ERROR, ERROR, self.mono_ms())


def heard(view: HolderView, data: bytes, host: Host) -> None:
    """A pulse comes; one that is old, or from another clock's future, is nothing."""
    try:
        view.pulse(data, host.now_ms(), host.mono_ms())
    except Refused as error:
        if error.code not in {"pulse.replayed", "pulse.stale", "pulse.future"}:
            raise


@dataclass(slots=True)
class Given:
    """An order in the model. at: true time of its commit; beat: when the second authority knew of it, -1 while it does
    not; reaches: rids of copies."""

    rid: str
    kind: OrderKind
    at: int
    reaches: frozenset[str]
    beat: int = -1
    released: bool = False


@dataclass(frozen=True, slots=True)
class Admission:
    """where: ``guard``, ``home`` (the control plane's own gateway) or ``node``."""

    where: str
    copy: str
    at: int
    host: Host
    told: frozenset[str]


@dataclass(slots=True)
class Guard:
    """A guard as far as it is sans-io: its lease, its ear, its standing. net: whether it reaches the control plane;
    answers: whether answers come back; awake: False while it is frozen (SIGSTOP)."""

    world: World
    host: Host
    copy: Copy
    system: System
    mode: ClockMode
    net: bool = True
    answers: bool = True
    awake: bool = True
    view: HolderView = field(init=False)
    source: ControlPlane = field(init=False)
    standing: Standing = field(init=False)
    told: set[str] = field(init=False)

    def __post_init__(self) -> None:
        self.boot()

    def boot(self) -> None:
        """Start anew: whatever was in memory is gone."""
        signer = key(f"copy {self.system.name} 1")
        self.view = HolderView(self.world.trust, self.mode)
        self.told = set()
        identity = Identity(
            key=signer,
            public=signer.public,
            copy=self.copy.id,
            rid=self.copy.rid,
            issuer=ISSUER,
            audience=NODE,
            issuers={KID: key("issuer").public},
        )
        clocks = {"wall": self.host.now_ms, "mono": self.host.mono_ms}
        self.source = ControlPlane(identity, (self,), **clocks)
        self.standing = Standing(NODE, self.view, **clocks)
        self.standing.closed = ""

    async def post(self, _path: str, body: bytes) -> bytes:
        """The net between it and the issuer."""
        if not self.net:
            raise Unavailable("admin.unreachable", socket="the net")
        asked = json.loads(body)
        request = msgspec.convert(asked["request"], WarrantRequest)
        granted = await self.world.issuer.answer(request, asked["signature"])
        if not self.answers:
            raise Unavailable("admin.unreachable", socket="the net, on the way back")
        warrant = granted.warrant
        life = warrant.exp_ms - warrant.iat_ms
        return json.dumps(
            {"token": granted.token, "grant": warrant.grant, "seq": warrant.seq, "expires": warrant.exp_ms,
             "life": life}
        ).encode()  # fmt: skip

    def look(self) -> None:
        """What its loop does when it wakes."""
        if not self.awake:
            return
        if self.mode is ClockMode.NTP:
            self.view.clock(self.host.reading())
        leased = self.standing.leased
        if leased is None or self.host.mono_ms() >= leased.held.due:
            try:
                self.standing.leased = self.world.run(self.source.next())
            except Refused:
                self.standing.leased = None  # the program ends
            except Unavailable:
                pass  # what is in hand goes on until it ends

    def hear(self, message: bytes) -> None:
        if self.awake and (told := self.view.order(message)) is not None:
            self.told.add(told.stop.rid)

    def beat(self, data: bytes) -> None:
        if not self.awake:
            return
        heard(self.view, data, self.host)
        self.told.update(told.stop.rid for told in self.view.told())

    def acts(self) -> bool:
        """Try to act, as its program would."""
        if not self.awake:
            return False
        try:
            self.standing.admit()
        except Refused:
            return False
        self.world.admitted("guard", self.copy.rid, self.host, self.told)
        return True


class Node:
    """A gateway on another host: a copy of the registry as old as its last sync, orders and pulses by the relay."""

    def __init__(self, world: World, host: Host) -> None:
        self.world = world
        self.host = host
        self.net = True
        self.told: set[str] = set()
        self.boot()

    def boot(self) -> None:
        self.view = HolderView(self.world.trust, ClockMode.NTP)
        self.told = set()
        self.sync()

    def sync(self) -> None:
        """The registry as it stands now."""
        book = Book(DOMAIN)
        for space in Space:
            for where, row in self.world.book.rows(space):
                book.apply((Put(space, where, row),))
        holder = Holder(issuer=self.world.issuer, directory=book, clock=self.host, aud=NODE, spread=lambda: 0.0)
        issuers = {KID: key("issuer").public}
        self.desk = Desk(directory=book, clock=self.host, holder=holder, issuers=issuers, iss=ISSUER)
        self.gate = Gate(book, self.host, NODE, told=self.view)
        self.told.update(stop.rid for stop in book.stops())

    def hear(self, message: bytes) -> None:
        if (told := self.view.order(message)) is not None:
            self.told.add(told.stop.rid)

    def beat(self, data: bytes) -> None:
        heard(self.view, data, self.host)
        self.told.update(told.stop.rid for told in self.view.told())

    def serves(self, token: str, copy: str) -> bool:
        """Whether it admits who shows this warrant now."""
        self.view.clock(self.host.reading())
        try:
            bearer = self.world.run(self.desk.present(Credential(token, Peer(address="127.0.0.1"))))
            self.gate.admit(bearer)
        except Refused:
            return False
        self.world.admitted("node", copy, self.host, self.told)
        return True


class World(Fleet):
    """home: the host of registry and issuer; far: one that keeps time by NTP."""

    def __init__(self) -> None:
        self.true = T0
        self.loop = asyncio.new_event_loop()
        super().__init__()
        self.home, self.far, self.other_far = Host(self), Host(self), Host(self)
        self.authority = Host(self)  # the second one's
        self.clock = self.ledger.clock = self.home  # type: ignore[assignment]
        self.trust = Trust(ORIGIN, issuers={KID: key("issuer").public}, pulses={PULSE_KID: key("pulse").public})
        self.orders: list[Given] = []
        self.admissions: list[Admission] = []
        self.late: list[str] = []
        self.issuer_lies = self.pulse_lies = False
        self._seq = 0
        self._heard: dict[str, Told] = {}  # what the second authority knows: it forgets nothing
        self.beats: list[bytes] = []
        self.delta = True  # whether every third pulse carries the orders that it speaks of
        self.hear_authority = True  # whether the second authority hears of orders
        self.new_issuer()
        self.guards = [
            Guard(self, self.home, self.copies["tuned"], self.tuned, ClockMode.SAME_HOST),
            Guard(self, self.far, self.copies["quant"], self.quant, ClockMode.NTP),
            Guard(self, self.other_far, self.copies["other"], self.other, ClockMode.NTP),
        ]
        self.node = Node(self, self.far)
        self.tokens: list[tuple[str, str]] = []  # every warrant that a guard ever held, with its copy

    def close(self) -> None:
        self.loop.close()

    def run(self, work):  # type: ignore[no-untyped-def]
        return self.loop.run_until_complete(work)

    def new_issuer(self) -> None:
        """The control plane's process starts: boots that it knew are forgotten."""
        self.issuer = Issuer(
            directory=self.book,
            ledger=self.ledger,
            clock=self.home,
            signer=key("issuer"),
            iss=ISSUER,
            kid=KID,
            audiences={GATEWAY, NODE},
            lapsed=lambda _: (),
            life_ms=LIFE,
        )

    # --- time -------------------------------------------------------------------------------------------------------
    def passes(self, ms: int) -> None:
        """Time goes on, and who is awake does his rounds."""
        while ms > 0:
            step = min(STEP, ms)
            ms -= step
            self.true += step
            for host in (self.home, self.far, self.other_far, self.authority):
                host.go(step)
            for guard in self.guards:
                guard.look()
                leased = guard.standing.leased
                if leased is not None and (leased.held.token, guard.copy.rid) not in self.tokens:
                    self.tokens.append((leased.held.token, guard.copy.rid))
            self.everyone_tries()

    def everyone_tries(self) -> None:
        for guard in self.guards:
            guard.acts()
        for token, copy in self.tokens[-12:]:
            self.node.serves(token, copy)

    # --- orders -----------------------------------------------------------------------------------------------------
    def order(self, system: System, kind: OrderKind = OrderKind.TERMINATE, scope: Scope = Scope.LINEAGE) -> Given:
        """Two officers order; the registry takes it."""
        reason = Reason.of("a drill")
        plain = stops.statement(self.book, kind=kind, root=system.rid, reason=reason, scope=scope)
        leaf = self.sign(plain, *self.officers[:2])
        assert isinstance(leaf, OrderLeaf)
        plan = stops.terminate if kind is OrderKind.TERMINATE else stops.suspend
        planned = plan(self.book, leaf, reason, self.home.now_ms())
        self.ledger.write(planned.unit)
        hit = stops.preview(self.book, system.rid, scope, self.home.now_ms())
        given = Given(planned.rid, kind, self.true, frozenset(copy.rid for copy in hit.copies))
        self.orders.append(given)
        self.tell_authority()
        return given

    def release(self, given: Given) -> None:
        plain = stops.release_statement(given.rid)
        planned = stops.release(self.book, self.sign(plain, *self.officers[:2]), self.home.now_ms())  # type: ignore[arg-type]
        self.ledger.write(planned.unit)
        given.released = True
        self.tell_authority()

    def forget_the_orders(self) -> None:
        """The registry is put back to before every order, and its issuer goes on as if there had been none."""
        book = Book(DOMAIN)
        for space in Space:
            for where, row in self.book.rows(space):
                if space is not Space.STOPS and (space, where) != (Space.COUNTERS, EPOCH):
                    book.apply((Put(space, where, row),))
        self.book = self.ledger.book = book
        self.new_issuer()

    def messages(self) -> list[bytes]:
        """Every order as the issuer tells of it."""
        leaves: dict[str, bytes] = {rid(encode(leaf)): encode(leaf) for leaf in self.ledger.leaves}
        return [
            orders.message(
                stop,
                leaves[stop.rid],
                origin=ORIGIN,
                release=leaves[stop.released] if stop.released else b"",
                signer=key("issuer"),
                kid=KID,
            )
            for stop in self.book.stops()
        ]

    def tell_authority(self) -> None:
        """The second authority hears of what was ordered, unless it is cut off."""
        if self.hear_authority:
            for told in (orders.read(message, self.trust) for message in self.messages()):
                self._heard[told.stop.rid] = told
            for given in self.orders:
                if given.beat < 0:
                    given.beat = self.true

    def make_beat(self) -> bytes:
        """A pulse, now. One that lies tells of no order that came after it began to lie."""
        if not self.pulse_lies:
            self.tell_authority()
        told = tuple(self._heard.values())
        self._seq += 1
        made = pulse.Pulse(
            iss=f"spiffe://{DOMAIN}/pulse/main",
            origin=ORIGIN,
            seq=self._seq,
            at=self.authority.now_ms(),
            valid_for=VALID,
            epoch=max((max(each.epoch, each.changed) for each in told), default=0),
            stop_root=orders.stop_root(each.stop for each in told),
            delta=tuple(each.data for each in told) if self.delta and self._seq % 3 == 0 else (),
        )
        data = pulse.make(made, key("pulse"), PULSE_KID)
        self.beats.append(data)
        return data

    # --- what is promised -------------------------------------------------------------------------------------------
    def admitted(self, where: str, copy: str, host: Host, told: set[str]) -> None:
        admission = Admission(where, copy, self.true, host, frozenset(told))
        self.admissions.append(admission)
        for given in self.orders:
            if copy not in given.reaches or given.released:
                continue
            if given.rid in told:
                self.late.append(f"{where}: it knew of the order")
            limit = self.limit(where, given, host)
            if limit is not None and self.true >= limit:
                self.late.append(f"{where}: {self.true - given.at} ms after the order, bound {limit - given.at}")

    def limit(self, where: str, given: Given, host: Host) -> int | None:
        """By when the order holds there, by the strictest clock and authority that is good; None where none is."""
        within = bound("", LIFE, Clocks(view_ms=0, issuer_error_ms=ERROR, holder_error_ms=ERROR, drift_ppm=DRIFT))
        limits = []
        if not self.issuer_lies:
            if where == "guard":
                limits.append(given.at + within.monotonic)
            if not self.home.stepped and not host.stepped:
                limits.append(given.at + within.synced)
        if not self.pulse_lies and given.beat >= 0 and not host.stepped:
            limits.append(given.beat + VALID + 2 * ERROR)
        return min(limits, default=None)
