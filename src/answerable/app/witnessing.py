# SPDX-License-Identifier: Apache-2.0
"""A process that is a witness (`answerable witness serve`)."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Awaitable, Callable, Iterable
from pathlib import Path

from answerable.app.answering import answer
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

    async def at(url: str) -> None:
        await announce(url, witness)

    await answer(app, host, port, at, ended, certificate=certificate, key=key, unsafe=unsafe)
