# SPDX-License-Identifier: Apache-2.0
"""The calls in flight, and one sweep that looks after all of them.

A call pays two set operations for it and nothing else. Twenty times a second the sweep finds bodies that do not come,
clients that do not read, and calls old enough to be worth a watcher that hears when the client goes away.
"""

from __future__ import annotations

import asyncio
from typing import Final

from answerable.errors import Unavailable
from answerable.net.asgi import Receive

SWEEP_S: Final = 0.05
MAX_RESERVED: Final = 256 * 1024 * 1024  # bytes of all bodies in flight together
WATCH_AFTER_S: Final = 0.05  # most calls to a fast upstream end before; the others can afford a task


class Call:
    """One call in flight, seen from its connection.

    blocked: loop time since which the client takes nothing, 0.0 while it does. gone: the client went away, or was given
    up. body_read: whether the request is here whole. done: the last byte of the answer is on its way.
    """

    __slots__ = ("began", "blocked", "body_read", "done", "gone", "late", "receive", "reserved", "task", "watcher")

    def __init__(self, task: asyncio.Task[object], began: float, receive: Receive) -> None:
        self.task = task
        self.began = began
        self.receive = receive
        self.blocked = 0.0
        self.body_read = False
        self.done = False
        self.gone = False
        self.late = False
        self.reserved = 0
        self.watcher: asyncio.Task[None] | None = None

    def leave(self) -> None:
        """The client is gone: cancel what is done for it."""
        if not self.gone:
            self.gone = True
            self.task.cancel()


class Calls:
    """body_s: seconds that a request's body may take. read_s: seconds that a client may take nothing."""

    def __init__(self, body_s: float, read_s: float) -> None:
        self._body_s = body_s
        self._read_s = read_s
        self._calls: set[Call] = set()
        self._reserved = 0
        self._sweep: asyncio.TimerHandle | None = None

    def __len__(self) -> int:
        return len(self._calls)

    def enter(self, receive: Receive) -> Call:
        """A call of the current task. Needs a running loop."""
        loop = asyncio.get_running_loop()
        task = asyncio.current_task()
        if task is None:
            raise RuntimeError("a call without a task")
        call = Call(task, loop.time(), receive)
        self._calls.add(call)
        if self._sweep is None:
            self._sweep = loop.call_later(SWEEP_S, self._look, loop)
        return call

    def reserve(self, call: Call, size: int) -> None:
        """Room for a body of `size` bytes until the call leaves. Raises Unavailable ``request.busy``."""
        if self._reserved + size > MAX_RESERVED:
            raise Unavailable("request.busy", limit=f"{MAX_RESERVED} bytes")
        call.reserved += size
        self._reserved += size

    def leave(self, call: Call) -> None:
        self._calls.discard(call)
        self._reserved -= call.reserved
        call.reserved = 0
        call.done = True
        if call.watcher is not None:
            call.watcher.cancel()

    def _look(self, loop: asyncio.AbstractEventLoop) -> None:
        now = loop.time()
        for call in tuple(self._calls):
            if not call.body_read:
                if now - call.began > self._body_s and not call.late:
                    call.late = True
                    call.task.cancel()
            elif call.blocked and now - call.blocked > self._read_s:
                call.leave()
            elif call.watcher is None and not call.done and now - call.began > WATCH_AFTER_S:
                call.watcher = loop.create_task(_watch(call))
        self._sweep = loop.call_later(SWEEP_S, self._look, loop) if self._calls else None


async def _watch(call: Call) -> None:
    """Hear when the client goes away: after the body, ASGI's receive brings nothing else."""
    while (await call.receive())["type"] != "http.disconnect":
        pass
    if not call.done:
        call.leave()
