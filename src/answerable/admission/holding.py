# SPDX-License-Identifier: Apache-2.0
"""What a holder knows: the orders it was told of, the newest pulse, the state of its clock. Sans-io.

Orders are only ever added; messages may be lost, repeated and disordered. The numbers that the issuer gives to the
changes of the stop set show a holder its gaps; a pulse prolongs its life only when it has every order that the pulse
speaks of, so that a carrier who withholds an order gains nothing.
"""

from __future__ import annotations

from dataclasses import replace
from hashlib import sha256
from typing import Final

import msgspec

from answerable.admission import clocks, orders, pulse
from answerable.admission.admit import SKEW_MS
from answerable.admission.clocks import ClockMode, Reading
from answerable.admission.orders import Told
from answerable.admission.stopset import NEVER, StopSet
from answerable.admission.trust import Trust
from answerable.errors import AnswerableError, Refused, VerificationError
from answerable.model.terms import OrderKind

# Messages that were read are known by their hash: each pulse repeats the newest.
MAX_SEEN: Final = 65_536
# Orders in force past the registry that rest on the same officers alone: one of them must not fill a holder.
MOST_ALONE: Final = 16
_BY: Final = ("issuer", "authority", "officers", "pulse")


class _Life:
    """A pulse that was read: how far it lets this holder go on, once all that it speaks of is known."""

    __slots__ = ("ends_mono_ms", "ends_ms", "epoch", "root")

    def __init__(self, beat: pulse.Pulse, life_ms: int, now_ms: int, mono_ms: int) -> None:
        self.epoch = beat.epoch
        self.root = beat.stop_root
        self.ends_ms = beat.at + life_ms
        # By the monotonic clock no longer than was left when it came, and never longer than its whole life.
        self.ends_mono_ms = mono_ms + min(life_ms, self.ends_ms - now_ms)


