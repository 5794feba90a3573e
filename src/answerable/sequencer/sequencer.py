# SPDX-License-Identifier: Apache-2.0
"""`ports.Ledger`: units come in on the event loop, one thread writes them in batches.

Group commit without a timer: the loop says when a batch begins (`pace`), the thread then takes whatever waits. The
thread is woken once a batch and wakes the loop once a batch. Acknowledged is what COMMIT has made durable, and the
directory shows it by then.
"""

from __future__ import annotations

import asyncio
import contextlib
import logging
import threading
from asyncio import Future
from collections import deque
from collections.abc import Callable, Sequence
from queue import Empty, SimpleQueue
from typing import Final

from answerable.errors import AnswerableError, Refused, Unavailable
from answerable.log.leaf import MAX_LEAF
from answerable.model.units import Committed, Effect, Lane, Space, Unit
from answerable.ports import Clock, Signer, Store
from answerable.privacy.erasure import gone, pending
from answerable.sequencer.guard import Guard
from answerable.sequencer.lanes import Entry, Lanes, ends
from answerable.sequencer.pace import Pace
from answerable.sequencer.quorum import Quorum
from answerable.sequencer.recovery import settling
from answerable.sequencer.refusals import Refusals
from answerable.sequencer.rows import Known
from answerable.sequencer.tidying import Tidying
from answerable.sequencer.writer import USUAL, Batch, Retention, Writer

Listener = Callable[[tuple[Effect, ...]], None]
Hearer = Callable[[int, Sequence[bytes]], None]

# Published at least this often while the log grows, ms.
PUBLISH_EVERY_MS: Final = 1000
# A store that failed is tried again this often, ms.
RETRY_MS: Final = 1000
# Payloads whose time is over go within this, ms, and a fourth of it.
SWEEP_EVERY_MS: Final = 3_600_000
# A leaf of refusals at most this often, s.
REFUSALS_EVERY_S: Final = 5.0
# Actions settled in one unit.
SETTLE_STEP: Final = 256
_log = logging.getLogger("answerable.sequencer")


