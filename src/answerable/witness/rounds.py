# SPDX-License-Identifier: Apache-2.0
"""A log asks its witnesses: every few seconds while it grows, and at once when somebody waits (`log.md`).

Each witness is asked by a task of its own, so that a slow one keeps nobody. All are asked about one checkpoint until a
quorum has it, nobody is left to be heard, or a round's time is over; then about the newest one. Were they asked about
the newest whenever there is one, under steady acts no two of them would ever speak of the same.
What comes back is merged into that checkpoint; once a quorum is met it is kept (`sequencer.quorum`).
"""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass, field
from typing import Final, Protocol

from answerable.errors import AnswerableError, Unavailable, VerificationError
from answerable.log import note as notes
from answerable.log.checkpoint import Checkpoint, parse
from answerable.log.note import Note, VerifierKey
from answerable.log.trust import Trust
from answerable.log.witness import Dialogue
from answerable.witness.line import Line

EVERY_S: Final = 10.0
# A tree that does not grow is cosigned again this often, so that its readers see that the witnesses still watch.
REFRESH_S: Final = 300.0
_log = logging.getLogger("answerable.witness")


class Kept(Protocol):
    """Where cosigned checkpoints go; who waits for them."""

    trust: Trust
    demanded: asyncio.Event

    @property
    def age_s(self) -> float | None: ...

    @property
    def size(self) -> int: ...

    def knows(self, witness: str) -> int: ...

    async def keep(self, note: bytes) -> bool: ...


@dataclass(frozen=True, slots=True)
class Log:
    """The log's side: `published` gives its newest published checkpoint, `proof` a consistency proof between two sizes,
    `confront` takes a checkpoint of this log that a witness was shown."""

    origin: str
    published: Callable[[], Awaitable[bytes]]
    proof: Callable[[int, int], Awaitable[list[bytes]]]
    confront: Callable[[bytes], None]


@dataclass(slots=True)
class _Wanted:
    """The checkpoint that is to be cosigned now. note: with what was gathered so far; at: since when, s by the loop's
    clock."""

    head: Checkpoint
    note: Note
    plain: Note
    at: float


@dataclass(slots=True)
class _Witness:
    """One address, and the keys of the policy that sign behind it. known: leaves that it has seen; problem: code of why
    it did not cosign the last time, "" if it did; asked: what about; busy: it is, or is about to be."""

    name: str
    line: Line
    keys: tuple[VerifierKey, ...]
    names: tuple[str, ...]
    known: int = 0
    problem: str = ""
    asked: _Wanted | None = None
    busy: bool = False
    due: asyncio.Event = field(default_factory=asyncio.Event)


