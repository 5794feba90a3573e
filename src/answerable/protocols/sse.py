# SPDX-License-Identifier: Apache-2.0
"""Server-sent events (WHATWG HTML, section 9.2): an incremental, bounded reader, and a writer.

The common event, one ``data:`` line ended by an empty line, takes a short way; everything else the standard's.
"""

from __future__ import annotations

from typing import Final

from answerable.errors import Unavailable

# A whole Responses object in one event is some hundred kilobytes; an image in it some megabytes.
MAX_EVENT: Final = 16 * 1024 * 1024

_BOM = b"\xef\xbb\xbf"
_DATA: Final = b"data: "
_AFTER: Final = len(_DATA)
_BETWEEN: Final = b"\n\n" + _DATA


# (name, data): UTF-8 bytes of the `event` field, b"" if there was none; the joined `data` lines, undecoded. A stream
# has so many that a class of their own would cost as much as reading them.
Event = tuple[bytes, bytes]


class Reader:
    """Bytes in, events out; pieces may be cut anywhere. `id` and `retry` are passed over: nothing is ever
    re-fetched."""

    __slots__ = ("_after_cr", "_begun", "_limit", "_rest")

    def __init__(self, limit: int = MAX_EVENT) -> None:
        self._limit = limit
        self._rest = bytearray()
        self._begun = False
        self._after_cr = False

    def feed(self, data: bytes) -> list[Event]:
        """The events that `data` completes. Raises Unavailable ``upstream.oversized`` if one is longer than the
        limit."""
        if not self._begun:
            data = self._begin(data)
        if self._after_cr or b"\r" in data:
            data = self._line_ends(data)
        if rest := self._rest:
            # Only what is new is searched: a long event in tiny pieces must not cost its whole length for each.
            start = len(rest) - 1
            rest += data
            if rest.find(b"\n\n", start) < 0:
                self._bound()
                return []
            data = bytes(rest)
        blocks = data.split(b"\n\n")
        self._rest = bytearray(blocks.pop())
        self._bound()
        events: list[Event] = []
        for block in blocks:
            if block.startswith(_DATA) and b"\n" not in block:
                events.append((b"", block[_AFTER:]))
            elif block and (event := _parse(block)) is not None:
                events.append(event)
        return events

    def data(self, data: bytes) -> list[bytes]:
        """The data of these events alone, for streams whose events have no names that matter. Raises as `feed`."""
        if not self._begun and data.startswith(_DATA):  # no byte order mark
            self._begun = not self._rest
        if self.idle and b"\r" not in data:
            # Whole events of one line each, which is nearly every read: written again they are what came.
            value = slice(_AFTER, None)
            events = [line[value] for line in data.split(b"\n")[:-2:2]]
            if _DATA + _BETWEEN.join(events) + b"\n\n" == data:
                return events
        return [event for _, event in self.feed(data)]

    @property
    def idle(self) -> bool:
        """Whether the next byte begins an event."""
        return not self._rest and self._begun and not self._after_cr

    def _bound(self) -> None:
        if len(self._rest) > self._limit:
            raise Unavailable("upstream.oversized", limit=self._limit)

    def _begin(self, data: bytes) -> bytes:
        """Passes over a byte order mark, which may arrive in pieces."""
        data = bytes(self._rest) + data
        self._rest = bytearray()
        if len(data) < len(_BOM) and _BOM.startswith(data):
            self._rest = bytearray(data)
            return b""
        self._begun = True
        return data.removeprefix(_BOM)

    def _line_ends(self, data: bytes) -> bytes:
        """CR and CRLF become LF; a CR at the end of one piece swallows the LF at the start of the next."""
        if not data:
            return data
        if self._after_cr and data.startswith(b"\n"):
            data = data[1:]
        self._after_cr = data.endswith(b"\r") if data else False
        return data.replace(b"\r\n", b"\n").replace(b"\r", b"\n")


def _parse(block: bytes) -> Event | None:
    if block.startswith(b"event: ") and (end := block.find(b"\ndata: ")) > 0 and block.count(b"\n") == 1:
        return block[7:end], block[end + 7 :]
    name = b""
    lines: list[bytes] = []
    for line in block.split(b"\n"):
        field, _, value = line.partition(b":")
        if field == b"data":
            lines.append(value.removeprefix(b" "))
        elif field == b"event":
            name = value.removeprefix(b" ")
    return (name, b"\n".join(lines)) if lines else None


def write(data: bytes, event: str = "") -> bytes:
    """One event. data: without line breaks, as compact JSON is; event: its name, "" for none."""
    if event:
        return b"event: %b\ndata: %b\n\n" % (event.encode(), data)
    return b"data: %b\n\n" % data