class Sequencer:
    """Created and used on one event loop."""

    def __init__(
        self,
        store: Store,
        signer: Signer,
        origin: str,
        clock: Clock,
        *,
        guard: Guard,
        listeners: Sequence[Listener] = (),
        queue_bound: int = 8192,
        queue_bytes: int = 64 << 20,
        retention: Retention = USUAL,
        former: Sequence[str] = (),
        safe: Signer | None = None,
        quorum: Quorum | None = None,
        elsewhere: Sequence[bytes] = (),
        held: AnswerableError | None = None,
        known: Known | None = None,
    ) -> None:
        """origin: the log's name in its checkpoints. listeners: called on the loop with the effects of each batch, when
        it is durable and before it is acknowledged. queue_bound, queue_bytes: what may wait, in units and in bytes.
        former: verifier keys that the log had before its signer's. safe: its ML-DSA-44 key, for what is published.
        quorum: who is waited for where a unit is to be witnessed. elsewhere: checkpoints of this log that others were
        shown: a store that does not continue them is not signed for. held: see `hold`. known: rows that are in memory,
        and stand still until `start` returns. Store and guard are closed when the sequencer ends."""
        self._writer = Writer(store, signer, origin, clock, guard, retention, former, safe, elsewhere, known)
        self._tidying = Tidying(store)
        self._held = held
        self._left: list[tuple[str, bytes]] = []  # actions without an end, of a start that was held
        self._writer.held = held is not None
        self._quorum = quorum
        self._clock = clock
        self._listeners = tuple(listeners)
        # Each is called on the loop with the index of the first leaf of each unit that was written, and its leaves, in
        # order. What a failure makes uncertain may be missing here: the log itself has it.
        self.hearers: list[Hearer] = []
        self._lanes = Lanes(queue_bound, queue_bytes)
        self._refusals = Refusals()
        self._wakes: SimpleQueue[None] = SimpleQueue()
        self._askers: deque[Future[bytes]] = deque()
        self._shown: deque[bytes] = deque()
        self._erasing: deque[tuple[Sequence[tuple[int, str]], Future[int]]] = deque()
        self._thread = threading.Thread(target=self._main, name="sequencer", daemon=True)
        self._stopped: AnswerableError | None = Unavailable("log.stopped", detail="not started")
        self._idle = False
        self._closing = False
        self._refusals_due: asyncio.TimerHandle | None = None
        self._flushing: asyncio.Task[None] | None = None
        self._unended: dict[str, bytes] = {}  # rows of `Space.OPENS` of actions whose end could not be written
        self._settling: asyncio.Task[None] | None = None
        self.settled: tuple[str, ...] = ()  # rids of the open leaves that were closed as unknown at start
        self.erased: tuple[str, ...] = ()  # rids of the open leaves whose erasure was ended at start

    async def start(self) -> None:
        """Verify the store, then settle actions that have an open leaf and no close leaf, and end erasures that were
        cut short. Raises Unavailable ``store.*``: then nothing was signed or written."""
        self._loop = asyncio.get_running_loop()
        self._pace = Pace(self._loop, lambda: self._wakes.put(None), self._lanes.waiting)
        await asyncio.to_thread(self._writer.open)
        opens = self._writer.rows.space(Space.OPENS)
        if self._held is not None:  # settled when it is taken back
            opens, self._left = [], opens
        self._thread.start()
        self._stopped = None
        self._tidying.swept()  # at the opening
        try:
            for at in range(0, len(opens), SETTLE_STEP):
                await self.commit(settling(opens[at : at + SETTLE_STEP], self._clock.now_ms()))
        except AnswerableError as error:
            self._stopped = Unavailable("log.stopped", detail=str(error.params.get("detail", error.code)))
            await self._join()  # its caller closes store and guard: nobody may be using them
            raise
        self.settled = tuple(rid for rid, _ in opens)
        if opens:
            _log.warning("settled as unknown, since nobody saw how they ended: %s", ", ".join(self.settled))
        if self._held is None:
            self.erased = await self._end_erasures()

    async def close(self) -> None:
        """Write what waits, publish, and let store and guard go."""
        if self._refusals_due is not None:
            self._refusals_due.cancel()
        for task in (self._flushing, self._settling):
            if task is not None:
                await asyncio.wait([task])
        if self._stopped is None and self._refusals:
            await self._write_refusals()
        if self._stopped is None:
            self._stopped = Unavailable("log.stopped", detail="closed")
        await self._join()
        await asyncio.to_thread(self._writer.close)

    async def _join(self) -> None:
        self._closing = True
        self._wakes.put(None)
        if self._thread.is_alive():
            await asyncio.to_thread(self._thread.join)
        await self._tidying.close()

    @property
    def failure(self) -> AnswerableError | None:
        """Why units are not taken now; None if they are."""
        return self._stopped or self._writer.broken or self._held

    async def commit(self, unit: Unit) -> Committed:
        """`ports.Ledger.commit`. Raises ValueError for a leaf that no bundle holds: empty or over 65,535 bytes."""
        if self._stopped is not None:
            raise Unavailable("log.stopped", **self._stopped.params)
        if self._held is not None and unit.lane is not Lane.STOP and not ends(unit):
            raise Unavailable(self._held.code, **self._held.params)
        quorum = self._quorum
        if unit.witnessed and quorum is None:
            raise Refused("log.no_quorum")
        weight = 0
        for leaf in unit.leaves:
            size = len(leaf)
            if not 0 < size <= MAX_LEAF:
                raise ValueError(f"a leaf of {size} bytes")
            weight += size
        for payload in unit.payloads:
            weight += len(payload.body)
        future: Future[Committed] = self._loop.create_future()
        self._lanes.put(Entry(unit, future, weight))
        if unit.lane is Lane.STOP:
            self._wakes.put(None)
        else:
            self._pace.came()
        committed = await future
        if unit.witnessed and quorum is not None:
            await quorum.covers(committed.first + len(unit.leaves))
        return committed

    def count_refusal(self, code: str) -> None:
        """`ports.Ledger.count_refusal`."""
        self._refusals.count(code, self._clock.now_ms())
        if self._refusals_due is None and self._stopped is None:
            self._refusals_due = self._loop.call_later(REFUSALS_EVERY_S, self._flush_refusals)

    def hold(self, why: AnswerableError) -> None:
        """From now on units of `Lane.STOP` are taken, and those that end an action, and no others; nothing is
        published: this registry may not know all that was stopped, and nothing that it signs may be built on that."""
        self._held = why
        self._writer.held = True

    async def resume(self) -> None:
        """Everything is taken and published again; what a start would settle is settled now. Raises Unavailable
        ``log.*``, ``store.*``."""
        self._held = None
        self._writer.held = False
        opens, self._left = self._left, []
        for at in range(0, len(opens), SETTLE_STEP):
            await self.commit(settling(opens[at : at + SETTLE_STEP], self._clock.now_ms()))
        self.settled = tuple(rid for rid, _ in opens)
        self.erased = await self._end_erasures()

    async def published(self) -> bytes:
        """A checkpoint over everything acknowledged so far, held by the guard; b"" for an empty log. Raises Unavailable
        ``log.stopped``, ``store.unguarded``."""
        if self._stopped is not None:
            raise Unavailable("log.stopped", **self._stopped.params)
        future: Future[bytes] = self._loop.create_future()
        self._askers.append(future)
        if self._idle:
            self._idle = False
            self._wakes.put(None)
        return await future

    def cosigned(self) -> bytes:
        """The newest checkpoint that a quorum of witnesses cosigned, with their signatures; b"" where there is none."""
        return self._quorum.note if self._quorum is not None else b""

    async def witnessed(self, size: int) -> bytes:
        """A checkpoint over at least `size` leaves, cosigned where there are witnesses. Raises Unavailable
        ``log.unwitnessed``, and as `published`."""
        if self._quorum is None:
            return await self.published()
        await self._quorum.covers(size)
        return self._quorum.note

    def confront(self, note: bytes) -> None:
        """Somebody was shown this checkpoint: if the log signed it and its store does not continue it, the log stops,
        for good (`failure`)."""
        self._shown.append(note)
        if self._idle:
            self._idle = False
            self._wakes.put(None)

    async def erase(self, leaves: Sequence[tuple[int, str]]) -> int:
        """`Store.erase`, between two batches, and `Store.tidy`, beside them. Raises Unavailable ``store.*``,
        ``log.stopped``: whatever is not erased yet stays marked in `Space.ERASING` by who asked."""
        if self._stopped is not None:
            raise Unavailable("log.stopped", **self._stopped.params)
        future: Future[int] = self._loop.create_future()
        self._erasing.append((leaves, future))
        if self._idle:
            self._idle = False
            self._wakes.put(None)
        count = await future
        await self._tidying.tidy([rid for _, rid in leaves])
        return count

    async def _end_erasures(self) -> tuple[str, ...]:
        """What was recorded as erased, and is not known to be gone, goes now; rids of the records."""
        ended = []
        for record, row in self._writer.rows.space(Space.ERASING):
            try:
                await self.erase(pending(row))
                await self.commit(gone(record))
            except AnswerableError as error:
                _log.error("the erasure of %s is recorded and not ended: %s", record, error)
            else:
                ended.append(record)
        if ended:
            _log.warning("erasures that were cut short are ended: %s", ", ".join(ended))
        return tuple(ended)

    # --- on the loop, called by the thread ---

    def _deliver(self, batch: Batch) -> None:
        if batch.effects:
            try:
                for listener in self._listeners:
                    listener(batch.effects)
            except Exception as error:  # noqa: BLE001  # the directory is behind the log: nothing may act on it
                _log.exception("a listener failed")
                self._stopped = Unavailable("log.stopped", detail=f"listener: {type(error).__name__}")
                for entry in batch.entries:
                    entry.outcome = self._stopped
        size, at = batch.size, batch.at
        for entry in batch.entries:
            future, outcome = entry.future, entry.outcome
            if type(outcome) is not int and ends(entry.unit) and isinstance(outcome, Unavailable):
                self._unended |= {e.key: e.value for e in entry.unit.expect if e.value is not None}
            if future.done():  # its caller was cancelled; the unit stands
                continue
            if isinstance(outcome, int):
                future.set_result(Committed(outcome, size, at))
            else:
                future.set_exception(outcome)
        if self._unended and self.failure is None and self._settling is None:
            self._settling = self._loop.create_task(self._settle())
        self._pace.done(len(batch.entries))
        for hearer in self.hearers:
            for entry in batch.entries:
                if isinstance(entry.outcome, int) and entry.unit.leaves:
                    hearer(entry.outcome, entry.unit.leaves)

    async def _settle(self) -> None:
        """The store takes records again: actions that ended meanwhile must not stay open until the next start."""
        try:
            for rid, value in list(self._unended.items()):
                try:
                    await self.commit(settling([(rid, value)], self._clock.now_ms()))
                except Refused:  # it never began, or its end was written after all
                    pass
                else:
                    _log.warning("settled as unknown, since its end could not be written: %s", rid)
                del self._unended[rid]
        except Unavailable:
            pass  # again with the next batch
        finally:
            self._settling = None

    def _answer(self, askers: list[Future[bytes]], note: bytes, error: AnswerableError | None) -> None:
        for future in askers:
            if future.done():
                continue
            if error is not None:
                future.set_exception(error)
            else:
                future.set_result(note)

    def _wiped(self, future: Future[int], count: int, error: AnswerableError | None) -> None:
        if future.done():
            return
        if error is not None:
            future.set_exception(error)
        else:
            future.set_result(count)

    def _end(self) -> None:
        """The thread is gone. After a defect nobody may be left waiting."""
        if self._stopped is None:
            self._stopped = Unavailable("log.stopped", detail="a defect")
        while entries := self._lanes.take():
            for entry in entries:
                entry.outcome = self._stopped
            self._deliver(Batch(entries, 0, 0))
        self._answer(list(self._askers), b"", self._stopped)
        for _, future in self._erasing:
            self._wiped(future, 0, self._stopped)

    def _flush_refusals(self) -> None:
        self._refusals_due = None
        self._flushing = self._loop.create_task(self._write_refusals())

    async def _write_refusals(self) -> None:
        now = self._clock.now_ms()
        unit, counts = self._refusals.take(now)
        try:
            await self.commit(unit)
        except AnswerableError as error:
            _log.error("refusals were not written, they are counted on: %s", error)
            for code, number in counts.items():
                self._refusals.count(code, now, number)

    # --- the thread ---

    def _main(self) -> None:
        try:
            self._run()
        except Exception:  # noqa: BLE001  # whatever it was, `_end` tells those who wait
            _log.exception("the sequencer met a defect and ends")
        self._call(self._end)

    def _run(self) -> None:
        published = swept = tried = self._clock.mono_ms()
        sweeping = False  # more is left to sweep
        while True:
            entries = self._lanes.take()
            urgent = False
            if entries:
                urgent = entries[0].unit.lane is Lane.STOP
                if not self._call(self._deliver, self._writer.write(entries)):
                    return
            while self._shown:
                self._writer.confront(self._shown.popleft())
            # One at a time: between two of them a stop order is written.
            if self._erasing and not self._wipe(*self._erasing.popleft()):
                return
            now = self._clock.mono_ms()
            if (
                (urgent and not self._writer.held)
                or self._askers
                or (now - published >= PUBLISH_EVERY_MS and self._writer.unpublished)
            ):
                published = now
                if not self._publish():
                    return
                if (
                    urgent
                    and self._quorum is not None
                    and not self._writer.held
                    and not self._call(self._quorum.demand)
                ):
                    return
            if self._writer.broken is not None and not self._writer.final and now - tried >= RETRY_MS:
                tried = now
                found = self._writer.recover()
                if found is not None and not self._call(self._deliver, found):
                    return
            if sweeping or now - swept >= SWEEP_EVERY_MS:
                swept, sweeping = now, self._sweep()
            if not self._wait(sweeping and not self._closing):
                return

    def _wait(self, sweeping: bool) -> bool:
        """Until a batch is to begin, or something else is due; False when all is written and the end has come."""
        self._idle = True
        if sweeping or self._askers or self._shown or self._erasing or (self._closing and self._lanes.waiting()):
            self._idle = False
            return True
        if self._closing:
            return False
        busy = self._writer.unpublished or self._writer.broken is not None
        with contextlib.suppress(Empty):
            self._wakes.get(timeout=(PUBLISH_EVERY_MS if busy else SWEEP_EVERY_MS // 4) / 1000)
        self._idle = False
        return True

    def _publish(self) -> bool:
        askers = [self._askers.popleft() for _ in range(len(self._askers))]
        note, failed = b"", None
        try:
            note = self._writer.publish()
        except AnswerableError as error:
            _log.error("the checkpoint was not published: %s", error)
            failed = error
        return not askers or self._call(self._answer, askers, note, failed)

    def _wipe(self, leaves: Sequence[tuple[int, str]], future: Future[int]) -> bool:
        count = 0
        failed: AnswerableError | None = None
        try:
            count = self._writer.erase(leaves)
        except AnswerableError as error:
            _log.error("payloads were not erased: %s", error)
            failed = error
        except Exception as error:  # noqa: BLE001  # a defect here must not end the log
            _log.exception("erasing payloads met a defect")
            failed = Unavailable("log.stopped", detail=type(error).__name__)
        return self._call(self._wiped, future, count, failed)

    def _sweep(self) -> bool:
        try:
            more = self._writer.sweep()
        except AnswerableError as error:
            _log.error("expired payloads were not swept: %s", error)
            return False
        if not more:
            self._call(self._tidying.swept)
        return more

    def _call(self, function: Callable[..., None], *arguments: object) -> bool:
        """Run on the loop; False if that is closed: then nobody waits any more."""
        try:
            self._loop.call_soon_threadsafe(function, *arguments)
        except RuntimeError:
            return False
        return True
