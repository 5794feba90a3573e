# SPDX-License-Identifier: Apache-2.0
"""The bus within one process: for a registry of one node, which is most of them."""

from __future__ import annotations

from collections.abc import AsyncIterator

from answerable.buses.mailbox import HINT, Mailboxes, check_topic
from answerable.errors import Unavailable


class MemoryBus:
    """`ports.Bus` on one event loop."""

    name = "memory:"

    def __init__(self) -> None:
        self._mailboxes = Mailboxes()
        self._closed = False

    async def publish(self, topic: str, data: bytes) -> None:
        check_topic(topic)
        if self._closed:
            raise Unavailable("bus.unreachable", bus=self.name)
        self._mailboxes.deliver(topic, data)

    async def subscribe(self, topic: str) -> AsyncIterator[bytes]:
        check_topic(topic)
        mailbox = self._mailboxes.add(topic)
        mailbox.put(HINT)
        if self._closed:
            mailbox.close()
        try:
            async for data in mailbox.read():
                yield data
        finally:
            self._mailboxes.remove(topic, mailbox)

    async def close(self) -> None:
        self._closed = True
        self._mailboxes.close()
