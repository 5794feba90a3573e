# SPDX-License-Identifier: Apache-2.0
"""The log of a store as static resources, for programs beside the one that writes it: they open nothing for writing,
take no lock, and hold no key."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Iterable
from pathlib import Path
from typing import Final

from answerable.app.answering import answer
from answerable.app.stores import open_log
from answerable.config import Config
from answerable.net.source import Source
from answerable.tiles.live import Live, Published
from answerable.tiles.serve import TileServer

PUBLISHED: Final = "published"
COSIGNED: Final = "cosigned"


def live(config: Config, *, minimum: int = 0, cosigned: bool = False) -> Live:
    """The configured store's log, as far as its guard says that it was published; cosigned: only as far as a quorum of
    its witnesses has cosigned it. Raises Unavailable ``store.*``."""
    published = Published(config.guard_path / (COSIGNED if cosigned else PUBLISHED))
    published()
    return Live(open_log(config), published, minimum=minimum, name=str(config.store_path))


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
    app = TileServer(source, hosts=(host, *hosts))

    async def at(url: str) -> None:
        await announce(f"{url}/")

    await answer(app, host, port, at, ended, certificate=certificate, key=key, unsafe=unsafe)
