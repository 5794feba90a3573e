# SPDX-License-Identifier: Apache-2.0
"""The watch over red lines: follows the log leaf by leaf, shows each to the detectors, writes what they find, and gives
the orders that the table and the deployment let them give.

It reads what is committed and never stands in an action's way. What it could not write is tried again; how far it was
when the service ended stands in the store, and what it has written once it does not write again.
"""

from __future__ import annotations

import asyncio
import logging
from collections import OrderedDict, deque
from collections.abc import Callable, Sequence
from typing import Final, Protocol, TypeVar

import msgspec
from msgspec import UNSET

from answerable.admission.reports import GROUP
from answerable.config import RedlinesConfig
from answerable.crypto.b64 import b64u
from answerable.crypto.random import nonce
from answerable.errors import AnswerableError, Refused, Unavailable
from answerable.log.leaf import decode, encode, rid
from answerable.model import events
from answerable.model.leaves import (
    ApprovalLeaf,
    CloseLeaf,
    EventLeaf,
    HoldLeaf,
    KeyLeaf,
    Leaf,
    OpenLeaf,
    PlantedLeaf,
    ReceiptLeaf,
    WarrantLeaf,
)
from answerable.model.records import Incident, Stop
from answerable.model.sights import Sight
from answerable.model.terms import OrderKind, Scope
from answerable.model.units import Expect, Put, Space, Unit
from answerable.pipeline.endings import named
from answerable.ports import Clock, Ledger, Signer
from answerable.redlines import incidents
from answerable.redlines.desk import Desk, Judged, standing_of
from answerable.redlines.table import Measure, Reach
from answerable.registry.book import Book
from answerable.stops import detecting
from answerable.stops.officers import in_office
from answerable.stops.planned import Planned, Reason

# Looked for new leaves at least this often, s; at once after each batch that changes something.
LOOK_EVERY_S: Final = 0.5
# What comes within this is looked at together, s: under load a look for each batch would cost more than what is seen.
TOGETHER_S: Final = 0.02
# Leaves that were heard of and are not yet looked at; what is beyond is read from the log.
MAX_HEARD: Final = 2_048
# Leaves that were passed over and are told as problems; what is beyond stands in the log of the service alone.
MAX_PASSED: Final = 16
# How far the watch had come is written this often, ms, while the log grows.
CURSOR_EVERY_MS: Final = 30_000
CURSOR: Final = "redlines.cursor"
DAMAGED: Final = "store.damaged"  # for good
# Where no cursor is known the newest so many leaves are looked at.
LOOK_BACK: Final = 10_000
STEP: Final = 500
# Of so few the loop has its turn after each: an action that is alone does not wait for all of them.
FEW: Final = 16
REMEMBERED: Final = 65_536
ATTEMPTS: Final = 64
MAX_ASKED: Final = 10_000
# Most leaves are of actions, and most of those tell no detector anything: they are not even decoded.
_KINDS: Final = tuple(
    f'"k":"{kind}"'.encode()
    for kind in ("open", "close", "event", "warrant", "receipt", "hold", "approval", "planted", "key")
)
_incident = msgspec.json.Decoder(Incident).decode
_log = logging.getLogger("answerable.redlines")

Kept = TypeVar("Kept")


class LogReader(Protocol):
    """What the watch reads by. Implemented by `sequencer.reader.Reader`."""

    async def tail(self, start: int, end: int) -> list[bytes]: ...

    async def find(self, rid: str) -> bytes | None: ...

    async def size(self) -> int: ...

    async def payload(self, rid: str, group: str) -> tuple[bytes, bytes | None] | None: ...


