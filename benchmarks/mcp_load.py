# SPDX-License-Identifier: Apache-2.0
"""Tool calls over keep-alive connections, each asking again as soon as its answer is there; costs little itself.

Each call is another one: its number goes up. An answer counts if its status is 200 and it is the tool's own; anything
else ends the run. Prints one JSON object. Only this machine is asked.
"""

from __future__ import annotations

import argparse
import asyncio
import itertools
import json
import sys
import time
from collections.abc import Iterator
from typing import Any, Final
from urllib.parse import urlsplit

import httptools
import uvloop

from benchmarks.load import quantile

REVISION: Final = "2026-07-28"
DRAIN_S: Final = 90.0
TEXT: Final = "a sentence of the usual length, as an agent writes it"
_META: Final = {
    "io.modelcontextprotocol/protocolVersion": REVISION,
    "io.modelcontextprotocol/clientCapabilities": {},
    "io.modelcontextprotocol/clientInfo": {"name": "bench", "version": "1"},
}


def body(number: int, name: str = "tick", arguments: dict[str, Any] | None = None) -> bytes:
    """A call of revision 2026-07-28."""
    params = {
        "name": name, "arguments": {"number": number, "text": TEXT} if arguments is None else arguments, "_meta": _META
    }  # fmt: skip
    return json.dumps(
        {"jsonrpc": "2.0", "id": number, "method": "tools/call", "params": params}, separators=(",", ":")
    ).encode()


def headers(key: str, name: str = "tick") -> dict[str, str]:
    fields = {
        "content-type": "application/json",
        "accept": "application/json, text/event-stream",
        "mcp-protocol-version": REVISION,
        "mcp-method": "tools/call",
        "mcp-name": name,
    }
    return fields | ({"authorization": f"Bearer {key}"} if key else {})


class Run:
    def __init__(self, url: str, key: str, seconds: float, first: int) -> None:
        parts = urlsplit(url)
        lines = "".join(f"{name}: {value}\r\n" for name, value in headers(key).items())
        self.head = f"POST {parts.path} HTTP/1.1\r\nhost: {parts.netloc}\r\n{lines}".encode()
        self.numbers: Iterator[int] = itertools.count(first)
        self.until = time.perf_counter() + seconds
        self.latency: list[float] = []
        self.errors: list[str] = []
        self.active = 0
        self.done = asyncio.Event()

    def request(self, number: int) -> bytes:
        data = body(number)
        return self.head + b"content-length: %d\r\n\r\n" % len(data) + data

    def leave(self) -> None:
        self.active -= 1
        if not self.active:
            self.done.set()

    def error(self, what: str) -> None:
        self.errors.append(what)
        self.until = 0.0


class Connection(asyncio.Protocol):
    def __init__(self, run: Run) -> None:
        self._run = run
        self._parser: Any = httptools.HttpResponseParser(self)
        self._transport: Any = None
        self._body: list[bytes] = []
        self._began = 0.0
        self._number = 0
        self._busy = False

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self._transport = transport

    def ask(self) -> None:
        if time.perf_counter() >= self._run.until:
            self._transport.close()
            self._run.leave()
            return
        self._body.clear()
        self._busy = True
        self._number = next(self._run.numbers)
        request = self._run.request(self._number)
        self._began = time.perf_counter()
        self._transport.write(request)

    def data_received(self, data: bytes) -> None:
        self._parser.feed_data(data)

    def on_body(self, data: bytes) -> None:
        self._body.append(data)

    def on_message_complete(self) -> None:
        took = time.perf_counter() - self._began
        self._busy = False
        data = b"".join(self._body)
        if self._parser.get_status_code() != 200 or b"tick %d " % self._number not in data or b'"isError":true' in data:
            self._run.error(f"status {self._parser.get_status_code()}: {data[:400].decode(errors='replace')}")
        else:
            self._run.latency.append(took)
        self._parser = httptools.HttpResponseParser(self)
        self.ask()

    def connection_lost(self, error: Exception | None) -> None:
        if self._busy:
            self._busy = False
            self._run.error("connection lost during an answer")
            self._run.leave()


async def load(url: str, *, key: str, concurrency: int, seconds: float, first: int) -> dict[str, Any]:
    """Ask `url` from `concurrency` connections for `seconds`; first: number of the first call."""
    parts = urlsplit(url)
    if parts.hostname not in {"127.0.0.1", "localhost"} or parts.port is None:
        raise ValueError("only a port of this machine is asked")
    run = Run(url, key, seconds, first)
    run.active = concurrency
    began, used = time.perf_counter(), time.process_time()
    for _ in range(concurrency):
        _, connection = await asyncio.get_running_loop().create_connection(
            lambda: Connection(run), parts.hostname, parts.port
        )
        connection.ask()
    try:
        await asyncio.wait_for(run.done.wait(), seconds + DRAIN_S)
    except TimeoutError:
        run.error(f"{run.active} answers did not come in {DRAIN_S:.0f} s")
    took = time.perf_counter() - began
    return {
        "answers": len(run.latency),
        "errors": run.errors[:3],
        "rps": len(run.latency) / took,
        "p50_ms": quantile(run.latency, 0.5) * 1e3,
        "p99_ms": quantile(run.latency, 0.99) * 1e3,
        "load_cpu_us": (time.process_time() - used) / max(1, len(run.latency)) * 1e6,
    }


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("url")
    parser.add_argument("--key", default="")
    parser.add_argument("--concurrency", type=int, default=16)
    parser.add_argument("--seconds", type=float, default=3.0)
    parser.add_argument("--first", type=int, default=1_000_000_000)
    options = vars(parser.parse_args())
    found = uvloop.run(load(options.pop("url"), **options))
    sys.stdout.write(json.dumps(found) + "\n")
    return 1 if found["errors"] or not found["answers"] else 0


if __name__ == "__main__":
    sys.exit(main())
