# SPDX-License-Identifier: Apache-2.0
"""One batch after another: payloads, leaves, tree, checkpoint, state, guard. Blocking, without threads of its own.

After any failure nothing is tried again on the same handles: the store is opened anew and verified as at start, and
what it then holds decides whether the batch was written (`log.md`: a sync that failed is never retried).
"""

from __future__ import annotations

import logging
from collections.abc import Sequence
from dataclasses import dataclass
from hashlib import sha256
from typing import Final

from answerable.errors import AnswerableError, Refused, Unavailable, VerificationError
from answerable.log import checkpoint
from answerable.model.units import Effect, Lane, Space, Unit
from answerable.ports import Clock, Signer, Store
from answerable.sequencer import keeping
from answerable.sequencer.guard import Guard
from answerable.sequencer.lanes import Entry
from answerable.sequencer.publisher import Publisher
from answerable.sequencer.recovery import agree, examine
from answerable.sequencer.rows import Known, Rows

_DAY_MS: Final = 86_400_000
# After these the store is another one than we wrote: trying again cannot help, people must.
_FINAL: Final = frozenset({"store.rolled_back", "store.rewritten", "store.forked", "store.damaged", "store.taken"})
_log = logging.getLogger("answerable.sequencer")


@dataclass(frozen=True, slots=True)
class Retention:
    """How long payloads are kept. days: at least 1; bodies: False keeps the salts alone, for as long."""

    days: int = 30
    bodies: bool = True


USUAL: Final = Retention()


@dataclass(frozen=True, slots=True)
class Batch:
    """What became of some entries. size: of the tree; at: ms UTC; effects: of those that were written, in order."""

    entries: list[Entry]
    size: int
    at: int
    effects: tuple[Effect, ...] = ()


