# SPDX-License-Identifier: Apache-2.0
"""PostgreSQL's LISTEN and NOTIFY as a bus: nothing more to run where the registry already stands in a database.

A payload is text below 8000 bytes (PostgreSQL manual, "NOTIFY"): messages travel as base64url, longer ones as a hint.
"""

from __future__ import annotations

from typing import Any, Final

from answerable.buses.dialled import Deliver, Lost
from answerable.buses.mailbox import HINT
from answerable.crypto.b64 import b64u, unb64u
from answerable.errors import VerificationError

MOST_TEXT: Final = 7_999
LARGEST: Final = MOST_TEXT * 3 // 4  # bytes, as base64url without padding
PREFIX: Final = "answerable."


class PostgresLine:
    """`dialled.Line` over one asyncpg connection."""

    def __init__(self, connection: Any, deliver: Deliver, lost: Lost) -> None:
        self._connection = connection
        self._deliver = deliver
        connection.add_termination_listener(lambda _: lost())

    @classmethod
    async def dial(cls, options: dict[str, Any], deliver: Deliver, lost: Lost) -> PostgresLine:
        """options: of `asyncpg.connect`."""
        import asyncpg

        connection = await asyncpg.connect(**options, server_settings={"application_name": "answerable bus"})
        return cls(connection, deliver, lost)

    async def listen(self, topic: str) -> None:
        await self._connection.add_listener(PREFIX + topic, self._heard)

    async def send(self, topic: str, data: bytes) -> None:
        await self._connection.execute("SELECT pg_notify($1, $2)", PREFIX + topic, b64u(data))

    async def probe(self) -> None:
        await self._connection.execute("SELECT 1")

    async def close(self) -> None:
        await self._connection.close()

    def _heard(self, _connection: Any, _pid: int, channel: str, payload: str) -> None:
        try:
            data = unb64u(payload) if payload else HINT
        except VerificationError:
            data = HINT  # whoever may use the database may say anything here
        self._deliver(channel.removeprefix(PREFIX), data)
