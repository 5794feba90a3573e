# SPDX-License-Identifier: Apache-2.0
"""A process that is a witness (`answerable witness serve`)."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Awaitable, Callable, Iterable
from pathlib import Path

from answerable.net.bind import tcp
from answerable.net.bridge import asgi
from answerable.net.server import Listener
from answerable.witness.files import Folder
from answerable.witness.server import WitnessApp
from answerable.witness.witness import Witness


async def serve(
    folder: Path,
    host: str,
    port: int,
    announce: Callable[[str, Witness], Awaitable[None]],
    ended: asyncio.Event,
    *,
    hosts: Iterable[str] = (),
    certificate: Path | None = None,
    key: Path | None = None,
    unsafe: bool = False,
) -> None:
    """Be the witness in `folder` until `ended`. announce: told the address, once it answers. Raises Refused
    ``witness.missing``, ``log.key``, ``config.unsafe_bind``, ``config.value``, Unavailable ``request.bind``,
    ``witness.state``."""
    witness = Witness(Folder(folder), lambda: time.time_ns() // 1_000_000)
    app = WitnessApp(witness, hosts=(host, *hosts))
    try:
        sock = tcp(host, port, tls=certificate is not None, unsafe=unsafe)
        listener = Listener(asgi(app), sock, certificate=certificate, key=key)
        await listener.start()
        try:
            shown = f"[{host}]" if ":" in host else host
            await announce(f"{'https' if listener.tls else 'http'}://{shown}:{listener.port}", witness)
            await ended.wait()
        finally:
            await listener.close()
    finally:
        await app.close()
