# SPDX-License-Identifier: Apache-2.0
"""The pulse's own plane: holders may follow the pulse itself, and officers and authorities bring their orders here,
past a registry that would not take or tell them."""

from __future__ import annotations

import asyncio
from dataclasses import dataclass
from pathlib import Path
from typing import Final, Protocol

from answerable.admission.holding import HolderView
from answerable.admission.orders import MAX_MESSAGE, Told
from answerable.app import wiring
from answerable.net.bind import tcp
from answerable.net.server import Listener
from answerable.relay import encoded
from answerable.relay.board import Board
from answerable.relay.fanout import Fanout
from answerable.relay.plane import ORDERS, Plane
from answerable.relay.posting import taken
from answerable.relay.routes import Answer, Call, Route

PULSE_PORT: Final = 8405


@dataclass(frozen=True, slots=True)
class Listen:
    """port: 0 for a free one; names: further hosts that are answered for; certificate, key: PEM files; unsafe: beyond
    loopback without TLS."""

    host: str = "127.0.0.1"
    port: int = PULSE_PORT
    names: tuple[str, ...] = ()
    certificate: Path | None = None
    key: Path | None = None
    unsafe: bool = False


class Source(Protocol):
    """Implemented by `app.pulsing.Beater`."""

    view: HolderView

    def order(self, data: bytes) -> Told | None: ...


class PulsePlane:
    """Tells what the pulse knows. Used on one event loop."""

    def __init__(self, beater: Source) -> None:
        self._beater = beater
        self._board = Board()
        self._fanout = Fanout()
        self._listener: Listener | None = None
        self._telling: asyncio.Task[None] | None = None

    async def start(self, where: Listen) -> str:
        """Its URL, once it answers. Raises Refused ``config.unsafe_bind``, ``config.value``, Unavailable
        ``request.bind``."""
        for told in self._beater.view.told():
            self.told(told)
        routes = (Route("POST", ORDERS, self._orders, limit=4 * MAX_MESSAGE),)
        plane = Plane(self._board, self._fanout, routes, hosts=(wiring.host_of(where.host), *where.names))
        sock = tcp(where.host, where.port, tls=where.certificate is not None, unsafe=where.unsafe)
        self._listener = Listener(plane, sock, certificate=where.certificate, key=where.key)
        await self._listener.start()
        self._telling = asyncio.create_task(self._fanout.run())
        return f"{'https' if self._listener.tls else 'http'}://{wiring.host_of(where.host)}:{self._listener.port}"

    async def close(self) -> None:
        if self._telling is not None:
            self._telling.cancel()
            await asyncio.gather(self._telling, return_exceptions=True)
        await self._fanout.close()
        if self._listener is not None:
            await self._listener.close()

    def told(self, told: Told) -> None:
        """Tell an order that was news."""
        news = self._board.put(told)
        self._board.epoch = self._beater.view.epoch
        if news:
            self._fanout.tell(encoded.order(told.data, max(told.epoch, told.changed)))

    def pulse(self, data: bytes) -> None:
        """Tell a beat."""
        self._board.pulse = data
        self._fanout.tell(encoded.pulse(data))

    async def _orders(self, call: Call) -> Answer:
        return await taken(call.body, self._beater.view, self._beater.order)
