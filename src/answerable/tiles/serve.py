# SPDX-License-Identifier: Apache-2.0
"""The log over HTTP, read only (C2SP tlog-tiles, "APIs"): an ASGI 3.0 callable over any source.

Who may read is decided by where it listens. The Host header is checked: a web page that has a browser call a loopback
address under a name of its own reads nothing. What is no path of a log is never looked up.
"""

from __future__ import annotations

import asyncio
import gzip
from collections.abc import Iterable
from concurrent.futures import ThreadPoolExecutor
from typing import Final

from answerable.errors import AnswerableError, VerificationError
from answerable.log import tiles
from answerable.log.note import MAX_NOTE
from answerable.log.tiles import CHECKPOINT, ENTRIES, PRUNED, Tile
from answerable.net.asgi import NO_STORE, TEXT, Receive, Scope, Send, respond
from answerable.net.hosts import Hosts
from answerable.net.source import Source

_OCTETS: Final = (b"content-type", b"application/octet-stream")
# Mutable: "SHOULD prevent caching beyond a few seconds". Immutable: a year, the longest that caches honour.
_BRIEF: Final = (b"cache-control", b"max-age=1")
_LONG: Final = (b"cache-control", b"max-age=31536000, immutable")
_VARY: Final = (b"vary", b"accept-encoding")
_GZIP: Final = (b"content-encoding", b"gzip")
_SNIFF: Final = (b"x-content-type-options", b"nosniff")
# A bundle of JSON shrinks to a third; higher levels take longer than they save.
_GZIP_LEVEL: Final = 4
_MARK_LIMIT: Final = 32
# Readings that may wait for the disk at once; past it the answer is 503.
MAX_WAITING: Final = 256


class TileServer:
    """hosts: names, without port, that are answered beside the loopback ones; empty strings are passed over."""

    def __init__(self, source: Source, *, hosts: Iterable[str] = (), prefix: str = "") -> None:
        """prefix: what stands before the log's paths, such as ``/log``; "" for none."""
        self._source = source
        self._hosts = Hosts(hosts)
        self._prefix = prefix.rstrip("/") + "/"
        # One thread: a store's view is read by one at a time.
        self._pool = ThreadPoolExecutor(1, thread_name_prefix="tiles")
        self._waiting = 0

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http":
            return
        headers = {name: value for name, value in scope["headers"] if name in (b"host", b"accept-encoding")}
        if headers.get(b"host", b"") not in self._hosts:
            await respond(send, 421, b"unknown host\n", (TEXT, NO_STORE))
        elif scope["method"] not in ("GET", "HEAD"):
            await respond(send, 405, b"read only\n", (TEXT, NO_STORE, (b"allow", b"GET, HEAD")))
        else:
            await self._answer(scope["method"] == "HEAD", scope["path"], headers.get(b"accept-encoding", b""), send)

    async def close(self) -> None:
        """The source stays its owner's."""
        await asyncio.to_thread(self._pool.shutdown)

    async def _answer(self, head: bool, path: str, accepts: bytes, send: Send) -> None:
        resource = path[len(self._prefix) :] if path.startswith(self._prefix) else ""
        tile: Tile | None = None
        limit = {CHECKPOINT: MAX_NOTE, PRUNED: _MARK_LIMIT}.get(resource, 0)
        if not limit:
            try:
                tile = tiles.parse(resource)
            except VerificationError:
                return await respond(send, 404, b"no such resource\n", (TEXT, NO_STORE))
            limit = tile.limit
        if self._waiting >= MAX_WAITING:
            return await respond(send, 503, b"busy\n", (TEXT, NO_STORE, (b"retry-after", b"1")))
        zipped = tile is not None and tile.level == ENTRIES and _takes_gzip(accepts)
        self._waiting += 1
        try:
            data = await asyncio.get_running_loop().run_in_executor(self._pool, self._read, resource, limit, zipped)
        except AnswerableError as error:
            return await respond(send, 503, f"{error.code}\n".encode(), (TEXT, NO_STORE))
        finally:
            self._waiting -= 1
        if data is None:
            return await respond(send, 404, b"no such resource\n", (TEXT, NO_STORE))
        if tile is None:
            sent = [TEXT, _BRIEF]
        else:
            sent = [_OCTETS, _LONG, *([_VARY] if tile.level == ENTRIES else []), *([_GZIP] if zipped else [])]
        if head:
            start = [*sent, _SNIFF, (b"content-length", b"%d" % len(data))]
            await send({"type": "http.response.start", "status": 200, "headers": start})
            return await send({"type": "http.response.body", "body": b""})
        await respond(send, 200, data, (*sent, _SNIFF))

    def _read(self, resource: str, limit: int, zipped: bool) -> bytes | None:
        data = self._source.get(resource, limit)
        return gzip.compress(data, _GZIP_LEVEL, mtime=0) if data is not None and zipped else data


def _takes_gzip(accepts: bytes) -> bool:
    """RFC 9110 section 12.5.3, as far as it matters: gzip is named, and not with weight 0."""
    for part in accepts.lower().split(b","):
        name, _, weight = part.strip().partition(b";")
        if name.strip() == b"gzip":
            return weight.replace(b" ", b"").rstrip(b"0").rstrip(b".") not in (b"q=", b"q")
    return False
