# SPDX-License-Identifier: Apache-2.0
"""One application on one listener, for processes that do nothing else: the tiles of a log, a witness."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from pathlib import Path
from typing import Protocol

from answerable.net.asgi import Receive, Scope, Send
from answerable.net.bind import tcp
from answerable.net.bridge import asgi
from answerable.net.server import Listener


class Closing(Protocol):
    """An ASGI application that holds something open."""

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None: ...

    async def close(self) -> None: ...


async def answer(
    app: Closing,
    host: str,
    port: int,
    announce: Callable[[str], Awaitable[None]],
    ended: asyncio.Event,
    *,
    certificate: Path | None = None,
    key: Path | None = None,
    unsafe: bool = False,
) -> None:
    """Until `ended`; closes `app`, however it ends. announce: told the address, without a slash at its end, once it
    answers. Raises Refused ``config.unsafe_bind``, ``config.value``, Unavailable ``request.bind``."""
    try:
        sock = tcp(host, port, tls=certificate is not None, unsafe=unsafe)
        listener = Listener(asgi(app), sock, certificate=certificate, key=key)
        await listener.start()
        try:
            shown = f"[{host}]" if ":" in host else host
            await announce(f"{'https' if listener.tls else 'http'}://{shown}:{listener.port}")
            await ended.wait()
        finally:
            await listener.close()
    finally:
        await app.close()
