# SPDX-License-Identifier: Apache-2.0
"""The log over real HTTP: what the specification says of paths, types and caches, and what strangers try."""

from __future__ import annotations

import asyncio
import gzip
import http.client
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import pytest

from answerable.errors import Unavailable
from answerable.net.bind import tcp
from answerable.net.bridge import asgi
from answerable.net.server import Listener
from answerable.net.source import Folder, Source, Web
from answerable.tiles.live import Live
from answerable.tiles.mirror import Mirror
from answerable.tiles.serve import TileServer
from tests.tiled import TRUST, Grown, entries, files

LOG = Grown(entries(600))


@asynccontextmanager
async def serving(source: Source, **options: Any) -> AsyncIterator[int]:
    app = TileServer(source, **options)
    listener = Listener(asgi(app), tcp("127.0.0.1", 0, tls=False), grace=1)
    await listener.start()
    try:
        yield listener.port
    finally:
        await listener.close()
        await app.close()


async def ask(port: int, path: str, method: str = "GET", **headers: str) -> tuple[int, dict[str, str], bytes]:
    def go() -> tuple[int, dict[str, str], bytes]:
        connection = http.client.HTTPConnection("127.0.0.1", port, timeout=10)
        try:
            connection.request(method, path, headers={key.replace("_", "-"): value for key, value in headers.items()})
            answer = connection.getresponse()
            return answer.status, {k.lower(): v for k, v in answer.getheaders()}, answer.read()
        finally:
            connection.close()

    return await asyncio.to_thread(go)


async def test_types_and_caches_are_the_specifications() -> None:
    async with serving(Live(LOG, LOG.published)) as port:
        status, headers, body = await ask(port, "/checkpoint")
        assert (status, body) == (200, LOG.note)
        assert headers["content-type"] == "text/plain; charset=utf-8"
        assert headers["cache-control"] == "max-age=1"
        for path in ("/tile/0/001", "/tile/0/002.p/88", "/tile/1/000.p/2", "/tile/entries/002.p/88"):
            status, headers, body = await ask(port, path)
            assert status == 200
            assert headers["content-type"] == "application/octet-stream"
            assert headers["cache-control"] == "max-age=31536000, immutable"
            assert headers["x-content-type-options"] == "nosniff"
            assert int(headers["content-length"]) == len(body)
        assert (await ask(port, "/tile/0/002.p/88"))[2] == LOG.tiles[0, 2]


async def test_bundles_are_compressed_for_those_who_ask() -> None:
    async with serving(Live(LOG, LOG.published)) as port:
        plain = await ask(port, "/tile/entries/000")
        zipped = await ask(port, "/tile/entries/000", accept_encoding="br, gzip;q=0.5")
        assert plain[1]["vary"] == zipped[1]["vary"] == "accept-encoding"
        assert "content-encoding" not in plain[1]
        assert zipped[1]["content-encoding"] == "gzip"
        assert gzip.decompress(zipped[2]) == plain[2]
        assert len(zipped[2]) < len(plain[2]) / 2
        assert "content-encoding" not in (await ask(port, "/tile/entries/000", accept_encoding="gzip;q=0"))[1]
        assert "content-encoding" not in (await ask(port, "/tile/0/000", accept_encoding="gzip"))[1]


async def test_head_tells_what_get_would() -> None:
    async with serving(Live(LOG, LOG.published)) as port:
        status, headers, body = await ask(port, "/tile/0/000", "HEAD")
        assert (status, body, headers["content-length"]) == (200, b"", "8192")


@pytest.mark.parametrize(
    "path",
    [
        "/",
        "/tile/0/003",
        "/tile/0/002",
        "/tile/0/002.p/89",
        "/tile/0/0",
        "/tile/0/../../etc/passwd",
        "/tile/0/%2e%2e/000",
        "/tile/64/000",
        "//checkpoint",
        "/checkpoint/",
        "/pruned",
        "/evidence/0/first",
    ],
)
async def test_what_is_absent_is_not_found_and_not_kept(path: str, tmp_path: Path) -> None:
    LOG.write(tmp_path)
    (tmp_path / "evidence" / "0").mkdir(parents=True)
    (tmp_path / "evidence" / "0" / "first").write_bytes(b"x")
    for source in (Live(LOG, LOG.published), Folder(tmp_path)):
        async with serving(source) as port:
            status, headers, _ = await ask(port, path)
            assert status == 404
            assert headers["cache-control"] == "no-store"


async def test_only_reading_and_only_under_our_name() -> None:
    async with serving(Live(LOG, LOG.published), hosts=["log.example.com", ""]) as port:
        assert (await ask(port, "/checkpoint", "POST"))[0] == 405
        assert (await ask(port, "/checkpoint", "DELETE"))[1]["allow"] == "GET, HEAD"
        assert (await ask(port, "/checkpoint", host="evil.example.com"))[0] == 421
        assert (await ask(port, "/checkpoint", host="LOG.example.com:8443"))[0] == 200
        assert (await ask(port, "/checkpoint", host=f"localhost:{port}"))[0] == 200


async def test_below_a_prefix() -> None:
    async with serving(Live(LOG, LOG.published), prefix="/log") as port:
        assert (await ask(port, "/log/checkpoint"))[0] == 200
        assert (await ask(port, "/checkpoint"))[0] == 404


async def test_a_store_that_fails_is_told_by_its_code() -> None:
    def gone() -> bytes:
        raise Unavailable("store.unguarded", path="x", detail="y")

    async with serving(Live(LOG, gone)) as port:
        status, headers, body = await ask(port, "/checkpoint")
        assert (status, body, headers["cache-control"]) == (503, b"store.unguarded\n", "no-store")


async def test_a_mirror_over_http_is_the_same_bytes(tmp_path: Path) -> None:
    LOG.write(tmp_path / "static")
    async with serving(Live(LOG, LOG.published)) as port:
        source = Web(f"http://127.0.0.1:{port}/")
        updated = await asyncio.to_thread(Mirror(source, tmp_path / "mirror", TRUST).update)
        source.close()
    assert updated.size == 600
    assert files(tmp_path / "mirror") == files(tmp_path / "static")
