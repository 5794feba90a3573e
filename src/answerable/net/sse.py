# SPDX-License-Identifier: Apache-2.0
"""Reading server-sent events (WHATWG HTML, section 9.2) with what a follower needs of them: names and retry hints.

Bounded and incremental; pieces may be cut anywhere. (`protocols.sse` reads models' streams, where neither matters.)
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

from answerable.errors import Unavailable

MAX_EVENT: Final = 2 << 20  # bytes; the largest message is 1 MiB
MAX_RETRY_MS: Final = 300_000


@dataclass(frozen=True, slots=True)
class Event:
    """name: "message" where the stream gives none. data: its lines joined, undecoded."""

    name: str
    data: bytes


class Parser:
    """retry_ms: the newest retry hint, 0 before there was one; never above five minutes."""

    def __init__(self, limit: int = MAX_EVENT) -> None:
        self.retry_ms = 0
        self._limit = limit
        self._rest = bytearray()
        self._scanned = 0
        self._name = ""
        self._data: list[bytes] = []
        self._size = 0

    def feed(self, piece: bytes) -> list[Event]:
        """The events that `piece` completes. Raises Unavailable ``upstream.oversized``."""
        rest = self._rest
        rest += piece
        events: list[Event] = []
        start = 0
        while (end := rest.find(b"\n", max(start, self._scanned))) >= 0:
            line = bytes(rest[start:end]).removesuffix(b"\r")
            start, self._scanned = end + 1, 0
            if line:
                self._line(line)
            elif self._data:
                events.append(Event(self._name or "message", b"\n".join(self._data)))
                self._name, self._data, self._size = "", [], 0
            else:
                self._name = ""
        del rest[:start]
        self._scanned = len(rest)  # an event in tiny pieces must not be searched anew for each
        if len(rest) + self._size > self._limit:
            raise Unavailable("upstream.oversized", limit=self._limit)
        return events

    def _line(self, line: bytes) -> None:
        field, _, value = line.partition(b":")
        value = value.removeprefix(b" ")
        if field == b"data":
            self._data.append(value)
            self._size += len(value) + 1
        elif field == b"event":
            self._name = value[:64].decode("utf-8", "replace")
        elif field == b"retry" and value.isdigit() and len(value) <= 9:
            self.retry_ms = min(int(value), MAX_RETRY_MS)
