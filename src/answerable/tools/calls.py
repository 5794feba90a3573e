# SPDX-License-Identifier: Apache-2.0
"""Exactly once: the same call of the same caller runs once (`docs/spec/calls.md`).

MCP makes clients issue a call again when its answer is lost, so the gate has to know it again. Who asks while it is
under way waits for it; who asks later gets its answer again. A call that was sent, and of which nobody saw the end,
blocks its key until a person has looked.
"""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Iterator
from itertools import islice
from typing import Final

import msgspec

from answerable.crypto.b64 import b64u
from answerable.crypto.canonical import dumps
from answerable.crypto.sealing import keyed
from answerable.errors import Refused, Unavailable
from answerable.model.calls import Call, CallState
from answerable.model.units import Drop, Expect, Put, Rider, Space, Unit
from answerable.ports import Directory
from answerable.tools.shares import Shares

# Rows of some 250 bytes in memory; at a day each that is six calls a second that write, all day.
MAX_CALLS: Final = 500_000
# Of these one family of systems has a sixteenth.
SHARE: Final = MAX_CALLS // 16
# A key of the caller's makes a call one of its own for as long, where its tool names no time.
KEYED_S: Final = 86_400
LOOKED_AT: Final = 4_000  # rows at a time, when those that are over are looked for: some milliseconds
_DOMAIN: Final = b"answerable/call/v1\x00"

_row = msgspec.json.Decoder(Call).decode
_encode = msgspec.json.Encoder().encode

Kept = Callable[[str], Awaitable[bytes | None]]  # rid of an open leaf -> what its answer was, None if not kept


def key_of(
    secret: bytes, *, system: str, principal: str, server: str, tool: str, arguments: bytes, again: str = ""
) -> str:
    """The key of a call, 43 characters: who asks (rid of its system, and for whom) and what for. Keyed, so that nobody
    who sees it can try arguments against it. secret: 32 bytes, the store's index key; arguments: as RFC 8785 has them;
    again: the caller's own key, under which the same is another call."""
    what = dumps([system, principal, server, tool, again])
    return b64u(keyed(secret, _DOMAIN + len(what).to_bytes(4, "big") + what + arguments))


def decode(raw: bytes) -> Call:
    return _row(raw)


class Run:
    """One call under way in this process, for whoever makes the same one meanwhile. system: rid of whose it is; record:
    rid of its open leaf, "" before there is one; row: what its key holds once that leaf is written, None before;
    content: what it answered, None while that is not known."""

    __slots__ = ("_ended", "content", "key", "record", "row", "system")

    def __init__(self, key: str, system: str) -> None:
        self.key = key
        self.system = system
        self.record = ""
        self.row: bytes | None = None
        self.content: bytes | None = None
        self._ended = asyncio.Event()

    async def over(self) -> None:
        """Wait until it has ended, whichever way."""
        await self._ended.wait()

    def end(self) -> None:
        self._ended.set()


class Answered(msgspec.Struct, frozen=True):
    """What the same call answered before. record: rid of its open leaf; content: canonical, as it left."""

    record: str
    content: bytes