class HolderView:
    """clock: how this holder's clock relates to the issuer's; pulse_required: where not told, whether a pulse's key is
    pinned; max_valid_ms: no pulse counts for longer here, whatever it says."""

    __slots__ = (
        "_beat",
        "_issued",
        "_known",
        "_life",
        "_max_error_ms",
        "_mode",
        "_numbers",
        "_pending",
        "_reading",
        "_run",
        "_seen",
        "_seq",
        "_stops",
        "changes",
        "max_valid_ms",
        "pulse_required",
        "trust",
    )

    def __init__(
        self,
        trust: Trust,
        clock: ClockMode = ClockMode.NTP,
        pulse_required: bool | None = None,
        *,
        max_valid_ms: int = pulse.MAX_VALID_MS,
        max_error_ms: int = clocks.MAX_ERROR_MS,
    ) -> None:
        self.trust = trust
        self.pulse_required = bool(trust.pulses) if pulse_required is None else pulse_required
        self._mode = clock
        self.max_valid_ms = max_valid_ms
        self._max_error_ms = max_error_ms
        self._reading: Reading | None = None
        self._known: dict[str, Told] = {}
        self._issued: dict[bytes, str] = {}  # statement -> name of what the issuer told of it
        self._seen: dict[bytes, None] = {}
        self._numbers: set[int] = set()
        self._run = 0
        self._stops: StopSet | None = None
        self.changes = 0  # of what `check` and `stops` say, time apart
        self._seq = 0
        self._beat = b""  # hash of the newest pulse
        self._life: _Life | None = None
        self._pending: _Life | None = None

    @property
    def stops(self) -> StopSet:
        """All that reaches anyone, as far as was told."""
        stops = self._stops
        if stops is None:
            stops = self._stops = StopSet.of((told.stop for told in self._standing()), epoch=self._run)
        return stops

    @property
    def epoch(self) -> int:
        """Up to this number every change of the stop set is known."""
        return self._run

    @property
    def seq(self) -> int:
        """Number of the newest pulse, 0 before there was one."""
        return self._seq

    @property
    def missing(self) -> bool:
        """Whether the newest pulse speaks of orders that are not here: they are to be pulled."""
        return self._pending is not None

    @property
    def life(self) -> tuple[int, int] | None:
        """(wall clock, monotonic clock), ms, until which `check` goes on to return if it does now; None where no clock
        ends that; (0, 0) where what is needed is not there."""
        if self._mode is ClockMode.SAME_HOST and not self.pulse_required:
            return None
        life = (self._life.ends_ms, self._life.ends_mono_ms) if self._life is not None else (0, 0)
        if not self.pulse_required:
            life = (NEVER, NEVER)
        if self._mode is ClockMode.SAME_HOST:
            return life
        reading = self._reading
        return (life[0], min(life[1], reading.mono_ms + clocks.READING_MS)) if reading is not None else (0, 0)

    def knows(self, data: bytes) -> bool:
        """Whether these very bytes were read before: to say so costs nothing."""
        return sha256(data).digest() in self._seen

    def order(self, data: bytes, *, vouched: bool = False, kept: bool = False) -> Told | None:
        """Take in an order message; what it told, None where that was known. vouched: a pulse carries it, or another
        view took it; kept: it was taken before, and comes from this holder's own memory. Raises as `orders.read`,
        Refused ``order.full`` for one more past the registry by officers who have `MOST_ALONE` in force there: none is
        forgotten for it, and what the registry numbered or an authority signed is taken in any case."""
        mark = sha256(data).digest()
        if mark in self._seen:
            return None
        told = orders.read(data, self.trust, vouched=vouched)
        if not (told.issued or told.authority or vouched or kept):
            self._room(told)
        while len(self._seen) >= MAX_SEEN:
            del self._seen[next(iter(self._seen))]
        self._seen[mark] = None
        # What officers do not sign of their leaf, its time for one, anybody may change: one statement is one order.
        name = told.stop.rid if told.issued else told.statement.hex()
        if told.issued:
            self._issued[told.statement] = name
        elif (same := self._known.get(self._issued.get(told.statement, ""))) and (same.authority or not told.authority):
            return None  # anybody makes one of what stands in the log; nothing is to be kept of it
        known = self._known.get(name)
        both = told if known is None else _both(known, told)
        if known is not None and replace(both, data=b"") == replace(known, data=b""):
            return None
        self._known[name] = both
        self._stops = None
        self.changes += 1
        self._number(both.epoch, both.changed)
        self._settle()
        return both

    def pulse(self, data: bytes, now_ms: int, mono_ms: int) -> bool:
        """Take in a pulse; True where it speaks of orders that are not here. now_ms, mono_ms: when it came.

        Raises as `pulse.read`, and Refused ``pulse.replayed|future|stale``, ``pulse.malformed`` for one that carries an
        order which cannot be read.
        """
        beat = pulse.read(data, self.trust)
        mark = sha256(data).digest()
        if mark == self._beat:
            return self.missing
        if beat.seq <= self._seq:
            raise Refused("pulse.replayed", seq=beat.seq, newest=self._seq)
        if beat.at > now_ms + SKEW_MS:
            raise Refused("pulse.future")
        unread: AnswerableError | None = None
        for message in beat.delta:  # what stops is taken in even from a pulse that is too old to live by
            try:
                self.order(message, vouched=True)
            except AnswerableError as error:
                unread = error
        if unread is not None:
            raise VerificationError("pulse.malformed", detail=f"it carries an order that cannot be read: {unread.code}")
        life_ms = min(beat.valid_for, self.max_valid_ms)
        if now_ms >= beat.at + life_ms:
            raise Refused("pulse.stale")
        self._seq, self._beat = beat.seq, mark
        self._pending = _Life(beat, life_ms, now_ms, mono_ms)
        self._settle()
        return self.missing

    def clock(self, reading: Reading) -> None:
        """What the kernel says of the clock; every few seconds, where the clock is not the issuer's own."""
        self._reading = reading
        self.changes += 1  # what was seen ahead was seen by the reading before

    def check(self, now_ms: int, mono_ms: int, *, pulse: bool = True) -> None:
        """Return if this holder may admit anything at all now; without `pulse`, what stands on an envelope. Raises
        Refused ``clock.unsynchronised``, ``pulse.missing|stale|root``."""
        if self._mode is not clocks.SAME_HOST:
            clocks.check(self._mode, self._reading, mono_ms, self._max_error_ms)
        if not (pulse and self.pulse_required):
            return
        life = self._life
        if life is not None and now_ms < life.ends_ms and mono_ms < life.ends_mono_ms:
            return
        if self._pending is not None:
            raise Refused("pulse.root", epoch=self._pending.epoch, known=self.epoch)
        raise Refused("pulse.missing" if life is None else "pulse.stale")

    def told(self, since: int = 0) -> tuple[Told, ...]:
        """All that was told with a number above `since`, and all that has none, the oldest first: for a disk, and for
        who asks."""
        found = (each for each in self._known.values() if not each.issued or max(each.epoch, each.changed) > since)
        return tuple(sorted(found, key=lambda each: (max(each.epoch, each.changed), each.stop.rid)))

    def direct(self) -> tuple[Told, ...]:
        """What was given past the registry, which does not tell of it: only messages carry it on."""
        return tuple(each for each in self._standing() if not each.issued)

    def root(self, epoch: int) -> str:
        """`orders.stop_root` of what is known, up to `epoch`."""
        return orders.stop_root((each.stop for each in self._known.values()), epoch)

    def _room(self, told: Told) -> None:
        if told.statement in self._issued or told.statement.hex() in self._known:
            return
        alone = [
            each
            for each in self.direct()
            if not (each.authority or each.stop.released) and each.signers == told.signers
        ]
        if len(alone) >= MOST_ALONE:
            raise Refused("order.full", limit=MOST_ALONE)

    def _number(self, *numbers: int) -> None:
        self._numbers.update(number for number in numbers if number > self._run)
        while self._run + 1 in self._numbers:
            self._run += 1
            self._numbers.discard(self._run)

    def _settle(self) -> None:
        waiting = self._pending
        if waiting is not None and self.epoch >= waiting.epoch and self.root(waiting.epoch) == waiting.root:
            self._life, self._pending = waiting, None

    def _standing(self) -> tuple[Told, ...]:
        """Without what was given directly and stands in the registry by now: there it lapses or is released."""
        issued = {each.statement: each for each in self._known.values() if each.issued}
        return tuple(
            each
            for each in self._known.values()
            if each.issued or (same := issued.get(each.statement)) is None or (each.authority and not same.authority)
        )