class Watching:
    """One for each log. told: called with each incident that was written."""

    def __init__(
        self,
        *,
        book: Book,
        ledger: Ledger,
        reader: LogReader,
        clock: Clock,
        config: RedlinesConfig,
        origin: str,
        key: Callable[[], Signer],
        told: Callable[[Incident], None] = lambda _: None,
        desk: Desk | None = None,
    ) -> None:
        self.desk = desk or Desk(book, config)
        self.failure = ""  # code of why the newest turn did not end
        self.passed: dict[str, str] = {}  # rid of a leaf that was not looked at since the start -> code of why
        self._book = book
        self._ledger = ledger
        self._reader = reader
        self._clock = clock
        self._config = config
        self._origin = origin
        self._key = key
        self._told = told
        self._wake = asyncio.Event()
        self._whole = True  # more may be new than what was heard
        self._heard: deque[tuple[int, bytes]] = deque(maxlen=MAX_HEARD)
        self._turning = asyncio.Lock()
        self._next = -1
        self._saved = 0
        self._saved_at = 0
        self._owed: deque[Judged] = deque()
        self._asked: deque[Sight] = deque(maxlen=MAX_ASKED)
        self._grants: OrderedDict[str, tuple[str, str]] = OrderedDict()  # rid of a warrant leaf -> (system, copy)
        self._opens: OrderedDict[str, OpenLeaf] = OrderedDict()
        self._written = {
            (row.line, each)
            for _, raw in book.rows(Space.INCIDENTS)
            for row in [_incident(raw)]
            for each in row.evidence
        }

    def wake(self) -> None:
        """Look at all that is new, now."""
        self._whole = True
        self._wake.set()

    def heard(self, first: int, leaves: Sequence[bytes]) -> None:
        """These leaves were written, the first of them at that index: so they need not be read. What is missed here is
        noticed by its index, or by the next look at the log."""
        self._heard.extend(enumerate(leaves, first))
        self._wake.set()

    def asked(self, copy: str, boot: str, refused: str, at: int) -> None:
        """A copy asked for a warrant. copy: rid; boot: its nonce; refused: the code that it got, "" for a grant."""
        found = self._book.copy(copy)
        if found is not None:
            self._asked.append(Sight("", at, found.system, copy, boot=boot, refused=refused))
            self._wake.set()

    async def run(self) -> None:
        """For as long as the service runs."""
        while True:
            whole, self._whole = self._whole, False
            try:
                await self.turn(whole=whole)
                self.failure = ""
            except Exception as raised:  # noqa: BLE001  a defect does not end the watch, and is told as any failure
                error = named(raised)
                self._whole = True
                if self.failure != error.code:  # once, and not with each round
                    _log.error("the watch over red lines waits: %s", error)
                self.failure = error.code
            try:
                async with asyncio.timeout(LOOK_EVERY_S):
                    await self._wake.wait()
            except TimeoutError:
                self._whole = True
            self._wake.clear()
            await asyncio.sleep(TOGETHER_S)

    async def turn(self, *, whole: bool = True) -> int:
        """Look at everything that is new, or at least at all that was heard of and what came before it; returns how
        many leaves that were. Raises Unavailable ``log.*``, ``store.*``: what was not done is done by the next whole
        one."""
        async with self._turning:
            if self._next < 0:
                self._next = self._saved = await self._cursor()
                whole = True
            await self._pay()
            while self._asked:
                await self._look(self._asked.popleft())
            begun, size = self._next, await self._reader.size() if whole else 0
            while leaves := await self._following(size):
                for data in leaves:
                    sight = await self._seen(data)
                    self._next += 1
                    if sight is not None:
                        await self._look(sight)
                    if len(leaves) <= FEW:
                        await asyncio.sleep(0)
                await asyncio.sleep(0)
            now = self._clock.now_ms()
            if self._next > self._saved and now >= self._saved_at + CURSOR_EVERY_MS:
                await self.save()
            return self._next - begun

    async def _following(self, size: int) -> list[bytes]:
        """The next few leaves, as they were heard or as the log has them; none where nothing more is known of. size: of
        the log, as far as it was asked."""
        heard = self._heard
        found: list[bytes] = []
        while heard and heard[0][0] < self._next:
            heard.popleft()
        while heard and heard[0][0] == self._next + len(found) and len(found) < STEP:
            found.append(heard.popleft()[1])
        size = max(size, heard[0][0] if heard else 0)
        if found or size <= self._next:
            return found
        return await self._reader.tail(self._next, min(size, self._next + STEP))

    async def save(self) -> None:
        """Write down how far the watch has come. Raises Unavailable ``log.*``."""
        if self._next > self._saved:
            row = Put(Space.MISC, CURSOR, str(self._next).encode())
            await self._ledger.commit(Unit(effects=(row,)))
            self._saved, self._saved_at = self._next, self._clock.now_ms()

    async def _cursor(self) -> int:
        size = await self._reader.size()
        saved = self._book.raw(Space.MISC, CURSOR)
        self._saved_at = self._clock.now_ms()
        return min(size, int(saved)) if saved is not None else max(0, size - LOOK_BACK)

    # --- from leaves to sights ---

    async def _seen(self, data: bytes) -> Sight | None:
        """As `_sight`. What no later look would understand either is told and passed over; what may be read later
        raises Unavailable, and is looked at again."""
        try:
            return await self._sight(data)
        except Unavailable as error:
            if error.code != DAMAGED:
                raise
            self._pass(data, error)
        except Exception as raised:  # noqa: BLE001  also a defect: behind it are others
            self._pass(data, named(raised))
        return None

    def _pass(self, data: bytes, why: AnswerableError) -> None:
        its = rid(data)
        _log.error("what leaf %s tells is not looked at: %s", its, why)
        if len(self.passed) < MAX_PASSED:
            self.passed[its] = why.code

    async def _sight(self, data: bytes) -> Sight | None:
        if not any(kind in data for kind in _KINDS):
            return None
        leaf, its = decode(data), rid(data)
        match leaf:
            case OpenLeaf():
                _keep(self._opens, its, leaf)
                system, copy = leaf.sys, (await self._granted(leaf.war))[1]
                return Sight(its, leaf.t, system, copy, leaf=leaf, action=its)
            case CloseLeaf():
                opened = await self._opened(leaf.open)
                if opened is None:
                    return None
                copy = (await self._granted(opened.war))[1]
                return Sight(its, leaf.t, opened.sys, copy, leaf=leaf, opened=opened, action=leaf.open)
            case WarrantLeaf():
                _keep(self._grants, its, (leaf.sys, leaf.cpy))
                return Sight(its, leaf.t, leaf.sys, leaf.cpy, leaf=leaf)
            case ReceiptLeaf():
                holder = self._book.copy(leaf.own)
                return Sight(its, leaf.t, holder.system, holder.rid, leaf=leaf) if holder is not None else None
            case HoldLeaf() | ApprovalLeaf() | PlantedLeaf() | KeyLeaf():
                return Sight(its, leaf.t, leaf=leaf)
            case EventLeaf():
                return await self._event(its, leaf)
        return None

    async def _event(self, its: str, leaf: EventLeaf) -> Sight | None:
        kept = await self._reader.payload(its, GROUP)
        try:
            fact = events.read(kept[1] if kept is not None and kept[1] is not None else b"")
        except (msgspec.MsgspecError, RecursionError):
            _log.error("what event %s tells is not kept", its)
            return None
        copy = "" if leaf.cpy is UNSET else leaf.cpy
        officer = in_office(self._book, leaf.by) is not None
        standing = standing_of(self._book, self._config, leaf.by, leaf.sys, copy, officer=officer)
        own = self._book.copy(leaf.by)
        if not copy and own is not None and own.system == leaf.sys:
            copy = own.rid  # who tells something about its own system, and names no copy, means itself
        return Sight(its, leaf.at, leaf.sys, copy, standing, leaf, fact)

    async def _granted(self, grant: str) -> tuple[str, str]:
        """(system, copy) of a warrant leaf."""
        if (known := self._grants.get(grant)) is None:
            leaf = await self._find(grant)
            known = (leaf.sys, leaf.cpy) if isinstance(leaf, WarrantLeaf) else ("", "")
            _keep(self._grants, grant, known)
        return known

    async def _opened(self, action: str) -> OpenLeaf | None:
        known = self._opens.pop(action, None)
        if known is None:
            leaf = await self._find(action)
            known = leaf if isinstance(leaf, OpenLeaf) else None
        return known

    async def _find(self, its: str) -> Leaf | None:
        data = await self._reader.find(its)
        return decode(data) if data is not None else None

    # --- from sights to incidents ---

    async def _look(self, sight: Sight) -> None:
        for judged in self.desk.judge(sight):
            evidence = judged.crossing.evidence[:1]
            if not any((judged.line.id, each) in self._written for each in evidence):
                self._owed.append(judged)
        await self._pay()

    async def _pay(self) -> None:
        """Write what is owed. Raises Unavailable: then it is owed still."""
        while self._owed:
            row = await self._write(self._owed[0])
            self._owed.popleft()
            self._written.update((row.line, each) for each in row.evidence)
            _log.warning("red line %s (%s): %s, on record as %s", row.line, row.level, row.measure, row.rid)
            self._told(row)

    async def _write(self, judged: Judged) -> Incident:
        for _ in range(ATTEMPTS):
            now = self._clock.now_ms()
            order, withheld = await self._order(judged, now)
            planned = incidents.incident(judged, now, order=order, withheld=withheld)
            try:
                await self._ledger.commit(planned.unit)
            except Refused as error:
                if error.code != "log.conflict":
                    raise
                continue
            if order is not None:
                self.desk.ordered(judged, now)
            return planned.row
        raise Unavailable("redline.contended", line=judged.line.id)

    async def _order(self, judged: Judged, now: int) -> tuple[Planned[Stop] | None, str]:
        """The detector's order, or why there is none."""
        if judged.measure is Measure.RECORD:
            return None, ""
        crossing, copy = judged.crossing, judged.reach is Reach.COPY and judged.crossing.copy
        reason = Reason.of(f"{judged.line.id} {judged.line.event}: {crossing.level}, {judged.detector}")
        terminates = judged.measure is Measure.TERMINATE
        await self.enrol()
        try:
            leaf = detecting.statement(
                self._book,
                kind=OrderKind.TERMINATE if terminates else OrderKind.SUSPEND,
                root=crossing.copy if copy else crossing.system,
                scope=Scope.COPY if copy else Scope.SYSTEM,
                reason=reason,
                signer=self._key(),
            )
            public = self._key().public
            return detecting.order(self._book, leaf, reason, now, public=public, terminates=terminates), ""
        except Refused as error:
            return None, error.code

    async def enrol(self) -> str:
        """rid of the detectors' key leaf, written before the first order. Raises Unavailable ``log.*``."""
        if not (known := detecting.key_of(self._book)):
            leaf = encode(
                KeyLeaf(
                    n=nonce(),
                    own=self._origin,
                    pub=b64u(self._key().public),
                    t=self._clock.now_ms(),
                    use=detecting.USE,
                )
            )
            put, none = Put(Space.MISC, detecting.USE, rid(leaf).encode()), Expect(Space.MISC, detecting.USE, None)
            await self._ledger.commit(Unit(leaves=(leaf,), effects=(put,), expect=(none,)))
            known = rid(leaf)
        return known


def _keep(memory: OrderedDict[str, Kept], key: str, value: Kept) -> None:
    memory[key] = value
    while len(memory) > REMEMBERED:
        memory.popitem(last=False)
