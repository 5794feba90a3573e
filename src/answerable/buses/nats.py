# SPDX-License-Identifier: Apache-2.0
"""NATS as a bus, where it already runs. Core NATS alone: at most once, which is all that a bus promises here."""

from __future__ import annotations

from typing import Any, Final

from answerable.buses.dialled import Deliver, Lost

LARGEST: Final = 1 << 19  # bytes; a server takes 1 MiB unless told otherwise
PREFIX: Final = "answerable."


class NatsLine:
    """`dialled.Line` over one connection of nats-py. Its own reconnecting is off: ours tells readers of the gap."""

    def __init__(self, client: Any, deliver: Deliver, largest: int) -> None:
        self._client = client
        self._deliver = deliver
        self._largest = largest

    @classmethod
    async def dial(cls, url: str, options: dict[str, Any], deliver: Deliver, lost: Lost) -> NatsLine:
        """options: of `nats.connect`, for credentials and TLS."""
        import nats

        async def gone(*_: object) -> None:
            lost()

        async def wrong(_: Exception) -> None:
            return

        client = await nats.connect(
            servers=[url],
            allow_reconnect=False,
            connect_timeout=2,
            disconnected_cb=gone,
            closed_cb=gone,
            error_cb=wrong,
            name="answerable bus",
            **options,
        )
        return cls(client, deliver, min(client.max_payload, LARGEST))

    async def listen(self, topic: str) -> None:
        async def heard(message: Any) -> None:
            self._deliver(topic, message.data)

        await self._client.subscribe(PREFIX + topic, cb=heard)
        await self._client.flush(timeout=2)

    async def send(self, topic: str, data: bytes) -> None:
        await self._client.publish(PREFIX + topic, data if len(data) <= self._largest else b"")
        await self._client.flush(timeout=2)

    async def probe(self) -> None:
        await self._client.flush(timeout=2)

    async def close(self) -> None:
        await self._client.close()
