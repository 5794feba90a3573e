# SPDX-License-Identifier: Apache-2.0
"""The deciding half of a machine that moves: what it is told, by whom, and what its drive gets. Sans-io.

Two dead-men stand under it. The actuator brakes by itself when no lease renewal comes within its watchdog; and here, at
each turn, the warrant must still admit. What slows the machine is always done, and written down after; what moves it
more needs its leader, a live lease, its limits, and a line in its journal first.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Final, Protocol

import msgspec

from answerable.errors import AnswerableError, Refused, Unavailable, VerificationError
from answerable.machines import frames
from answerable.machines.authority import Authority, Lease
from answerable.machines.frames import FRESH_MS, Ask
from answerable.machines.limits import Braking, allowed, free_ahead, max_speed
from answerable.machines.wires import GONE, gone
from answerable.model.devices import Command, DeviceState, Hand, Mode
from answerable.model.envelopes import Motion
from answerable.ports import Signer

SPEED_SLACK: Final = 50  # mm/s that a drive may overshoot
CREEP: Final = 20  # mm kept free before a border


class Notes(Protocol):
    missed: int

    def write(self, what: str, at: int, facts: dict[str, str | int]) -> None:
        """Raises Unavailable ``device.unrecorded``."""


@dataclass(frozen=True, slots=True)
class Seen:
    """What the machine's own sensors say. mm, mm/s."""

    x: int
    y: int
    speed: int


@dataclass(frozen=True, slots=True)
class Drive:
    """What the actuator gets each turn. rate: how hard it brakes, mm/s2; renewed: when the lease was last renewed,
    monotonic ms: the actuator's own watchdog counts from it; powered: whether the motor has power."""

    speed: int
    rate: int
    renewed: int
    powered: bool


Tell = Callable[[str, dict[str, str | int]], None]
"""(what, facts): ``device.unsafe``, ``device.takeover``: what others must hear of, as well as the journal."""


