# SPDX-License-Identifier: Apache-2.0
from __future__ import annotations

import asyncio
import ssl
import time
from pathlib import Path

import pytest

from answerable.net.endpoint import parse
from answerable.upstreams.reach import reachable


@pytest.fixture
async def heard() -> list[bytes]:
    return []


async def listening(heard: list[bytes], **where: object) -> asyncio.Server:
    async def take(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        heard.append(await reader.read())
        writer.close()

    if "path" in where:
        return await asyncio.start_unix_server(take, str(where["path"]))
    return await asyncio.start_server(take, "127.0.0.1", 0)


async def ended(server: asyncio.Server, heard: list[bytes]) -> None:
    """Until the one connection was taken to its end."""
    for _ in range(300):
        if heard:
            break
        await asyncio.sleep(0.01)
    await asyncio.sleep(0.02)
    server.close()
    await server.wait_closed()


async def test_a_server_that_accepts_is_reachable_and_is_sent_nothing(heard: list[bytes]) -> None:
    server = await listening(heard)
    port = server.sockets[0].getsockname()[1]
    assert await reachable(parse(f"http://127.0.0.1:{port}/v1"), None, 2.0)
    await ended(server, heard)
    assert heard == [b""]


async def test_a_unix_socket_too(heard: list[bytes], tmp_path: Path) -> None:
    server = await listening(heard, path=tmp_path / "s")
    assert await reachable(parse(f"unix://{tmp_path / 's'}"), None, 2.0)
    await ended(server, heard)
    (tmp_path / "s").unlink(missing_ok=True)
    assert not await reachable(parse(f"unix://{tmp_path / 's'}"), None, 2.0)


@pytest.mark.parametrize("url", ["http://127.0.0.1:9/v1", "http://nowhere.invalid/v1"])
async def test_what_refuses_or_does_not_resolve_is_not(url: str) -> None:
    assert not await reachable(parse(url), None, 2.0)


async def test_a_server_that_speaks_no_tls_is_not_where_tls_is_asked_for(heard: list[bytes]) -> None:
    server = await listening(heard)
    port = server.sockets[0].getsockname()[1]
    began = time.monotonic()
    assert not await reachable(parse(f"https://127.0.0.1:{port}/v1"), ssl.create_default_context(), 0.3)
    assert time.monotonic() - began < 2
    await ended(server, heard)
