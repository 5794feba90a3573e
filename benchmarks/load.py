# SPDX-License-Identifier: Apache-2.0
"""A load generator that costs little: keep-alive connections, each asking again as soon as its answer is complete.

Prints one JSON object: how many answers, how many a second, latency and time to first token (p50, p99), its own CPU. An
answer counts if its status is 200 and it is whole (a stream ends with ``[DONE]``); anything else is an error. Only this
machine is asked. A request that was begun before the time is up is waited for and counted.
"""

from __future__ import annotations

import argparse
import asyncio
import json
import re
import resource
import sys
import time
from typing import Any, Final, cast
from urllib.parse import urlsplit

import httptools
import uvloop

FIRST_TOKEN: Final = re.compile(rb'"content":\s?"[^"]')
DRAIN_S: Final = 90.0  # for answers begun before the time was up
PROMPT: Final = "Say thirty short words about bridges, please."


class Run:
    """One measurement: what is asked, until when, and what came back."""

    def __init__(self, request: bytes, *, stream: bool, seconds: float) -> None:
        self.request, self.stream = request, stream
        self.until = time.perf_counter() + seconds
        self.latency: list[float] = []
        self.first: list[float] = []
        self.errors: dict[str, int] = {}
        self.done = asyncio.Event()
        self.active = 0

    def over(self) -> bool:
        return time.perf_counter() >= self.until

    def leave(self) -> None:
        self.active -= 1
        if not self.active:
            self.done.set()

    def error(self, what: str) -> None:
        self.errors[what] = self.errors.get(what, 0) + 1


class Connection(asyncio.Protocol):
    def __init__(self, run: Run) -> None:
        self._run = run
        self._parser = httptools.HttpResponseParser(self)
        self._transport: asyncio.Transport
        self._body: list[bytes] = []
        self._began = self._first = 0.0
        self._busy = self.lost = False

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self._transport = cast("asyncio.Transport", transport)  # uvloop's has another base

    def ask(self) -> None:
        if self.lost:
            self._run.error("connection closed between answers")
            self._run.leave()
            return
        if self._run.over():
            self._transport.close()
            self._run.leave()
            return
        self._body.clear()
        self._first = 0.0
        self._busy = True
        self._began = time.perf_counter()
        self._transport.write(self._run.request)

    def data_received(self, data: bytes) -> None:
        try:
            self._parser.feed_data(data)
        except httptools.HttpParserError as error:
            self._fail(f"not HTTP: {error}")

    def on_body(self, body: bytes) -> None:
        if not self._first and self._run.stream and FIRST_TOKEN.search(body):
            self._first = time.perf_counter()
        self._body.append(body)

    def on_message_complete(self) -> None:
        now = time.perf_counter()
        self._busy = False
        status, body = self._parser.get_status_code(), b"".join(self._body)
        whole = body.rstrip().endswith(b"data: [DONE]") if self._run.stream else b'"choices"' in body
        if status != 200 or not whole or (self._run.stream and not self._first):
            self._run.error(f"status {status}: {body[:200].decode(errors='replace')}")
        else:
            self._run.latency.append(now - self._began)
            if self._first:
                self._run.first.append(self._first - self._began)
        if self._run.errors:
            self._run.until = 0.0  # a run with an error is void: no need to go on
        self.ask()

    def _fail(self, what: str) -> None:
        if self._busy:
            self._busy = False
            self._run.error(what)
            self._run.until = 0.0
            self._run.leave()
        self._transport.close()

    def connection_lost(self, error: Exception | None) -> None:
        self.lost = True
        self._fail("connection lost during an answer")


def quantile(values: list[float], share: float) -> float:
    """The value below which `share` of the values lie; 0 for none."""
    ordered = sorted(values)
    return ordered[min(len(ordered) - 1, int(share * len(ordered)))] if ordered else 0.0


def request(url: str, path: str, *, stream: bool, model: str, key: str) -> bytes:
    body: dict[str, Any] = {"model": model, "messages": [{"role": "user", "content": PROMPT}], "max_tokens": 64}
    if stream:
        body["stream"] = True
    data = json.dumps(body, separators=(",", ":")).encode()
    host = urlsplit(url).netloc
    head = f"POST {path} HTTP/1.1\r\nhost: {host}\r\ncontent-type: application/json\r\n"
    head += f"authorization: Bearer {key}\r\ncontent-length: {len(data)}\r\n\r\n"
    return head.encode() + data


async def load(
    url: str, *, concurrency: int, seconds: float, stream: bool, model: str, key: str, stagger: float = 0.0
) -> dict[str, Any]:
    """Ask `url` from `concurrency` connections for `seconds`. stagger: seconds over which their starts are spread.

    Raises ValueError for a host that is not this machine.
    """
    parts = urlsplit(url)
    if parts.hostname not in {"127.0.0.1", "localhost", "::1"} or parts.port is None:
        raise ValueError("only a port of this machine is asked")
    loop = asyncio.get_running_loop()
    run = Run(request(url, parts.path.rstrip("/") + "/chat/completions", stream=stream, model=model, key=key),
              stream=stream, seconds=seconds)  # fmt: skip
    run.active = concurrency
    began, cpu = time.perf_counter(), _cpu()
    connections = []
    for _ in range(concurrency):
        _, connection = await loop.create_connection(lambda: Connection(run), parts.hostname, parts.port)
        connections.append(connection)
    for number, connection in enumerate(connections):
        if stagger:
            loop.call_later(stagger * number / concurrency, connection.ask)
        else:
            connection.ask()
    try:
        await asyncio.wait_for(run.done.wait(), seconds + DRAIN_S)
    except TimeoutError:
        run.error(f"{run.active} answers did not come in {DRAIN_S:.0f} s")
    took = time.perf_counter() - began
    return {
        "answers": len(run.latency),
        "errors": run.errors,
        "seconds": took,
        "rps": len(run.latency) / took,
        "latency_p50_ms": quantile(run.latency, 0.5) * 1e3,
        "latency_p99_ms": quantile(run.latency, 0.99) * 1e3,
        "first_p50_ms": quantile(run.first, 0.5) * 1e3,
        "first_p99_ms": quantile(run.first, 0.99) * 1e3,
        "load_cpu_us": (_cpu() - cpu) / max(1, len(run.latency)) * 1e6,
    }


def _cpu() -> float:
    used = resource.getrusage(resource.RUSAGE_SELF)
    return used.ru_utime + used.ru_stime


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("url", help="base URL with its /v1")
    parser.add_argument("--concurrency", type=int, default=32)
    parser.add_argument("--seconds", type=float, default=3.0)
    parser.add_argument("--stream", action="store_true")
    parser.add_argument("--stagger", type=float, default=0.0, help="seconds over which the first requests are spread")
    parser.add_argument("--model", default="mock")
    parser.add_argument("--key", default="none")
    options = vars(parser.parse_args())
    result = uvloop.run(load(options.pop("url"), **options))
    sys.stdout.write(json.dumps(result) + "\n")
    return 1 if result["errors"] or not result["answers"] else 0


if __name__ == "__main__":
    sys.exit(main())
