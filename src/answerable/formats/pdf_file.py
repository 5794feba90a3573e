# SPDX-License-Identifier: Apache-2.0
"""A PDF file by its cross-references (ISO 32000-2 section 7.5), tables and streams, as far as single objects need them:
nothing is read that nobody asked for. A file whose references are damaged is refused, not guessed at."""

from __future__ import annotations

import re
import zlib
from dataclasses import dataclass
from typing import Any, Final

from answerable.formats.pdf_syntax import Dictionary, Name, Parser, Reference, Short
from answerable.formats.splice import Source
from answerable.formats.streams import malformed, oversized, unsupported, upto

MAX_OBJECT: Final = 2_097_152
MAX_STREAM: Final = 16_777_216
MAX_SECTIONS: Final = 1_024
# Of all that is parsed, and of all that is unpacked, with eight for each row of a predictor.
MAX_PARSED: Final = 8_388_608
MAX_UNPACKED: Final = 33_554_432
MAX_PARTS: Final = 65_536
# References that lead to references.
MAX_STEPS: Final = 16

_START = re.compile(rb"startxref[\x00\t\n\x0c\r ]{1,16}([0-9]{1,12})(?![0-9])")
_HEADING = re.compile(rb"[\x00\t\n\x0c\r ]{0,16}([0-9]{1,10}) {1,4}([0-9]{1,10})[ ]{0,4}(?:\r\n|\n|\r)")
_ROW = re.compile(rb"([0-9]{10}) ([0-9]{5}) ([fn])[ \r\n]{2}")
_LENGTH: Final = 20


@dataclass(frozen=True, slots=True)
class Stream:
    """start: of its bytes in the file; length: of them, still packed."""

    head: Dictionary
    start: int
    length: int


@dataclass(frozen=True, slots=True)
class _Table:
    """parts: (first number, count, offset of the first row)."""

    trailer: Dictionary
    parts: list[tuple[int, int, int]]

    def find(self, number: int, file: Source) -> tuple[int, int, int] | None:
        for first, count, at in self.parts:
            if first <= number < first + count:
                row = _ROW.fullmatch(file.at(at + (number - first) * _LENGTH, _LENGTH))
                if row is None:
                    malformed("pdf", "a row of its cross-reference table has another form")
                return (1 if row[3] == b"n" else 0), int(row[1]), int(row[2])
        return None


@dataclass(frozen=True, slots=True)
class _Packed:
    """data: rows of three numbers, `widths` bytes each; parts: (first number, count, index of the first row)."""

    trailer: Dictionary
    parts: list[tuple[int, int, int]]
    widths: tuple[int, int, int]
    data: bytes

    def find(self, number: int, file: Source) -> tuple[int, int, int] | None:
        for first, count, row in self.parts:
            if first <= number < first + count:
                one, two, three = self.widths
                at = (row + number - first) * (one + two + three)
                raw = self.data[at : at + one + two + three]
                kind = int.from_bytes(raw[:one], "big") if one else 1
                return kind, int.from_bytes(raw[one : one + two], "big"), int.from_bytes(raw[one + two :], "big")
        return None