class Writer:
    """Owns the store and the guard. `open` before anything else; one thread."""

    def __init__(
        self,
        store: Store,
        signer: Signer,
        origin: str,
        clock: Clock,
        guard: Guard,
        retention: Retention,
        former: Sequence[str] = (),
        safe: Signer | None = None,
        elsewhere: Sequence[bytes] = (),
        known: Known | None = None,
    ) -> None:
        """former: verifier keys that this log had before its signer's; safe: the ML-DSA-44 key that signs beside it
        what is published; elsewhere: checkpoints of this log that others were shown; known: rows that are in memory at
        the start, see `Rows`."""
        self._store = store
        self._signer = signer
        self._origin = origin
        self._vkeys = (checkpoint.vkey(origin, signer.public), *former)
        self._clock = clock
        self._guard = guard
        self._publisher = Publisher(guard, clock, safe)
        self._elsewhere = tuple(elsewhere)
        self._known: Known = known or _nothing
        self._retention = retention
        self.broken: AnswerableError | None = None
        self.held = False  # nothing that is committed is published
        # Of a batch that was reported as failed while the store could not be asked: the head it would have made, and
        # its effects.
        self._doubt: tuple[tuple[int, bytes], tuple[Effect, ...]] = (-1, b""), ()
        self._note = guard.published  # until `open` has verified the store there is nothing to publish

    def open(self) -> None:
        """Verify and load, at start: with every leaf that came since the last one. Raises Unavailable ``store.*``."""
        self._open(self._guard.audited)
        self._guard.audit(self._frontier.size)

    def _open(self, since: int | None) -> None:
        self._frontier = examine(self._store, self._guard, self._vkeys, since)
        self._head = (self._frontier.size, self._frontier.root())
        for note in self._elsewhere:
            self._agree(note)
        self._note = self._store.checkpoint()
        # Once: whoever knows them changes them from now on, on another thread.
        self.rows, self._known = Rows(self._store, self._known), _nothing
        self._guard.advance(*self._head)
        try:
            while keeping.sweep(self._store, self.rows, self._clock.now_ms()):
                pass
        except Unavailable as error:
            if error.code not in ("store.busy", "store.full"):
                raise
            # Somebody reads the log for long, as `log fsck` does, or the disk is full: neither keeps anyone from
            # stopping.
            _log.warning("what expired goes with the next sweep: %s", error)

    @property
    def final(self) -> bool:
        """Whether it is broken for good."""
        return self.broken is not None and self.broken.code in _FINAL

    def recover(self) -> Batch | None:
        """Open the store anew and verify it. None: it still cannot be written. Else a batch without entries, whose
        effects are those of a batch that was reported as failed and, as the store says now, was written: whoever
        follows the log does not know of them yet."""
        try:
            self._store.reopen()
            self._open(None)
        except AnswerableError as error:
            self.broken = error
            _log.error("the store cannot be written: %s", error)
            return None
        self.broken = None
        (goal, effects), self._doubt = self._doubt, ((-1, b""), ())
        found = effects if self._head == goal and self.rows.show(effects) else ()
        return Batch([], self._frontier.size, self._clock.now_ms(), found)

    def write(self, entries: list[Entry]) -> Batch:
        """Write what can be written, durably; every entry has its outcome then. Raises nothing."""
        if self.broken is not None:
            return self._failed(entries, self.broken)
        return self._attempt(entries, again=True)

    def _attempt(self, entries: list[Entry], *, again: bool) -> Batch:
        goal = (-1, b"")
        try:
            accepted, leaves = self._admit(entries)
            if not accepted:
                return Batch(entries, self._frontier.size, self._clock.now_ms())
            before = self._head
            tiles = self._frontier.append([sha256(b"\x00" + leaf).digest() for leaf in leaves])
            goal = (self._frontier.size, self._frontier.root())
            note = checkpoint.sign(self._origin, *goal, self._signer) if leaves else self._note
            if any(unit.payloads for unit in accepted):
                expires = self._clock.now_ms() + self._retention.days * _DAY_MS
                self._store.put_payloads(accepted, expires, bodies=self._retention.bodies)
            self._store.append(before[0], leaves, tiles, note, before, goal[1], accepted)
            self._guard.advance(*goal)
            self._note, self._head = note, goal
        except AnswerableError as error:
            return self._salvage(entries, error, goal, again)
        except Exception as error:  # noqa: BLE001  # a defect must not leave callers waiting for ever
            _log.exception("a batch met a defect")
            return self._salvage(entries, Unavailable("log.stopped", detail=type(error).__name__), goal, again)
        return self._written(entries)

    def _admit(self, entries: list[Entry]) -> tuple[list[Unit], list[bytes]]:
        """The units whose expectations hold, each seeing those before it, and their leaves."""
        accepted: list[Unit] = []
        leaves: list[bytes] = []
        first = self._frontier.size
        rows = self.rows
        for entry in entries:
            unit = entry.unit
            if unit.expect and not rows.hold(unit.expect):
                entry.outcome = Refused("log.conflict")
                continue
            if unit.effects:
                rows.apply(unit.effects)
            entry.outcome = first + len(leaves)
            leaves += unit.leaves
            accepted.append(unit)
        return accepted, leaves

    def _written(self, entries: list[Entry]) -> Batch:
        return Batch(entries, self._frontier.size, self._clock.now_ms(), _effects(entries))

    def _salvage(self, entries: list[Entry], error: AnswerableError, goal: tuple[int, bytes], again: bool) -> Batch:
        """The batch failed somewhere. What the store says after it was opened anew is what happened."""
        _log.error("a batch of %d failed, opening the store anew: %s", len(entries), error)
        if error.code in _FINAL:
            self.broken = error
            return self._failed(entries, error)
        if self.recover() is None:
            self._doubt = goal, _effects(entries)
            return self._failed(entries, self.broken or error)
        # Without a new leaf the head tells nothing; then it is enough that the state is as it would be.
        if self._head == goal and self.rows.show(_effects(entries)):
            return self._written(entries)
        stops = [e for e in entries if e.unit.lane is Lane.STOP and type(e.outcome) is int] if again else []
        failed = self._failed([e for e in entries if e not in stops], error)
        if not stops:
            return failed
        # Nothing keeps anyone from stopping: once more, alone, and with the space that was kept for it.
        self._store.spend_reserve()
        batch = self._attempt(stops, again=False)
        return Batch(failed.entries + batch.entries, batch.size, batch.at, batch.effects)

    def _failed(self, entries: list[Entry], error: AnswerableError) -> Batch:
        for entry in entries:
            if type(entry.outcome) is int:
                entry.outcome = Unavailable("log.stopped", detail=error.code)
        return Batch(entries, 0, self._clock.now_ms())

    @property
    def unpublished(self) -> bool:
        """Whether the newest checkpoint is not yet the published one."""
        return self.broken is None and not self.held and self._publisher.owes(self._note)

    def publish(self) -> bytes:
        """Publish the newest checkpoint; returns it. Nobody is given one that the guard does not hold.
        Raises Unavailable ``store.unguarded``, ``log.stopped`` while the store is broken."""
        if self.broken is not None:
            raise Unavailable("log.stopped", detail=self.broken.code)
        if self.held:
            raise Unavailable("log.stopped", detail="recover.behind")
        return self._publisher.publish(self._note)

    def confront(self, note: bytes) -> None:
        """Somebody was shown `note`. If this log signed it and the store does not continue it, nothing is written any
        more; whatever else it is says nothing."""
        if self.broken is None:
            try:
                self._agree(note)
            except AnswerableError as error:
                self.broken = error
                _log.critical("a checkpoint that this log signed contradicts the store: %s\n%s", error, note.decode())

    def _agree(self, note: bytes) -> None:
        try:
            signed = checkpoint.verify(note, self._vkeys)
        except VerificationError:
            return
        if signed.origin == self._origin:
            agree(self._store, self._frontier, [(signed.size, signed.root)])

    def sweep(self) -> bool:
        """Delete some of the payloads that have expired; returns whether more may be left. Raises Unavailable."""
        return self.broken is None and keeping.sweep(self._store, self.rows, self._clock.now_ms()) > 0

    def erase(self, leaves: Sequence[tuple[int, str]]) -> int:
        """`Store.erase`. Raises Unavailable ``store.*``, ``log.stopped`` while the store is broken."""
        if self.broken is not None:
            raise Unavailable("log.stopped", detail=self.broken.code)
        return self._store.erase(leaves)

    def close(self) -> None:
        """Publish, then close store and guard."""
        try:
            if not self.held:
                self.publish()
        except AnswerableError as error:
            _log.error("the last checkpoint was not published: %s", error)
        try:
            self._store.close()
        except AnswerableError as error:
            _log.error("the store did not close: %s", error)
        self._guard.close()


def _nothing(space: Space) -> tuple[()]:
    return ()


def _effects(entries: list[Entry]) -> tuple[Effect, ...]:
    return tuple([effect for e in entries if type(e.outcome) is int for effect in e.unit.effects])
