# SPDX-License-Identifier: Apache-2.0
"""A bus behind a server: one connection, watched, and made again for ever when it is lost.

Every time that it is made, each reader gets a hint: what was published in between is gone for us, and is pulled.
Retries are spread, so that a fleet that lost one server does not come back to it all at once.
"""

from __future__ import annotations

import asyncio
import contextlib
import logging
from collections.abc import AsyncIterator, Awaitable, Callable
from dataclasses import dataclass
from typing import Final, Protocol

from answerable.buses.mailbox import HINT, Mailboxes, check_topic
from answerable.crypto.random import spread
from answerable.errors import Unavailable

_log: Final = logging.getLogger("answerable.buses")

Deliver = Callable[[str, bytes], None]
"""(topic, data): called on the event loop for each message."""
Lost = Callable[[], None]
"""Called on the event loop when the connection is seen to be gone."""


class Line(Protocol):
    """One live connection to a bus server. Whatever any of these raises, the connection is taken for lost."""

    async def listen(self, topic: str) -> None: ...

    async def send(self, topic: str, data: bytes) -> None:
        """Return when the server has it."""

    async def probe(self) -> None:
        """Return when the server has answered something."""

    async def close(self) -> None: ...


Dial = Callable[[Deliver, Lost], Awaitable[Line]]


@dataclass(frozen=True, slots=True)
class Times:
    """Seconds. step: that one question to the server may take; probe: between two looks whether it is still there;
    retry, most: from the first try again to the rarest, each spread over as much again."""

    step: float = 3.0
    probe: float = 5.0
    retry: float = 0.1
    most: float = 5.0


class DialledBus:
    """`ports.Bus` over whatever `dial` connects to. name: for messages, without secrets. largest: bytes that the server
    carries in one message; more is published as a hint."""

    def __init__(self, name: str, dial: Dial, largest: int, times: Times = Times()) -> None:
        self.name = name
        self._dial = dial
        self._largest = largest
        self._times = times
        self._mailboxes = Mailboxes()
        self._listening: set[str] = set()
        self._line: Line | None = None
        self._lost = asyncio.Event()
        self._ready = asyncio.Event()
        self._task: asyncio.Task[None] | None = None
        self._sending = asyncio.Lock()
        self._closed = False

    async def publish(self, topic: str, data: bytes) -> None:
        check_topic(topic)
        self._begin()
        payload = data if len(data) <= self._largest else HINT
        try:
            async with asyncio.timeout(self._times.step):
                await self._ready.wait()
                # One statement at a time on a connection; they follow each other within a millisecond.
                async with self._sending:
                    line = self._line
                    if line is None:
                        raise ConnectionError
                    await line.send(topic, payload)
        except Exception as error:
            self._lost.set()
            raise Unavailable("bus.unreachable", bus=self.name) from error

    async def subscribe(self, topic: str) -> AsyncIterator[bytes]:
        check_topic(topic)
        mailbox = self._mailboxes.add(topic)
        if self._closed:
            mailbox.close()
        self._begin()
        try:
            if self._line is not None:
                await self._listen(self._line, topic)
                mailbox.put(HINT)
            async for data in mailbox.read():
                yield data
        finally:
            self._mailboxes.remove(topic, mailbox)

    async def close(self) -> None:
        self._closed = True
        self._mailboxes.close()
        if self._task is not None:
            self._task.cancel()
            await asyncio.wait([self._task])

    def _begin(self) -> None:
        if self._task is None and not self._closed:
            self._task = asyncio.get_running_loop().create_task(self._run())

    async def _run(self) -> None:
        pause = self._times.retry
        while True:
            self._lost.clear()
            line: Line | None = None
            try:
                async with asyncio.timeout(self._times.step):
                    line = await self._dial(self._mailboxes.deliver, self._lost.set)
                    self._listening.clear()
                    # Who begins to read meanwhile is listened for too, before anyone is told that we listen.
                    while missing := set(self._mailboxes.topics) - self._listening:
                        for topic in missing:
                            await line.listen(topic)
                            self._listening.add(topic)
                self._line = line
                self._mailboxes.hint()
                self._ready.set()
                pause = self._times.retry
                await self._watch(line)
            except asyncio.CancelledError:
                raise
            except Exception as error:  # noqa: BLE001  # whatever the driver raises: the server is not there
                _log.warning("the bus %s is away: %s", self.name, type(error).__name__)
            finally:
                self._line = None
                self._ready.clear()
                if line is not None:
                    await self._hang_up(line)
            await asyncio.sleep(pause * (1 + spread()))
            pause = min(2 * pause, self._times.most)

    async def _watch(self, line: Line) -> None:
        """Return when the connection is lost; raise when the server does not answer."""
        while True:
            with contextlib.suppress(TimeoutError):
                async with asyncio.timeout(self._times.probe):
                    await self._lost.wait()
                    return
            async with asyncio.timeout(self._times.step), self._sending:
                await line.probe()

    async def _listen(self, line: Line, topic: str) -> None:
        if topic in self._listening:
            return
        try:
            async with asyncio.timeout(self._times.step), self._sending:
                await line.listen(topic)
            self._listening.add(topic)
        except Exception:  # noqa: BLE001  # the next connection listens to all
            self._lost.set()

    async def _hang_up(self, line: Line) -> None:
        with contextlib.suppress(Exception):
            async with asyncio.timeout(self._times.step):
                await line.close()