class PdfFile:
    """trailer: of the newest revision; start: offset of its cross-references; packed: whether they are a stream. Raises
    VerificationError ``format.malformed``, ``format.oversized``, ``format.unsupported``."""

    def __init__(self, file: Source) -> None:
        self.file = file
        if file.at(0, min(8, file.size))[:5] != b"%PDF-":
            unsupported("pdf", "other bytes stand before its header")
        tail_at = max(0, file.size - 2_048)
        found = _START.findall(file.at(tail_at, file.size - tail_at))
        if not found:
            malformed("pdf", "it does not say where its cross-references begin")
        self.start = int(found[-1])
        self._sections: list[_Table | _Packed] = []
        self._streams: dict[int, tuple[bytes, list[int], int]] = {}
        self._parsed = self._unpacked = self._rows = 0
        self._collect()
        self.trailer = self._sections[0].trailer
        self.packed = isinstance(self._sections[0], _Packed)
        self.encrypted = any(section.trailer.get(b"Encrypt") is not None for section in self._sections)

    def _collect(self) -> None:
        seen: set[int] = set()
        waiting = [self.start]
        while waiting:
            at = waiting.pop()
            if at in seen:
                malformed("pdf", "its cross-references form a circle")
            if len(self._sections) >= MAX_SECTIONS:
                oversized("pdf", f"more than {MAX_SECTIONS} revisions")
            seen.add(at)
            section = self._section(at)
            self._sections.append(section)
            # Of a hybrid file the stream comes before the table of the revision before (section 7.5.8.4).
            for name in (b"Prev", b"XRefStm"):
                offset = section.trailer.get(name)
                if isinstance(offset, int):
                    waiting.append(offset)

    def resolve(self, value: Any) -> Any:
        """What a reference leads to, and the value itself if it is none; None for an object that does not exist."""
        for _ in range(MAX_STEPS):
            if not isinstance(value, Reference):
                return value
            value = self.object(value.number)
        return oversized("pdf", f"more than {MAX_STEPS} references in a row")

    def generation(self, number: int) -> int | None:
        """Of an object as it stands now; None if it does not exist."""
        kind, _, last = self._find(number)
        return {1: last, 2: 0}.get(kind)

    def object(self, number: int) -> Any:
        """A value of `pdf_syntax`, or a `Stream`; None if it does not exist."""
        kind, where, index = self._find(number)
        if kind == 1:
            return self._at(where, number)
        return self._inside(where, index, number) if kind == 2 else None

    def dictionary(self, value: Any) -> Dictionary | None:
        """What `value` is or leads to, if that is a dictionary."""
        found = self.resolve(value)
        return found if isinstance(found, Dictionary) else None

    def content(self, stream: Stream) -> bytes:
        """Its bytes, unpacked. Raises VerificationError ``format.oversized``, and ``format.unsupported`` for any filter
        but Flate."""
        if stream.length > MAX_STREAM:
            oversized("pdf", f"a stream longer than {MAX_STREAM} bytes")
        data = self.file.at(stream.start, stream.length)
        filters, options = (self.resolve(stream.head.get(name)) for name in (b"Filter", b"DecodeParms"))
        filters = filters if isinstance(filters, list) else [] if filters is None else [filters]
        options = options if isinstance(options, list) else [options]
        if not filters:
            return data
        if len(filters) > 1 or self.resolve(filters[0]) != Name(b"FlateDecode"):
            unsupported("pdf", "a stream is packed in another way than by Flate")
        try:
            data = zlib.decompressobj().decompress(data, MAX_STREAM + 1)
        except zlib.error:
            malformed("pdf", "a stream cannot be unpacked")
        if len(data) > MAX_STREAM:
            oversized("pdf", f"a stream longer than {MAX_STREAM} bytes")
        option = self.dictionary(options[0]) if options else None
        width = _width(option) if option is not None else 0
        self._unpacked += len(data) + (8 * (len(data) // (width + 1)) if width else 0)
        if self._unpacked > MAX_UNPACKED:
            oversized("pdf", f"streams of more than {MAX_UNPACKED} bytes together")
        return _unpredicted(data, width) if width else data

    def _find(self, number: int) -> tuple[int, int, int]:
        for section in self._sections:
            found = section.find(number, self.file)
            if found is not None:
                return found
        return 0, 0, 0

    def _parse(self, at: int, take: Any) -> Any:
        """`take(parser)` over a window that grows while objects go on behind it."""
        size = 1_024
        while True:
            data = (
                upto(self.file, at, size) if 0 <= at <= self.file.size else malformed("pdf", "an offset leads nowhere")
            )
            self._parsed += len(data)
            if self._parsed > MAX_PARSED:
                oversized("pdf", f"objects of more than {MAX_PARSED} bytes together")
            try:
                return take(Parser(data, whole=at + len(data) >= self.file.size))
            except Short:
                size *= 8
                if size > MAX_OBJECT:
                    oversized("pdf", f"an object longer than {MAX_OBJECT} bytes")

    def _at(self, at: int, number: int) -> Any:
        """The object at an offset, which must be that of its number, or of any if `number` is negative."""

        def take(parser: Parser) -> tuple[Any, int]:
            head = parser.object(), parser.object()
            if not parser.word(b"obj") or not all(type(each) is int for each in head) or number not in (-1, head[0]):
                malformed("pdf", "an object does not stand where its cross-reference says")
            value = parser.object()
            begins = isinstance(value, Dictionary) and parser.word(b"stream")
            if not begins:
                return value, -1
            # One end of line, of one of two kinds, stands between (section 7.3.8.1).
            end = parser.data[parser.at : parser.at + 2]
            return value, at + parser.at + (2 if end == b"\r\n" else 1 if end[:1] in (b"\n", b"\r") else 0)

        value, start = self._parse(at, take)
        if start < 0:
            return value
        length = value.get(b"Length")
        if isinstance(length, Reference):
            # The length of a stream stands by itself (section 7.5.7), which ends any circle.
            kind, where, _ = self._find(length.number)
            length = self._parse(where, _number) if kind == 1 else None
        if type(length) is not int or length < 0 or start + length > self.file.size:
            malformed("pdf", "a stream has no length")
        if b"endstream" not in upto(self.file, start + length, 16):
            malformed("pdf", "a stream does not end where it should")
        return Stream(value, start, length)

    def _inside(self, holder: int, index: int, number: int) -> Any:
        """The object in an object stream (section 7.5.7)."""
        if holder not in self._streams:
            kind, where, _ = self._find(holder)
            stream = self._at(where, holder) if kind == 1 else None
            if not isinstance(stream, Stream):
                malformed("pdf", "an object stream is none")
            count, first = stream.head.get(b"N"), stream.head.get(b"First")
            if type(count) is not int or type(first) is not int or not 0 <= count <= MAX_PARTS or first < 0:
                malformed("pdf", "an object stream has no head")
            data = self.content(stream)
            parser = Parser(data, whole=True)
            pairs = [parser.object() for _ in range(2 * count)]
            if not all(type(each) is int for each in pairs):
                malformed("pdf", "an object stream has no head")
            self._streams[holder] = data, pairs, first
        data, pairs, first = self._streams[holder]
        if 2 * index + 1 >= len(pairs) or pairs[2 * index] != number:
            malformed("pdf", "an object stream does not hold what its cross-reference says")
        return Parser(data, first + pairs[2 * index + 1], whole=True).object()

    def _section(self, at: int) -> _Table | _Packed:
        head = upto(self.file, at, 64) if 0 <= at <= self.file.size else b""
        plain = head.lstrip(b"\x00\t\n\x0c\r ")
        if plain.startswith(b"xref"):
            return self._table(at + len(head) - len(plain) + 4)
        stream = self._at(at, -1) if plain[:1].isdigit() else None
        if not isinstance(stream, Stream) or stream.head.get(b"Type") != Name(b"XRef"):
            malformed("pdf", "its cross-references do not stand where it says")
        return self._stream(stream)

    def _table(self, at: int) -> _Table:
        parts: list[tuple[int, int, int]] = []
        while (match := _HEADING.match(upto(self.file, at, 64))) is not None:
            self._rows += 1
            if self._rows > MAX_PARTS:
                oversized("pdf", f"more than {MAX_PARTS} parts of cross-reference tables")
            first, count = int(match[1]), int(match[2])
            parts.append((first, count, at + match.end()))
            at += match.end() + count * _LENGTH
            if at > self.file.size:
                malformed("pdf", "a cross-reference table is longer than the file")

        def take(parser: Parser) -> Any:
            return parser.object() if parser.word(b"trailer") else None

        trailer = self._parse(at, take)
        if not isinstance(trailer, Dictionary):
            malformed("pdf", "a cross-reference table has no trailer")
        return _Table(trailer, parts)

    def _stream(self, stream: Stream) -> _Packed:
        widths, size, index = (stream.head.get(name) for name in (b"W", b"Size", b"Index"))
        if not isinstance(widths, list) or len(widths) != 3 or not all(type(w) is int and 0 <= w <= 8 for w in widths):
            malformed("pdf", "a cross-reference stream has no widths")
        index = index if isinstance(index, list) else [0, size]
        if len(index) % 2 or not all(type(each) is int and each >= 0 for each in index):
            malformed("pdf", "a cross-reference stream has no index")
        parts: list[tuple[int, int, int]] = []
        row = 0
        for first, count in zip(index[::2], index[1::2], strict=True):
            parts.append((first, count, row))
            row += count
        data = self.content(stream)
        if row * sum(widths) > len(data):
            malformed("pdf", "a cross-reference stream is cut off")
        return _Packed(stream.head, parts, (widths[0], widths[1], widths[2]), data)


def _number(parser: Parser) -> Any:
    parser.object()
    parser.object()
    return parser.object() if parser.word(b"obj") else None


def _width(option: Dictionary) -> int:
    """Bytes of a row of PNG's filters (section 7.4.4.4), 0 where none was used."""
    predictor, columns = option.get(b"Predictor"), option.get(b"Columns")
    if predictor in (None, 1):
        return 0
    colors, bits = option.get(b"Colors"), option.get(b"BitsPerComponent")
    if type(predictor) is not int or predictor < 10 or colors not in (None, 1) or bits not in (None, 8):
        unsupported("pdf", "a stream was packed with a predictor of no common kind")
    width = 1 if columns is None else columns
    if type(width) is not int or not 0 < width <= 4_096:
        malformed("pdf", "a stream has no row of its predictor")
    return width


def _unpredicted(data: bytes, width: int) -> bytes:
    """Rows without the filter `Up`: the row above is one large number, all bytes of which are added at once."""
    if len(data) % (width + 1):
        malformed("pdf", "a stream has no row of its predictor")
    low = int.from_bytes(b"\x7f" * width, "big")
    high = int.from_bytes(b"\x80" * width, "big")
    above = 0
    rows = bytearray()
    for at in range(0, len(data), width + 1):
        here = int.from_bytes(data[at + 1 : at + 1 + width], "big")
        kind = data[at]
        if kind == 2:
            above = ((above & low) + (here & low)) ^ ((above ^ here) & high)
        elif kind == 0:
            above = here
        else:
            unsupported("pdf", "a stream was packed with a predictor of no common kind")
        rows += above.to_bytes(width, "big")
    return bytes(rows)
