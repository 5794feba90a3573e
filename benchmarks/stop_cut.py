# SPDX-License-Identifier: Apache-2.0
"""Streams in flight when an order comes: milliseconds from its commit to the last byte of each, through the real
gateway with everything on.

The instant of the commit is the order's own, in whole milliseconds rounded down: no figure is smaller than it is.
cpu_ms is all that the gateway used from before the order until the last stream ended, its streams' events included.
"""

from __future__ import annotations

import asyncio
import json
import subprocess
import tempfile
import time
import urllib.request
from pathlib import Path
from typing import Any, Final, cast
from urllib.parse import urlsplit

import uvloop

from benchmarks import peers
from benchmarks.processes import ENVIRONMENT, Server, python

PACE_MS: Final = 250.0
END_S: Final = 30.0


class Stream(asyncio.Protocol):
    """One answer that is being streamed. began: its first words are here; last: when its newest byte came, ns."""

    def __init__(self, request: bytes) -> None:
        self._request = request
        self.began = asyncio.Event()
        self.ended = asyncio.Event()
        self.last = 0
        self.text = b""

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self._transport = cast("asyncio.Transport", transport)
        self._transport.write(self._request)

    def data_received(self, data: bytes) -> None:
        self.last = time.time_ns()
        self.text += data
        if b'"content"' in self.text:
            self.began.set()
        if self.text.endswith(b"0\r\n\r\n"):
            self.ended.set()

    def connection_lost(self, exc: Exception | None) -> None:
        self.ended.set()

    @property
    def told(self) -> bool:
        """Whether its reader was told why it ended."""
        return b"stop.system" in self.text and b"[DONE]" not in self.text


def request(url: str, key: str) -> bytes:
    place = urlsplit(url)
    body = json.dumps(
        {"model": "auto", "stream": True, "messages": [{"role": "user", "content": "Describe the sea."}]}
    ).encode()
    head = f"POST {place.path}/chat/completions HTTP/1.1\r\nhost: {place.netloc}\r\nauthorization: Bearer {key}\r\n"
    return head.encode() + b"content-type: application/json\r\ncontent-length: %d\r\n\r\n" % len(body) + body


async def cut(target: peers.Target, store: Path, system: str, streams: int) -> dict[str, Any]:
    """One order with `streams` in flight."""
    place = urlsplit(target.url)
    loop, asked = asyncio.get_running_loop(), request(target.url, target.key)
    flying: list[Stream] = []
    for _ in range(streams):
        _, stream = await loop.create_connection(lambda: Stream(asked), place.hostname, place.port)
        flying.append(stream)
    async with asyncio.timeout(END_S):
        await asyncio.gather(*(stream.began.wait() for stream in flying))
    command = ["answerable", "stop", system, "--reason", "measured", "--as", "officer-1", "--store", str(store)]
    process = await asyncio.create_subprocess_exec(
        *command, "--json", env=ENVIRONMENT, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL
    )
    used = target.server.cpu()
    said, _ = await process.communicate()
    at = json.loads(said)["at"]
    async with asyncio.timeout(END_S):
        await asyncio.gather(*(stream.ended.wait() for stream in flying))
    used = target.server.cpu() - used
    took = sorted(stream.last / 1e6 - at for stream in flying)
    for stream in flying:
        stream._transport.abort()
    return {
        "streams": streams,
        "told": sum(stream.told for stream in flying),
        "p50_ms": round(took[len(took) // 2], 1),
        "p99_ms": round(took[int(len(took) * 0.99)], 1),
        "max_ms": round(took[-1], 1),
        "cpu_ms": round(used * 1000),
    }


def measure(streams: int) -> dict[str, Any]:
    """A new gateway over a mock upstream, `streams` in flight, one order."""
    with tempfile.TemporaryDirectory(prefix="bench-stop-") as name:
        folder = Path(name)
        mock = Server("mock", python("benchmarks.mock_upstream"), folder)
        try:
            upstream = mock.first_line(20)["url"]
            pace = json.dumps({"pace_ms": PACE_MS}).encode()
            urllib.request.urlopen(f"{upstream}/control", data=pace, timeout=10).close()
            target = peers.ours(upstream, folder)
            try:
                return uvloop.run(cut(target, folder / "store", "mock", streams))
            finally:
                target.server.stop()
        finally:
            mock.stop()