class Machine:
    """One machine. people: keys (kid -> 32 bytes) of those who may take it over; limits: its own; settle_ms: S, by when
    it stands after it began to brake; watchdog_ms: how long a lease lives without renewal.
    order, person: what stopped it, and who had it, when it was last switched off: it begins as it ended."""

    def __init__(
        self,
        *,
        device: str,
        signer: Signer,
        authority: Authority,
        people: Mapping[str, bytes],
        limits: Motion,
        braking: Braking,
        journal: Notes,
        watchdog_ms: int = 300,
        tell: Tell = lambda _what, _facts: None,
        order: str = "",
        person: str = "",
    ) -> None:
        if not 100 <= watchdog_ms <= 500:
            raise ValueError("a watchdog takes 100 to 500 ms")
        self.device = device
        self.watchdog_ms = watchdog_ms
        self.settle_ms = braking.time_ms(limits.max_speed, braking.stop)
        self._signer, self._authority, self._people = signer, authority, people
        self._limits, self._braking, self._journal, self._tell = limits, braking, journal, tell
        self._mode, self._why, self._order, self._person = Mode.IDLE, "", order, person
        if person:
            self._mode, self._why = Mode.PERSON, "device.person"
        elif order:
            self._mode, self._why = Mode.STOPPED, "device.stopped"
        self._lease: Lease | None = None
        self._led: Lease | None = None  # who led last
        self._run = 0
        self._voice = ""  # of who leads, as its transport will say that it is gone
        self._later: list[tuple[str, int, dict[str, str | int]]] = []
        self._renewed = -(10**9)
        self._wanted = 0
        self._rate = braking.stop
        self._seqs: dict[str, int] = {}
        self._seen = Seen(0, 0, 0)
        self._braking_since: int | None = None
        self._unsafe: set[str] = set()
        self._powered = False

    # --- what it is asked ---------------------------------------------------------------------------------------------

    def ask(self, data: bytes, now_ms: int, mono_ms: int) -> bytes:
        """The answer to a message, b"" where nobody waits for one."""
        if data.startswith(GONE):  # the transport's last words for somebody
            if self._mode is Mode.LIVE and self._voice and data == gone(self._voice):
                self._stop("device.authority", now_ms, mono_ms)
            return b""
        try:
            message = frames.read_ask(data)
        except VerificationError:
            return b""
        if message.dev != self.device:
            return b""
        code, params = "", {}
        try:
            self._do(message, now_ms, mono_ms)
        except AnswerableError as error:
            code = error.code
            params = {k: v for k, v in error.params.items() if isinstance(v, str | int)}
        return frames.say(self.state(now_ms, mono_ms), self._signer, re=message.re[:64], code=code, params=params)

    def state(self, now_ms: int, mono_ms: int) -> DeviceState:
        return DeviceState(
            device=self.device,
            mode=self._mode,
            beat=mono_ms,
            x=self._seen.x,
            y=self._seen.y,
            speed=self._seen.speed,
            wanted=self._wanted,
            standstill=self._seen.speed == 0,
            powered=self._powered,
            why=self._why,
            order=self._order,
            person=self._person,
            left=self._lease.left_ms(now_ms, mono_ms) if self._lease is not None else 0,
            run=self._run if self._lease is not None else 0,
            unrecorded=self._journal.missed,
            unsafe=",".join(sorted(self._unsafe)),
        )

    def _do(self, message: Ask, now_ms: int, mono_ms: int) -> None:
        if message.kind == "state":
            return
        if message.kind == "stop":
            self._told_to_stop(message, now_ms, mono_ms)
        elif message.kind == "lease":
            self._lead(message, now_ms, mono_ms)
        elif message.kind == "tell":
            self._told(message, now_ms, mono_ms)
        elif message.kind == "command":
            self._command(message, now_ms, mono_ms)
        else:
            self._hand(message, now_ms, mono_ms)

    def _told_to_stop(self, message: Ask, now_ms: int, mono_ms: int) -> None:
        """Whoever says so: it slows the machine. An order keeps it stopped."""
        if self._mode in (Mode.LIVE, Mode.STOPPING, Mode.IDLE):
            self._stop("device.told", now_ms, mono_ms)
        order = message.body.get("order", "")
        if isinstance(order, str) and order:
            self.order(order.encode(), now_ms, mono_ms)

    def _told(self, message: Ask, now_ms: int, mono_ms: int) -> None:
        """An order or a pulse that somebody carries here; each proves itself."""
        order, pulse = message.body.get("order", ""), message.body.get("pulse", "")
        if not isinstance(order, str) or not isinstance(pulse, str) or not (order or pulse):
            raise VerificationError("device.malformed", detail="neither an order nor a pulse")
        if order:
            self.order(order.encode(), now_ms, mono_ms)
        if pulse:
            self._authority.view.pulse(pulse.encode(), now_ms, mono_ms)

    def order(self, data: bytes, now_ms: int, mono_ms: int) -> None:
        """Take in a stop order's message; where it reaches who leads, or led last, the machine stays stopped. Raises as
        `HolderView.order`."""
        self._authority.view.order(data)
        if self._led is None:
            return
        try:
            self._authority.admits(self._led, now_ms=now_ms, mono_ms=mono_ms)
        except Refused as error:
            if error.code == "stop.system":
                self._stop(error.code, now_ms, mono_ms, order=str(error.params.get("order", "")))

    def _lead(self, message: Ask, now_ms: int, mono_ms: int) -> None:
        body = message.body
        token, envelope, voice = body.get("warrant"), body.get("envelope", ""), body.get("voice", "")
        run = body.get("run", 0)
        if (
            not (isinstance(token, str) and isinstance(envelope, str) and isinstance(voice, str))
            or type(run) is not int
        ):
            raise VerificationError("device.malformed", detail="a lease without a warrant")
        lease = self._authority.read(token, envelope, now_ms=now_ms, mono_ms=mono_ms)
        frames.check_ask(message, lease.public)
        self._fresh(message, lease.warrant.copy, mono_ms)
        lease = self._authority.take(lease, now_ms=now_ms, mono_ms=mono_ms)
        if self._order or self._person:
            raise self._refusal()
        unheard = run == 0 and self._unheard(lease, voice)
        if run == 0 and not unheard:
            self._begin(lease, now_ms, mono_ms)
        elif self._lease is None or self._lease.warrant.copy != lease.warrant.copy or not (unheard or run == self._run):
            raise Refused("device.authority")  # it was stopped meanwhile, or another leads it
        elif self._lease.warrant.jti != lease.warrant.jti:
            self._lease = self._led = lease
        self._renewed, self._voice = mono_ms, voice

    def _unheard(self, lease: Lease, voice: str) -> bool:
        """Whether it is who leads already, over the same connection, and did not hear that it does."""
        held = self._lease
        same = held is not None and held.warrant.copy == lease.warrant.copy and voice == self._voice
        return self._mode is Mode.LIVE and bool(voice) and same

    def _begin(self, lease: Lease, now_ms: int, mono_ms: int) -> None:
        """A new lease: it stands, and waits for a command."""
        if self._mode not in (Mode.IDLE, Mode.STOPPED):
            raise Refused("device.authority")
        if not allowed(self._all_limits(lease), self._seen.x, self._seen.y):
            raise Refused("device.limit", what="zone")
        if self._ends(lease, now_ms, mono_ms):
            raise Refused("envelope.expired")
        self._note("lease", now_ms, {"copy": lease.warrant.copy, "grant": lease.warrant.grant}, first=True)
        self._run += 1
        self._lease = self._led = lease
        self._mode, self._why, self._wanted, self._rate = Mode.LIVE, "", 0, self._braking.stop

    def _command(self, message: Ask, now_ms: int, mono_ms: int) -> None:
        try:
            speed = msgspec.convert(message.body, Command, strict=True).speed
        except msgspec.ValidationError:
            raise VerificationError("device.malformed", detail="a command that is none") from None
        if speed == 0 or ((speed > 0) == (self._wanted > 0) and abs(speed) <= abs(self._wanted)):
            if speed != self._wanted:  # said again it is no news: strangers must not fill the journal
                self._wanted = speed
                self._note("slower", now_ms, {"speed": speed})
            return
        lease = self._lease
        if lease is None or self._mode is not Mode.LIVE:
            raise self._refusal()
        frames.check_ask(message, lease.public)
        self._fresh(message, lease.warrant.copy, mono_ms)
        self._authority.admits(lease, now_ms=now_ms, mono_ms=mono_ms)
        limits = self._all_limits(lease)
        if abs(speed) > max_speed(limits):
            raise Refused("device.limit", what="speed")
        if not free_ahead(limits, self._seen.x, self._seen.y, 1 if speed > 0 else -1, CREEP):
            raise Refused("device.limit", what="zone")
        self._note("faster", now_ms, {"speed": speed, "copy": lease.warrant.copy}, first=True)
        self._wanted = speed

    def _hand(self, message: Ask, now_ms: int, mono_ms: int) -> None:
        public = self._people.get(message.by)
        if public is None:
            raise VerificationError("device.forged")
        frames.check_ask(message, public)
        self._fresh(message, message.by, mono_ms)
        try:
            hand = Hand(str(message.body.get("hand")))
        except ValueError:
            raise VerificationError("device.malformed", detail="a hand that does nothing known") from None
        self.hand(hand, message.by, now_ms, mono_ms)

    def hand(self, hand: Hand, person: str, now_ms: int, mono_ms: int) -> None:
        """A person at the machine, by the switch on it or by a key. Raises Refused ``device.person`` where another
        person has it."""
        if self._person and self._person != person and hand is not Hand.TAKE:
            raise Refused("device.person", person=self._person)
        if hand is Hand.TAKE:
            self._person, self._wanted, self._lease = person, 0, None
            self._begin_braking(mono_ms)
            self._mode, self._why, self._rate = Mode.PERSON, "device.person", self._braking.stop
        elif hand is Hand.GIVE:
            self._person = ""
            still = Mode.STOPPED if self._order else Mode.IDLE
            self._mode = still if self._seen.speed == 0 else Mode.STOPPING
            self._why = "device.stopped" if self._order else ""
        elif self._mode is not Mode.STOPPING and self._seen.speed == 0:  # a reset while it moves resets nothing
            self._order = ""
            self._unsafe.clear()
            if not self._person:
                self._mode, self._why, self._wanted, self._lease = Mode.IDLE, "", 0, None
        facts: dict[str, str | int] = {
            "hand": hand.value,
            "person": person,
            "x": self._seen.x,
            "speed": self._seen.speed,
        }
        self._note("takeover", now_ms, facts)
        self._tell("device.takeover", facts)

    # --- each turn of the control loop --------------------------------------------------------------------------------

    def turn(self, seen: Seen, now_ms: int, mono_ms: int) -> Drive:
        """What the actuator gets now. seen: by its sensors."""
        self._seen = seen
        self._check(now_ms, mono_ms)
        if seen.speed == 0:
            self._braking_since = None
            if self._mode is Mode.STOPPING:
                self._mode, self._lease = Mode.STOPPED, None
                self._note("standstill", now_ms, {"x": seen.x, "why": self._why})
        self._watch_itself(now_ms, mono_ms)
        moving = self._mode is Mode.LIVE
        # Stop 1: the drive keeps its power until the machine stands.
        self._powered = moving or (self._mode in (Mode.STOPPING, Mode.PERSON) and seen.speed != 0)
        return Drive(self._target(mono_ms) if moving else 0, self._rate, self._renewed, self._powered)

    def _check(self, now_ms: int, mono_ms: int) -> None:
        """Whether it may go on at all."""
        lease = self._lease
        if self._mode is not Mode.LIVE or lease is None:
            return
        try:
            self._authority.admits(lease, now_ms=now_ms, mono_ms=mono_ms)
        except (Refused, Unavailable) as error:
            self._stop(error.code, now_ms, mono_ms, order=str(error.params.get("order", "")))
            return
        if mono_ms - self._renewed > self.watchdog_ms:
            self._stop("device.authority", now_ms, mono_ms)
            return
        if self._ends(lease, now_ms, mono_ms):
            self._stop("envelope.expired", now_ms, mono_ms, rate=self._braking.gentle)

    def _ends(self, lease: Lease, now_ms: int, mono_ms: int) -> bool:
        """Whether the envelope ends so soon that the minimal-risk manoeuvre begins: it is over by then, and no cut."""
        left = lease.envelope_left_ms(now_ms, mono_ms)
        return left is not None and left <= self._braking.time_ms(self._seen.speed, self._braking.gentle) + FRESH_MS

    def _target(self, mono_ms: int) -> int:
        """The speed that it was told, as far as the way ahead and its limits let it."""
        wanted = self._wanted
        if wanted == 0 or self._lease is None:
            return 0
        limits = self._all_limits(self._lease)
        wanted = max(-max_speed(limits), min(wanted, max_speed(limits)))
        direction = 1 if wanted > 0 else -1
        need = self._braking.distance(max(abs(self._seen.speed), abs(wanted)), self._braking.stop) + CREEP
        free = free_ahead(limits, self._seen.x, self._seen.y, direction, need)
        if free >= need:
            return wanted
        if free <= CREEP:
            return 0
        # As fast as it may be to stand before the border.
        room = free - CREEP
        slow = abs(wanted)
        while slow > 0 and self._braking.distance(slow, self._braking.stop) > room:
            slow -= max(1, slow // 16)
        return direction * slow

    def _watch_itself(self, now_ms: int, mono_ms: int) -> None:
        """RL6: no standstill within S, or in a place where it may not be; each told once."""
        took = mono_ms - self._braking_since if self._braking_since is not None else 0
        limit = self.settle_ms + FRESH_MS
        if self._rate == self._braking.gentle:
            limit = self._braking.time_ms(self._limits.max_speed, self._braking.gentle) + FRESH_MS
        if took > limit and "no_stop" not in self._unsafe:
            self._say_unsafe("no_stop", now_ms, {"ms": took, "limit": limit})
        limits = self._all_limits(self._lease) if self._lease is not None else (self._limits,)
        if not allowed(limits, self._seen.x, self._seen.y) and "zone" not in self._unsafe:
            self._say_unsafe("zone", now_ms, {"x": self._seen.x, "y": self._seen.y})
            self._stop("device.limit", now_ms, mono_ms)
        if abs(self._seen.speed) > max_speed(limits) + SPEED_SLACK and self._mode is Mode.LIVE:
            self._stop("device.limit", now_ms, mono_ms)

    def _say_unsafe(self, why: str, now_ms: int, facts: dict[str, str | int]) -> None:
        self._unsafe.add(why)
        copy = self._lease.warrant.copy if self._lease is not None else ""
        facts = {"why": why, "copy": copy, **facts}
        self._note("unsafe", now_ms, facts)
        self._tell("device.unsafe", facts)

    # --- how it stops -------------------------------------------------------------------------------------------------

    def _stop(self, why: str, now_ms: int, mono_ms: int, *, order: str = "", rate: int = 0) -> None:
        """Brake first, write after. Stopped by an order it stays so until a person resets it."""
        again = self._mode is Mode.STOPPING and self._why == why
        self._wanted = 0
        self._order = order or self._order
        if self._mode is not Mode.PERSON:
            self._mode, self._why = Mode.STOPPING, why
            self._rate = rate or self._braking.stop
        self._begin_braking(mono_ms)
        if not again:
            facts: dict[str, str | int] = {"why": why, "x": self._seen.x, "speed": self._seen.speed}
            self._note("stop", now_ms, {**facts, **({"order": order} if order else {})})

    def _begin_braking(self, mono_ms: int) -> None:
        if self._braking_since is None and self._seen.speed != 0:
            self._braking_since = mono_ms

    def _refusal(self) -> Refused:
        if self._order:
            return Refused("device.stopped", order=self._order)
        if self._person:
            return Refused("device.person", person=self._person)
        return Refused("device.authority")

    def _all_limits(self, lease: Lease) -> tuple[Motion, ...]:
        return (self._limits,) if lease.motion is None else (self._limits, lease.motion)

    def _fresh(self, message: Ask, who: str, mono_ms: int) -> None:
        """Raises Refused ``device.stale``. Only what was proven to be by `who` may come here."""
        if not 0 <= mono_ms - message.beat <= FRESH_MS or message.seq <= self._seqs.get(who, 0):
            raise Refused("device.stale")
        self._seqs[who] = message.seq

    def _note(self, what: str, now_ms: int, facts: dict[str, str | int], *, first: bool = False) -> None:
        """Write it down: with `first` now, or it is not done; else once the actuator was told (`write_down`)."""
        self._later.append((what, now_ms, facts))
        if first:
            self.write_down(strict=True)

    def write_down(self, *, strict: bool = False) -> None:
        """Write what happened since. What cannot be written is counted, and nothing waits for it; strict: raises
        Unavailable ``device.unrecorded``."""
        waiting, self._later = self._later, []
        for number, (what, at, facts) in enumerate(waiting):
            try:
                self._journal.write(what, at, facts)
            except Unavailable:
                if strict and number == len(waiting) - 1:
                    raise
