# SPDX-License-Identifier: Apache-2.0
"""A relay on loopback, with orders of `tests.small_orders`, without a registry behind it."""

from __future__ import annotations

import asyncio
import socket
from collections.abc import AsyncIterator, Iterable
from contextlib import asynccontextmanager
from dataclasses import dataclass

from answerable.admission.orders import Told
from answerable.net.bind import tcp
from answerable.net.server import Listener
from answerable.relay import encoded
from answerable.relay.board import Board
from answerable.relay.fanout import Bounds, Fanout
from answerable.relay.plane import Plane
from answerable.relay.routes import Route


@dataclass
class Relay:
    port: int
    board: Board
    fanout: Fanout
    listener: Listener

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.port}"

    def tell(self, told: Told, *, quietly: bool = False) -> None:
        """quietly: onto the board alone, as if the push were lost."""
        number = max(told.epoch, told.changed)
        assert self.board.put(told)
        self.board.epoch = max(self.board.epoch, number)
        if not quietly:
            self.fanout.tell(encoded.order(told.data, number))

    def pulse(self, data: bytes) -> None:
        self.board.pulse = data
        self.fanout.tell(encoded.pulse(data))


@asynccontextmanager
async def relay(
    board: Board | None = None,
    *,
    bounds: Bounds = Bounds(),  # noqa: B008  # frozen
    routes: Iterable[Route] = (),
    port: int = 0,
) -> AsyncIterator[Relay]:
    board, fanout = board or Board(), Fanout(bounds)
    listener = Listener(Plane(board, fanout, routes), tcp("127.0.0.1", port, tls=False), connections=bounds.holders)
    await listener.start()
    telling = asyncio.create_task(fanout.run())
    try:
        yield Relay(listener.port, board, fanout, listener)
    finally:
        telling.cancel()
        await fanout.close()
        await listener.close()


async def until(true: object, seconds: float = 10.0) -> None:
    """Return once `true()` is."""
    async with asyncio.timeout(seconds):
        while not true():  # type: ignore[operator]  # noqa: ASYNC110  # what is waited for has no event
            await asyncio.sleep(0.005)


def ask(port: int, head: str, body: bytes = b"") -> bytes:
    """What comes back to one request on a connection of its own, until it is closed. Blocking."""
    with socket.create_connection(("127.0.0.1", port), 10) as connection:
        lines = f"{head} HTTP/1.1\r\nhost: localhost\r\nconnection: close\r\ncontent-length: {len(body)}\r\n\r\n"
        connection.sendall(lines.encode() + body)
        connection.settimeout(10)
        parts = []
        while part := connection.recv(65536):
            parts.append(part)
        return b"".join(parts)