def _both(old: Told, new: Told) -> Told:
    """What two messages of one order tell together, both by its issuer or neither. Nothing is taken back."""
    authority = old.authority or new.authority
    # What an authority ordered is released by a message that shows its signature under both.
    freed = [each.stop.released for each in (old, new) if each.authority or not authority]
    terminates = OrderKind.TERMINATE.value in (old.stop.kind, new.stop.kind)
    twins = {*old.stop.twins, *new.stop.twins, old.stop.num, new.stop.num} - {0, old.stop.num}
    stop = msgspec.structs.replace(
        old.stop,
        kind=OrderKind.TERMINATE.value if terminates else old.stop.kind,
        twins=tuple(sorted(twins)),
        until=0 if authority else old.stop.until,
        released=max(freed, default=""),
        changed=max(old.changed, new.changed),
    )
    return replace(
        old,
        stop=stop,
        changed=stop.changed,
        by=min(old.by, new.by, key=_BY.index),
        authority=authority,
        signers=old.signers | new.signers,
        data=max(old, new, key=_says).data,
    )


def _says(told: Told) -> tuple[bool, bool, bool, int]:
    """Of two messages that with more of this is passed on."""
    stop = told.stop
    return told.authority, stop.kind == OrderKind.TERMINATE, bool(stop.released), told.changed
