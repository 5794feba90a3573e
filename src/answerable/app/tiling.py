# SPDX-License-Identifier: Apache-2.0
"""The log of a store as static resources, for programs beside the one that writes it: they open nothing for writing,
take no lock, and hold no key."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Iterable
from pathlib import Path
from typing import Final

from answerable.config import Config
from answerable.errors import Unavailable
from answerable.net.bind import tcp
from answerable.net.bridge import asgi
from answerable.net.server import Listener
from answerable.net.source import Source
from answerable.stores.database import connect_reading
from answerable.stores.reads import LogReads
from answerable.stores.sqlite import LOG_FILE
from answerable.tiles.live import Live, Published
from answerable.tiles.serve import TileServer

PUBLISHED: Final = "published"


class StoredLog(LogReads):
    """The log's file of a SQLite store, and nothing else of it."""

    def __init__(self, store: Path) -> None:
        """Raises Unavailable ``store.missing``, ``store.*``."""
        if not (store / LOG_FILE).is_file():
            raise Unavailable("store.missing", path=str(store))
        self._file = connect_reading(store / LOG_FILE)
        super().__init__(self._file)

    def close(self) -> None:
        self._file.close()


def live(config: Config, *, minimum: int = 0) -> Live:
    """The configured store's log, as far as its guard says that it was published. Raises Unavailable ``store.*``."""
    published = Published(config.guard_path / PUBLISHED)
    published()
    return Live(StoredLog(config.store_path), published, minimum=minimum, name=str(config.store_path))


async def serve(
    source: Source,
    host: str,
    port: int,
    announce: Callable[[str], Awaitable[None]],
    ended: asyncio.Event,
    *,
    hosts: Iterable[str] = (),
    certificate: Path | None = None,
    key: Path | None = None,
    unsafe: bool = False,
) -> None:
    """Serve `source` until `ended`. Raises Refused ``config.unsafe_bind``, ``config.value``, Unavailable
    ``request.bind``."""
    sock = tcp(host, port, tls=certificate is not None, unsafe=unsafe)
    app = TileServer(source, hosts=(host, *hosts))
    listener = Listener(asgi(app), sock, certificate=certificate, key=key)
    await listener.start()
    try:
        shown = f"[{host}]" if ":" in host else host
        await announce(f"{'https' if listener.tls else 'http'}://{shown}:{listener.port}/")
        await ended.wait()
    finally:
        await listener.close()
        await app.close()
