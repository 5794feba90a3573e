# SPDX-License-Identifier: Apache-2.0
"""What waits for one reader of a bus: bounded, and never silently less than was published."""

from __future__ import annotations

import asyncio
import re
from collections import deque
from collections.abc import AsyncIterator
from typing import Final

from answerable.errors import Refused

HINT: Final = b""  # something may have been missed: pull
MOST: Final = 256  # messages
LARGEST: Final = 1 << 20  # bytes of all that waits
_TOPIC: Final = re.compile(r"(?=.{1,48}\Z)[a-z0-9_]+(\.[a-z0-9_]+)*")


def check_topic(topic: str) -> None:
    """Raises Refused ``bus.topic``."""
    if _TOPIC.fullmatch(topic) is None:
        raise Refused("bus.topic")


class Mailbox:
    """Used on one event loop. What is too much is replaced by one hint: whoever pulls then misses nothing."""

    def __init__(self, most: int = MOST, largest: int = LARGEST) -> None:
        self._most = most
        self._largest = largest
        self._waiting: deque[bytes] = deque()
        self._size = 0
        self._reader: asyncio.Future[None] | None = None
        self._closed = False

    def put(self, data: bytes) -> None:
        if data == HINT or len(self._waiting) >= self._most or self._size + len(data) > self._largest:
            # A pull brings all that waits here, too.
            self._waiting.clear()
            self._size, data = 0, HINT
        self._waiting.append(data)
        self._size += len(data)
        self._wake()

    def close(self) -> None:
        self._closed = True
        self._wake()

    async def read(self) -> AsyncIterator[bytes]:
        """What comes, until the mailbox is closed. One reader."""
        while True:
            while self._waiting:
                data = self._waiting.popleft()
                self._size -= len(data)
                yield data
            if self._closed:
                return
            self._reader = asyncio.get_running_loop().create_future()
            try:
                await self._reader
            finally:
                self._reader = None

    def _wake(self) -> None:
        if self._reader is not None and not self._reader.done():
            self._reader.set_result(None)


class Mailboxes:
    """The readers of each topic."""

    def __init__(self) -> None:
        self._of: dict[str, set[Mailbox]] = {}

    @property
    def topics(self) -> list[str]:
        return list(self._of)

    def add(self, topic: str) -> Mailbox:
        mailbox = Mailbox()
        self._of.setdefault(topic, set()).add(mailbox)
        return mailbox

    def remove(self, topic: str, mailbox: Mailbox) -> None:
        left = self._of.get(topic, set())
        left.discard(mailbox)
        if not left:
            self._of.pop(topic, None)

    def deliver(self, topic: str, data: bytes) -> None:
        for mailbox in tuple(self._of.get(topic, ())):
            mailbox.put(data)

    def hint(self) -> None:
        for topic in self.topics:
            self.deliver(topic, HINT)

    def close(self) -> None:
        for boxes in self._of.values():
            for mailbox in boxes:
                mailbox.close()