class Calls:
    """The calls of one gateway that must not run twice. secret: 32 bytes, for `key_of`; kept: finds what a call
    answered."""

    def __init__(self, directory: Directory, secret: bytes, kept: Kept) -> None:
        self._directory = directory
        self._secret = secret
        self._kept = kept
        self._runs: dict[str, Run] = {}
        self._turn: Iterator[str] = iter(())
        rows = ((_row(raw).system, key) for key, raw in directory.rows(Space.CALLS))
        self._shares = Shares(directory, self._runs, rows)

    def key(self, *, system: str, principal: str, server: str, tool: str, arguments: bytes, again: str = "") -> str:
        """`key_of` with this store's secret."""
        return key_of(
            self._secret,
            system=system,
            principal=principal,
            server=server,
            tool=tool,
            arguments=arguments,
            again=again,
        )

    def running(self, record: str) -> bool:
        """Whether the call with that record is under way in this process."""
        return any(run.record == record for run in self._runs.values())

    def under_way(self, key: str) -> bool:
        """Whether a call with that key is under way in this process."""
        return key in self._runs

    async def enter(self, key: str, system: str, now: Callable[[], int]) -> Run | Answered:
        """Leave to run the call, or its answer if it ran. Waits while the same one is under way. Whoever got a `Run`
        gives it back with `leave`, whatever happens. system: rid of the system that asks; now: ms UTC.

        Raises Refused ``call.unknown``, ``call.done``, ``call.share``; Unavailable ``call.full``.
        """
        while (run := self._runs.get(key)) is not None:
            await run.over()
            if run.content is not None:
                return Answered(run.record, run.content)
        raw = self._directory.raw(Space.CALLS, key)
        row = None if raw is None else _row(raw)
        if row is None or over(row, now()):
            if len(self._runs) + self._directory.count(Space.CALLS) >= MAX_CALLS:
                raise Unavailable("call.full", most=MAX_CALLS)
            self._shares.take(system, key, SHARE, now())
            made = self._runs[key] = Run(key, system)
            return made
        if row.state is not CallState.DONE:
            raise Refused("call.unknown", record=row.record)
        content = None if row.settled else await self._kept(row.record)
        if content is None:
            raise Refused("call.done", record=row.record)
        return Answered(row.record, content)

    async def answer(self, record: str) -> bytes | None:
        """What the call with that record answered, as it left; None where that is not kept."""
        return await self._kept(record)

    def leave(self, run: Run) -> None:
        """Who waits for it may look. What its row says by now is what they see."""
        if self._runs.get(run.key) is run:
            del self._runs[run.key]
            if self._directory.raw(Space.CALLS, run.key) is None:
                self._shares.let_go(run.system, run.key)
        run.end()

    def begin(self, run: Run, record: str, now_ms: int, until: int) -> Rider:
        """What joins the unit of the open leaf `record`. until: ms UTC, as long as the same call is the same."""
        run.record = record
        run.row = _encode(Call(record, CallState.BEGUN, now_ms, until, system=run.system))
        return Rider(
            effects=(Put(Space.CALLS, run.key, run.row),),
            expect=(Expect(Space.CALLS, run.key, self._directory.raw(Space.CALLS, run.key)),),
        )

    def finish(self, run: Run, ran: CallState | None) -> Rider:
        """What joins the unit of its close leaf. ran: DONE, UNKNOWN, or None where it certainly did not run.

        The row is what `begin` said: nobody else changes it while the call is under way. It is not looked for here:
        its unit may still stand in the queue, before this one. If that was never written, this one is a conflict."""
        if run.row is None:
            return Rider()  # it never began
        expect = (Expect(Space.CALLS, run.key, run.row),)
        if ran is None:
            return Rider(effects=(Drop(Space.CALLS, run.key),), expect=expect)
        ended = msgspec.structs.replace(_row(run.row), state=ran)
        return Rider(effects=(Put(Space.CALLS, run.key, _encode(ended)),), expect=expect)

    def unsettled(self) -> list[tuple[str, Call]]:
        """(key, row) of the calls that nobody saw end, oldest first."""
        rows = [(key, _row(raw)) for key, raw in self._directory.rows(Space.CALLS)]
        return [(key, row) for key, row in rows if row.state is not CallState.DONE and key not in self._runs]

    def sweep(self, now_ms: int) -> Unit | None:
        """The unit that lets go of calls that may be made again; None if there are none among those that it looked at.
        Each time it looks at the next few, in turn."""
        keys = list(islice(self._turn, LOOKED_AT))
        if not keys:
            self._turn = iter([key for key, _ in self._directory.rows(Space.CALLS)])
            keys = list(islice(self._turn, LOOKED_AT))
        rows = [(key, self._directory.raw(Space.CALLS, key)) for key in keys if key not in self._runs]
        gone = [(key, raw) for key, raw in rows if raw is not None and over(_row(raw), now_ms)]
        if not gone:
            return None
        for key, raw in gone:
            self._shares.let_go(_row(raw).system, key)
        return Unit(
            effects=tuple(Drop(Space.CALLS, key) for key, _ in gone),
            expect=tuple(Expect(Space.CALLS, key, raw) for key, raw in gone),
        )


def over(row: Call, now_ms: int) -> bool:
    """Whether the same call is another one by now."""
    return row.state is CallState.DONE and row.until <= now_ms
