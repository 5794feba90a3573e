# SPDX-License-Identifier: Apache-2.0
"""Image file directories of TIFF 6.0 section 2, BigTIFF and Exif (CIPA DC-008), in both byte orders."""

from __future__ import annotations

import struct
from dataclasses import dataclass
from typing import Final

from answerable.formats.splice import Source
from answerable.formats.streams import malformed, oversized

MAX_ENTRIES: Final = 4_096
MAX_DIRECTORIES: Final = 10_000
# Of all directories together: a scan of some thousand pages has twenty each.
MAX_ALL: Final = 262_144

# Bytes of one value of each type: BYTE ASCII SHORT LONG RATIONAL SBYTE UNDEFINED SSHORT SLONG SRATIONAL FLOAT DOUBLE
# IFD, and LONG8 SLONG8 IFD8 of BigTIFF.
SIZES: Final = {1: 1, 2: 1, 3: 2, 4: 4, 5: 8, 6: 1, 7: 1, 8: 2, 9: 4, 10: 8, 11: 4, 12: 8, 13: 4, 16: 8, 17: 8, 18: 8}


@dataclass(frozen=True, slots=True)
class Entry:
    """at: where the entry itself stands; value: where its value does; size: of the value, in bytes."""

    tag: int
    type: int
    count: int
    at: int
    value: int
    size: int


@dataclass(frozen=True, slots=True)
class Directory:
    """data: the bytes of all entries; next: offset of the next directory, 0 for none; pointer: where the offset stands
    that leads here."""

    entries: tuple[Entry, ...]
    data: bytes
    next: int
    pointer: int

    def get(self, tag: int) -> Entry | None:
        return next((entry for entry in self.entries if entry.tag == tag), None)


class Directories:
    """order: ``<`` or ``>`` as in `struct`; big: BigTIFF. Raises VerificationError ``format.malformed`` for what is no
    TIFF header."""

    __slots__ = ("big", "first", "input", "order", "pointer")

    def __init__(self, input: Source) -> None:
        self.input = input
        head = input.at(0, 8)
        order = {b"II": "<", b"MM": ">"}.get(head[:2])
        if order is None:
            malformed(input.name, "its header has no byte order")
        self.order = order
        magic = self.number(head[2:4])
        if magic == 43:
            self.big, self.pointer = True, 8
            if self.number(head[4:6]) != 8 or self.number(head[6:8]) != 0:
                malformed(input.name, "its header is not of BigTIFF")
        elif magic == 42:
            self.big, self.pointer = False, 4
        else:
            malformed(input.name, "its header has no version of TIFF")
        self.first = self.number(input.at(self.pointer, self.word))

    @property
    def word(self) -> int:
        """Bytes of an offset."""
        return 8 if self.big else 4

    @property
    def entry(self) -> int:
        """Bytes of an entry."""
        return 20 if self.big else 12

    def number(self, data: bytes) -> int:
        return int.from_bytes(data, "little" if self.order == "<" else "big")

    def packed(self, value: int, size: int) -> bytes:
        return value.to_bytes(size, "little" if self.order == "<" else "big")

    def count(self, number: int) -> bytes:
        """How many entries follow, as a directory begins."""
        return self.packed(number, 8 if self.big else 2)

    def read(self, offset: int, pointer: int) -> Directory:
        """The directory at `offset`. Raises VerificationError ``format.malformed``, ``format.oversized``."""
        head = 8 if self.big else 2
        number = self.number(self.input.at(offset, head))
        if number > MAX_ENTRIES:
            oversized(self.input.name, f"more than {MAX_ENTRIES} entries in a directory")
        size = self.entry
        data = self.input.at(offset + head, number * size + self.word)
        entries = tuple(self._entry(data[at : at + size], offset + head + at) for at in range(0, number * size, size))
        after = number * size
        return Directory(entries, data[:after], self.number(data[after:]), pointer)

    def chain(self) -> list[Directory]:
        """The directories of all pages. Raises VerificationError ``format.malformed`` also where they form a circle."""
        found: list[Directory] = []
        seen: set[int] = set()
        total = 0
        offset, pointer = self.first, self.pointer
        while offset:
            if offset in seen:
                malformed(self.input.name, "its directories form a circle")
            if len(found) >= MAX_DIRECTORIES:
                oversized(self.input.name, f"more than {MAX_DIRECTORIES} directories")
            seen.add(offset)
            directory = self.read(offset, pointer)
            found.append(directory)
            total += len(directory.entries)
            if total > MAX_ALL:
                oversized(self.input.name, f"more than {MAX_ALL} entries")
            pointer = offset + (8 if self.big else 2) + len(directory.data)
            offset = directory.next
        return found

    def value(self, entry: Entry, limit: int) -> bytes:
        """The bytes of an entry's value. Raises VerificationError ``format.oversized`` beyond `limit` of them."""
        if entry.size > limit:
            oversized(self.input.name, f"a value longer than {limit} bytes")
        return self.input.at(entry.value, entry.size)

    def _entry(self, data: bytes, at: int) -> Entry:
        tag, kind = struct.unpack_from(self.order + "HH", data)
        word = self.word
        count = self.number(data[4 : 4 + word])
        size = SIZES.get(kind, 1) * count
        value = at + 4 + word if size <= word else self.number(data[4 + word :])
        return Entry(tag, kind, count, at, value, size)
