# SPDX-License-Identifier: Apache-2.0
"""Vorbis comments (Vorbis I section 5; RFC 7845 section 5.2; RFC 9639 section 8.6): AIGC read and replaced, all other
comments byte for byte as they stand."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

from answerable.formats.carrier import MAX_TEXT
from answerable.formats.splice import Source

MAX_COMMENTS: Final = 65_536
NAME: Final = b"AIGC="
# The program that wrote the sound is named here; of a file whose sound came without comments nothing is known.
VENDOR: Final = b"unknown"


@dataclass(frozen=True, slots=True)
class Comments:
    """vendor: with its length; entries: each with its length; rest: what stands behind them, such as Vorbis' last bit
    or Opus' filling."""

    vendor: bytes
    entries: tuple[bytes, ...]
    rest: bytes

    def texts(self) -> list[bytes]:
        """The objects; names are in any case."""
        start = 4 + len(NAME)
        return [each[start : start + MAX_TEXT] for each in self.entries if each[4:start].upper() == NAME]

    def with_object(self, text: bytes | None) -> bytes:
        """All of it again with exactly one object, or none (None)."""
        kept = [each for each in self.entries if each[4 : 4 + len(NAME)].upper() != NAME]
        if text is not None:
            kept.append(_sized(NAME + text))
        return b"".join((self.vendor, len(kept).to_bytes(4, "little"), *kept, self.rest))


def _sized(data: bytes) -> bytes:
    return len(data).to_bytes(4, "little") + data


EMPTY: Final = Comments(_sized(VENDOR), (), b"")


def parse(data: bytes, source: Source) -> Comments:
    """Raises VerificationError ``format.malformed``, ``format.oversized``."""
    at = 4 + int.from_bytes(data[:4], "little")
    if at + 4 > len(data):
        raise source.malformed("its comments do not fit")
    vendor, count = data[:at], int.from_bytes(data[at : at + 4], "little")
    if count > MAX_COMMENTS:
        raise source.oversized(f"more than {MAX_COMMENTS} comments")
    at += 4
    entries = []
    for _ in range(count):
        stop = at + 4 + int.from_bytes(data[at : at + 4], "little")
        if at + 4 > len(data) or stop > len(data):
            raise source.malformed("its comments do not fit")
        entries.append(data[at:stop])
        at = stop
    return Comments(vendor, tuple(entries), data[at:])
