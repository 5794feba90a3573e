# SPDX-License-Identifier: Apache-2.0
"""A listener: uvicorn run inside the current event loop, on a socket that we made.

Proxy headers are never believed (a handle is bound to an address), nothing is logged by uvicorn but its own failures,
and signals stay with the process that owns the loop.
"""

from __future__ import annotations

import asyncio
import socket
from pathlib import Path

import uvicorn

from answerable.net.asgi import App
from answerable.net.inbound import HEAD_SECONDS, Inbound

KEEP_ALIVE_S = 75.0  # longer than clients keep theirs, so that it is the client that closes
SWEEP_S = 1.0


class Listener:
    """Serves `app` on `sock` from `start` to `close`.

    grace: seconds that calls in flight get at close before they are cancelled.
    """

    def __init__(
        self,
        app: App,
        sock: socket.socket,
        *,
        certificate: Path | None = None,
        key: Path | None = None,
        grace: int = 5,
        head_s: float = HEAD_SECONDS,
        keep_alive_s: float = KEEP_ALIVE_S,
    ) -> None:
        self._sock = sock
        self._head_s = head_s
        self._keep_alive_s = keep_alive_s
        self._loop_task: asyncio.Task[None] | None = None
        self._sweep: asyncio.TimerHandle | None = None
        self.tls = certificate is not None
        self._server = uvicorn.Server(
            uvicorn.Config(
                app,
                http=Inbound,
                ws="none",
                lifespan="off",
                interface="asgi3",
                log_config=None,
                access_log=False,
                proxy_headers=False,
                server_header=False,
                date_header=True,
                timeout_graceful_shutdown=grace,
                ssl_certfile=certificate,
                ssl_keyfile=key,
            )
        )

    @property
    def port(self) -> int:
        """The TCP port, or 0 on a Unix socket."""
        name = self._sock.getsockname()
        return int(name[1]) if isinstance(name, tuple) else 0

    async def start(self) -> None:
        """Return once connections are accepted."""
        server = self._server
        server.config.load()
        server.lifespan = server.config.lifespan_class(server.config)
        await server.startup(sockets=[self._sock])
        self._loop_task = asyncio.create_task(server.main_loop(), name="listener")
        self._sweep = asyncio.get_running_loop().call_later(self._interval, self._look)

    async def close(self) -> None:
        """Accept no more, let calls in flight end within the grace, cancel the rest. Safe to call twice."""
        if self._loop_task is None:
            self._sock.close()
            return
        self._server.should_exit = True
        await self._loop_task
        self._loop_task = None
        if self._sweep is not None:
            self._sweep.cancel()
        path = self._sock.getsockname()
        await self._server.shutdown(sockets=[self._sock])
        for connection in tuple(self._server.server_state.connections):
            connection.transport.abort()
        if isinstance(path, str) and path:
            Path(path).unlink(missing_ok=True)  # noqa: ASYNC240  one unlink on the way out

    @property
    def _interval(self) -> float:
        return min(SWEEP_S, self._head_s / 4, self._keep_alive_s / 4)

    def _look(self) -> None:
        """End connections whose head does not come (the slow-header attack), and those that have rested for long."""
        loop = asyncio.get_running_loop()
        now = loop.time()
        for connection in tuple(self._server.server_state.connections):
            if not isinstance(connection, Inbound):
                continue
            if connection.waiting_since and now - connection.waiting_since > self._head_s:
                connection.transport.abort()
            elif connection.resting_since and now - connection.resting_since > self._keep_alive_s:
                connection.transport.close()
        self._sweep = loop.call_later(self._interval, self._look)
