# SPDX-License-Identifier: Apache-2.0
"""What a guard sees of red lines, told to the log and signed with its copy's key (`docs/spec/events.md`): a clock that
was stepped, a program that lives on though its lease has ended. What to do about it others decide.
"""

from __future__ import annotations

import asyncio
from typing import Final

import msgspec

from answerable.admission import reports
from answerable.admission.clocks import MAX_ERROR_MS
from answerable.errors import AnswerableError, Unavailable
from answerable.guard.lease import now_ms
from answerable.guard.sources import Identity, Post
from answerable.model.events import AliveUnleased, ClockStepped

PATH: Final = "/control/v1/events"
TRIES: Final = 5
PAUSE_S: Final = 0.5
WAIT_S: Final = 5.0
MOST: Final = 16  # that are on their way at once: a clock that jumps for ever is told of often enough


class Teller:
    """system: rid of the copy's system, "" where it was not told: then nothing is. origin: of the log."""

    def __init__(self, identity: Identity, *, system: str, origin: str, posts: tuple[Post, ...]) -> None:
        self._identity = identity
        self._system = system
        self._origin = origin
        self._posts = posts
        self._sending: set[asyncio.Task[None]] = set()

    def stepped(self, moved_ms: int) -> None:
        """The wall clock was set; told where it is more than a clock may be off."""
        if abs(moved_ms) > MAX_ERROR_MS:
            self._tell(ClockStepped(ms=moved_ms, limit=MAX_ERROR_MS))

    def alive(self, ms: int) -> None:
        """Something of the program lives, so long after its lease ended."""
        self._tell(AliveUnleased(ms=max(0, ms)))

    async def flush(self, seconds: float) -> None:
        """Wait for what is on its way; no longer than so."""
        if self._sending:
            _, left = await asyncio.wait(tuple(self._sending), timeout=seconds)
            for task in left:
                task.cancel()
            await asyncio.gather(*left, return_exceptions=True)

    def _tell(self, fact: AliveUnleased | ClockStepped) -> None:
        if not self._system or not self._posts or len(self._sending) >= MOST:
            return
        who = self._identity
        report = reports.make(
            fact, system=self._system, by=who.rid, copy=who.rid, origin=self._origin, key=who.key, at=now_ms()
        )
        task = asyncio.get_running_loop().create_task(self._send(msgspec.json.encode(report)))
        self._sending.add(task)
        task.add_done_callback(self._sending.discard)

    async def _send(self, data: bytes) -> None:
        for _ in range(TRIES):
            for post in self._posts:
                try:
                    async with asyncio.timeout(WAIT_S):
                        await post.post(PATH, data)
                except (Unavailable, TimeoutError):
                    continue
                except AnswerableError:
                    pass  # it was heard, and refused
                return
            await asyncio.sleep(PAUSE_S)