class Rounds:
    """From `run` until that is cancelled, on one event loop."""

    def __init__(
        self,
        log: Log,
        kept: Kept,
        lines: Mapping[str, Line],
        *,
        every_s: float = EVERY_S,
        refresh_s: float = REFRESH_S,
    ) -> None:
        """lines: name of a witness in the policy -> the way to it; several names may share one."""
        self._log = log
        self._kept = kept
        self._every = every_s
        self._refresh = refresh_s
        self._met_at = 0.0
        self._missed = False  # somebody asked for more than what is wanted now
        self._wanted: _Wanted | None = None
        self._witnesses = [self._witness(line, lines) for line in dict.fromkeys(lines.values())]

    def _witness(self, line: Line, lines: Mapping[str, Line]) -> _Witness:
        members = [each for each in self._kept.trust.witnesses if lines.get(each.name) is line]
        known = max((self._kept.knows(each.name) for each in members), default=0)
        return _Witness(
            line.name, line, tuple(each.key for each in members), tuple(each.name for each in members), known
        )

    @property
    def problems(self) -> dict[str, str]:
        """Witness -> code of why it did not cosign the last time, "" if it did."""
        return {witness.name: witness.problem for witness in self._witnesses}

    @property
    def late_s(self) -> float:
        """Seconds for which a quorum is behind what is published; 0.0 while it keeps up."""
        return 0.0 if self._caught_up else asyncio.get_running_loop().time() - self._met_at

    @property
    def _caught_up(self) -> bool:
        wanted, age = self._wanted, self._kept.age_s
        fresh = age is not None and age < self._refresh + self._every
        return wanted is None or (self._kept.size >= wanted.head.size and fresh)

    @property
    def _settled(self) -> bool:
        """Whether the next checkpoint may be wanted."""
        wanted = self._wanted
        return (
            wanted is None
            or self._kept.size >= wanted.head.size
            or not any(witness.busy for witness in self._witnesses)
            or asyncio.get_running_loop().time() >= wanted.at + self._every
        )

    async def run(self) -> None:
        self._met_at = asyncio.get_running_loop().time()
        tasks = [asyncio.create_task(self._serve(witness)) for witness in self._witnesses]
        try:
            while True:
                await self._tick()
                try:
                    async with asyncio.timeout(self._every):
                        await self._kept.demanded.wait()
                except TimeoutError:
                    continue
        finally:
            for task in tasks:
                task.cancel()
            await asyncio.gather(*tasks, return_exceptions=True)

    async def _tick(self) -> None:
        """Say which checkpoint is wanted, and wake whoever does not have it cosigned."""
        self._kept.demanded.clear()
        self._missed = not self._settled
        if self._missed:
            return
        try:
            published = await self._log.published()
        except AnswerableError as error:
            _log.warning("no checkpoint to be witnessed: %s", error.code)
            return
        if not published:
            return
        if self._caught_up:
            self._met_at = asyncio.get_running_loop().time()
        head, note = parse(published)
        age = self._kept.age_s
        old = age is not None and age >= self._refresh
        if self._wanted is None or self._wanted.head != head or old:
            self._wanted = _Wanted(head, note, note, asyncio.get_running_loop().time())
        for witness in self._witnesses:
            if witness.problem or witness.asked is not self._wanted:
                witness.busy = True
                witness.due.set()

    async def _serve(self, witness: _Witness) -> None:
        while True:
            await witness.due.wait()
            witness.due.clear()
            wanted = self._wanted
            if wanted is None:
                continue
            witness.asked = wanted
            try:
                await self._ask(witness, wanted)
                problem = ""
            except AnswerableError as error:
                problem = error.code
                if problem != witness.problem:
                    _log.warning("%s", error)
                if problem in ("witness.ahead", "witness.inconsistent"):
                    await self._compare(witness)
            except Exception:  # noqa: BLE001  one defect must not end the asking for good
                _log.exception("the witness %s could not be asked", witness.name)
                problem = "internal.error"
            witness.problem = problem
            witness.busy = witness.due.is_set()
            if self._missed and self._settled:
                self._kept.demanded.set()

    async def _ask(self, witness: _Witness, wanted: _Wanted) -> None:
        dialogue = Dialogue(witness.name, witness.keys, wanted.plain, witness.known)
        while True:
            old, size = dialogue.old, dialogue.size
            proof = await self._log.proof(old, size) if 0 < old < size else []
            reply = await witness.line.add(dialogue.request(proof))
            found = dialogue.take(reply.status, reply.content_type, reply.body)
            if found:
                break
            if dialogue.old < witness.known:
                behind = Unavailable("witness.behind", name=witness.name, seen=witness.known, size=dialogue.old)
                _log.error("%s", behind)
            witness.known = dialogue.old
        witness.known = size
        wanted.note = notes.merged(wanted.note, found)
        try:
            await self._kept.keep(wanted.note.data)
        except VerificationError as error:
            if error.code != "log.quorum":  # not yet
                raise

    async def _compare(self, witness: _Witness) -> None:
        """The witness says that it has seen something else: if this log signed that, the log must stop."""
        try:
            note = await witness.line.checkpoint(self._log.origin)
        except AnswerableError as error:
            _log.warning("%s", error)
            return
        if note:
            self._log.confront(note)


async def shown(lines: Mapping[str, Line], origin: str, timeout_s: float) -> list[bytes]:
    """What the witnesses have last seen of a log, unverified: asked before the log writes anything. A witness that does
    not answer in time tells nothing."""

    async def one(line: Line) -> bytes:
        try:
            async with asyncio.timeout(timeout_s):
                return await line.checkpoint(origin)
        except (TimeoutError, AnswerableError) as error:
            _log.warning("the witness %s was not heard before the start: %s", line.name, error)
            return b""

    found = await asyncio.gather(*(one(line) for line in dict.fromkeys(lines.values())))
    return [note for note in found if note]
