# SPDX-License-Identifier: Apache-2.0
"""Many holders in one process: connections that listen for orders and note when each came (CLOCK_MONOTONIC).

First line on stdout: ``{"connected": n}``; then one for each order that all have heard: ``{"heard": [ns, ...]}``,
sorted. Holders verify what they hear; these do not: it is the relay that is measured, on the same machine. With a
``nats://`` address they subscribe at a NATS server themselves: the peer.
"""

from __future__ import annotations

import argparse
import asyncio
import json
import time
from typing import cast
from urllib.parse import urlsplit

import uvloop

from answerable.app.serve import raise_descriptors

FILES = 65_536
SUBJECT = "answerable.peer"
AT_ONCE = 256  # connections that are being made


class Holder(asyncio.Protocol):
    def __init__(self, all_of_them: Holders) -> None:
        self._all = all_of_them
        self._tail = b""

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        cast("asyncio.Transport", transport).write(self._all.request)  # asyncio gives a stream's protocol no other kind

    def data_received(self, data: bytes) -> None:
        now = time.monotonic_ns()
        text = self._tail + data
        mark = self._all.mark
        found = text.count(mark)
        self._tail = (text[text.rfind(mark) + len(mark) :] if found else text)[1 - len(mark) :]
        if found:
            self._all.heard(now, found)
        elif self._all.ready in text:
            self._all.connected()

    def connection_lost(self, exc: Exception | None) -> None:
        self._all.lost += 1


class Holders:
    def __init__(self, count: int, host: str, *, nats: bool) -> None:
        self.count = count
        self.lost = 0
        self.request = f"GET /relay/v1/events HTTP/1.1\r\nhost: {host}\r\n\r\n".encode()
        self.ready, self.mark = b"event: hello", b"event: order"
        if nats:
            self.request = f'CONNECT {{"verbose":false}}\r\nSUB {SUBJECT} 1\r\nPING\r\n'.encode()
            self.ready, self.mark = b"PONG", b"MSG " + SUBJECT.encode()
        self._ready = 0
        self._times: list[int] = []

    def connected(self) -> None:
        self._ready += 1
        if self._ready == self.count:
            print(json.dumps({"connected": self._ready}), flush=True)

    def heard(self, now: int, orders: int) -> None:
        self._times += [now] * orders
        if len(self._times) == self.count:
            times, self._times = sorted(self._times), []
            print(json.dumps({"heard": times, "lost": self.lost}), flush=True)


async def main(url: str, count: int) -> None:
    raise_descriptors(FILES)
    place = urlsplit(url)
    loop, holders = asyncio.get_running_loop(), Holders(count, place.netloc, nats=place.scheme == "nats")
    for first in range(0, count, AT_ONCE):
        await asyncio.gather(
            *(
                loop.create_connection(lambda: Holder(holders), place.hostname, place.port)
                for _ in range(min(AT_ONCE, count - first))
            )
        )
    await asyncio.Event().wait()


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("url")
    parser.add_argument("--count", type=int, default=1_000)
    told = parser.parse_args()
    uvloop.run(main(told.url, told.count))
