# SPDX-License-Identifier: Apache-2.0
"""ZIP archives (APPNOTE 6.3) of which some members are written anew and all others stay packed as they are."""

from __future__ import annotations

import struct
import zlib
from dataclasses import dataclass
from itertools import pairwise
from typing import BinaryIO, Final

from answerable.formats.splice import Edit, Source, Splice
from answerable.formats.streams import malformed, oversized, unsupported

MAX_MEMBERS: Final = 65_534
MAX_DIRECTORY: Final = 16_777_216
# Of a member that is unpacked: parts of documents that name other parts are small.
MAX_CONTENT: Final = 4_194_304

_LOCAL: Final = struct.Struct("<4sHHHHHIIIHH")
_CENTRAL: Final = struct.Struct("<4sHHHHHHIIIHHHHHII")
_END: Final = struct.Struct("<4sHHHHIIH")
# 1980-01-01, the first day that the format knows.
_DAY: Final = 0x21


@dataclass(frozen=True, slots=True)
class Member:
    """at, data, end: offsets of its local header, its packed content and of what follows; record: as the central
    directory has it; size, check: of the content unpacked."""

    name: str
    method: int
    encrypted: bool
    check: int
    packed: int
    size: int
    at: int
    data: int
    end: int
    record: bytes


class Archive:
    """members: in the order of the central directory. Raises VerificationError ``format.malformed`` for a directory
    that does not fit the file, ``format.oversized``, and ``format.unsupported`` for ZIP64 and several disks."""

    __slots__ = ("_directory", "_end", "_size", "file", "members")

    def __init__(self, file: Source) -> None:
        self.file = file
        tail = file.at(max(0, file.size - 65_557), min(file.size, 65_557))
        found = tail.rfind(b"PK\x05\x06")
        if found < 0 or len(tail) - found < _END.size:
            malformed(file.name, "it has no central directory")
        self._end = file.size - len(tail) + found
        _, disk, first_disk, here, count, size, at, _ = _END.unpack_from(tail, found)
        if 0xFFFF in (disk, count) or 0xFFFFFFFF in (size, at):
            unsupported(file.name, "its archive is in the ZIP64 form")
        if disk or first_disk or here != count:
            unsupported(file.name, "its archive is in several parts")
        if at + size != self._end:
            malformed(file.name, "its central directory does not stand where it should")
        if size > MAX_DIRECTORY:
            oversized(file.name, f"a central directory longer than {MAX_DIRECTORY} bytes")
        self._directory, self._size = at, size
        self.members = self._read(file.at(at, size), count)

    def _read(self, data: bytes, count: int) -> list[Member]:
        fields: list[tuple[str, tuple[int, ...], bytes]] = []
        at = 0
        for _ in range(count):
            if len(data) - at < _CENTRAL.size or data[at : at + 4] != b"PK\x01\x02":
                malformed(self.file.name, "its central directory is cut off")
            values = _CENTRAL.unpack_from(data, at)
            length = _CENTRAL.size + sum(values[10:13])
            record = data[at : at + length]
            if len(record) != length:
                malformed(self.file.name, "its central directory is cut off")
            name = record[_CENTRAL.size : _CENTRAL.size + values[10]]
            fields.append((name.decode("utf-8" if values[3] & 0x800 else "cp437", "replace"), values[1:], record))
            at += length
        if len({name.casefold() for name, _, _ in fields}) != count:
            malformed(self.file.name, "two of its members have one name")
        starts = sorted(values[-1] for _, values, _ in fields)
        ends = dict(pairwise([*starts, self._directory]))
        if len(set(starts)) != count:
            malformed(self.file.name, "two of its members stand in one place")
        return [self._member(name, values, record, ends[values[-1]]) for name, values, record in fields]

    def _member(self, name: str, values: tuple[int, ...], record: bytes, end: int) -> Member:
        _, _, flags, method, _, _, check, packed, size = values[:9]
        at = values[-1]
        if 0xFFFFFFFF in (packed, size, at):
            unsupported(self.file.name, "its archive is in the ZIP64 form")
        head = self.file.at(at, _LOCAL.size)
        named, extra = _LOCAL.unpack(head)[9:]
        data = at + _LOCAL.size + named + extra
        same = self.file.at(at + _LOCAL.size, named) == record[_CENTRAL.size : _CENTRAL.size + values[9]]
        if head[:4] != b"PK\x03\x04" or not same or data + packed > end:
            malformed(self.file.name, "a member is not what the central directory says")
        return Member(name, method, bool(flags & 1), check, packed, size, at, data, end, record)

    def find(self, name: str) -> Member | None:
        """Names of parts are the same in either case (ISO/IEC 29500-2)."""
        return next((member for member in self.members if member.name.casefold() == name.casefold()), None)

    def content(self, member: Member) -> bytes:
        """What it holds. Raises VerificationError ``format.oversized`` beyond `MAX_CONTENT`, whatever it claims."""
        if member.encrypted or member.method not in (0, 8):
            unsupported(self.file.name, "one of its parts is encrypted or packed in another way than by deflate")
        if max(member.packed, member.size) > MAX_CONTENT:
            oversized(self.file.name, f"a part longer than {MAX_CONTENT} bytes")
        data = self.file.at(member.data, member.packed)
        if member.method == 8:
            try:
                data = zlib.decompressobj(-15).decompress(data, MAX_CONTENT + 1)
            except zlib.error:
                malformed(self.file.name, "one of its parts cannot be unpacked")
        if len(data) != member.size or zlib.crc32(data) != member.check:
            malformed(self.file.name, "one of its parts is not what it was")
        return data

    def write(self, target: BinaryIO, parts: dict[str, bytes]) -> None:
        """The archive with `parts` (name → content) in place of the members of those names, or behind all others."""
        edits: list[Edit] = []
        records: dict[str, bytes] = {}
        behind = b""
        added: list[tuple[bytes, int]] = []
        for name, content in parts.items():
            old = self.find(name)
            local, record = _packed(old.name if old else name, content, old.record if old else b"")
            if old is not None:
                edits.append(Edit(old.at, old.end, local))
                records[old.name] = record
            else:
                added.append((record, len(behind)))
                behind += local
        splice = Splice(edits)
        start = self._directory + splice.growth
        directory = b"".join(
            _placed(records.get(member.name, member.record), splice.moved(member.at)) for member in self.members
        ) + b"".join(_placed(record, start + at) for record, at in added)
        count, at = len(self.members) + len(added), start + len(behind)
        if at + len(directory) > 0xFFFFFFFE or count > MAX_MEMBERS:
            unsupported(self.file.name, "its archive would have to be in the ZIP64 form")
        end = self.file.at(self._end, self.file.size - self._end)
        end = end[:8] + struct.pack("<HHII", count, count, len(directory), at) + end[20:]
        edits.append(Edit(self._directory, self.file.size, behind + directory + end))
        Splice(edits).write(self.file, target)


def _packed(name: str, content: bytes, old: bytes) -> tuple[bytes, bytes]:
    """(local header with content, record) of a member that takes its time from the one that it replaces."""
    packer = zlib.compressobj(6, zlib.DEFLATED, -15)
    data = packer.compress(content) + packer.flush()
    raw, flags = name.encode("utf-8"), 0 if name.isascii() else 0x800
    time, day = struct.unpack_from("<HH", old, 12) if old else (0, _DAY)
    shared = (20, flags, 8, time, day, zlib.crc32(content), len(data), len(content), len(raw), 0)
    record = _CENTRAL.pack(b"PK\x01\x02", 20, *shared, 0, 0, 0, 0, 0)
    return _LOCAL.pack(b"PK\x03\x04", *shared) + raw + data, record + raw


def _placed(record: bytes, at: int) -> bytes:
    return record[:42] + at.to_bytes(4, "little") + record[46:]
