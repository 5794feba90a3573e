# SPDX-License-Identifier: Apache-2.0
"""The objects of a PDF file as text (ISO 32000-2 section 7.3): just enough to find a member of a dictionary, and to
write the dictionary again without it. Depth and length are bounded."""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from typing import Any, Final

from answerable.formats.streams import malformed, oversized

MAX_DEPTH: Final = 32
MAX_MEMBERS: Final = 65_536

_SPACE = re.compile(rb"(?:[\x00\t\n\x0c\r ]++|%[^\r\n]*+)*+")
_NUMBER = re.compile(rb"[+-]?(?:[0-9]{1,20}(?:\.[0-9]{0,40})?|\.[0-9]{1,40})")
_REFERENCE = re.compile(rb"([0-9]{1,10})[\x00\t\n\x0c\r ]{1,64}([0-9]{1,5})[\x00\t\n\x0c\r ]{1,64}R(?![A-Za-z0-9])")
_NAME = re.compile(rb"/([^\x00\t\n\x0c\r ()<>\[\]{}/%]*+)")
_WORD = re.compile(rb"[A-Za-z]{1,16}")
_ESCAPED = re.compile(rb"#([0-9A-Fa-f]{2})")
_PAREN = re.compile(rb"[()\\]")
_HEX = re.compile(rb"<([0-9A-Fa-f\x00\t\n\x0c\r ]*+)>")
_NOT_HEX = re.compile(rb"[^0-9A-Fa-f]")
_ESCAPE = re.compile(rb"\\(?:([0-7]{1,3})|(\r\n|\r|\n)|(.))|\r\n|\r", re.DOTALL)
_LETTERS: Final = {b"n": b"\n", b"r": b"\r", b"t": b"\t", b"b": b"\b", b"f": b"\f"}
_CONSTANTS: Final = {b"true": True, b"false": False, b"null": None}


class Short(Exception):
    """An object goes on behind the bytes that are at hand."""


@dataclass(frozen=True, slots=True)
class Name:
    """A name, without its slash and escapes."""

    value: bytes


@dataclass(frozen=True, slots=True)
class Reference:
    """An indirect object."""

    number: int
    generation: int


@dataclass(slots=True)
class Dictionary:
    """members: values by name, the first of each; spans: (name, start, end) of each member as written; start, end: of
    all that stands between ``<<`` and ``>>``; data: what they are offsets of."""

    data: bytes
    start: int
    end: int = 0
    members: dict[bytes, Any] = field(default_factory=dict)
    spans: list[tuple[bytes, int, int]] = field(default_factory=list)

    def get(self, name: bytes) -> Any:
        return self.members.get(name)

    def without(self, *names: bytes) -> bytes:
        """What stands between its brackets, less those members."""
        parts: list[bytes] = []
        position = self.start
        for name, start, end in self.spans:
            if name in names:
                parts.append(self.data[position:start])
                position = end
        return b"".join((*parts, self.data[position : self.end]))


class Parser:
    """Reads one object after another from `data`. at: where the next begins. whole: whether `data` ends where the file
    does, so that what is cut off is a fault. Raises Short otherwise; VerificationError ``format.malformed``,
    ``format.oversized``."""

    __slots__ = ("_members", "at", "data", "whole")

    def __init__(self, data: bytes, at: int = 0, *, whole: bool = False) -> None:
        self.data, self.at, self.whole = data, at, whole
        self._members = 0

    def skip(self) -> None:
        """Over white space and comments."""
        match = _SPACE.match(self.data, self.at)
        self.at = match.end() if match else self.at

    def word(self, expected: bytes) -> bool:
        """Whether `expected` stands next; it is passed then."""
        self.skip()
        if len(self.data) - self.at < len(expected):
            self._short()
        if not self.data.startswith(expected, self.at):
            return False
        self.at += len(expected)
        return True

    def object(self, depth: int = 0) -> Any:
        """int, float, bool, None, bytes (a string), `Name`, `Reference`, list or `Dictionary`."""
        if depth > MAX_DEPTH:
            oversized("pdf", f"objects nested more than {MAX_DEPTH} deep")
        self.skip()
        data, at = self.data, self.at
        # A number may be the first of a reference, a name or a word may go on.
        if len(data) - at < 160 and not self.whole:
            self._short()
        first = data[at : at + 1]
        if first == b"/":
            return self._name()
        if first == b"(":
            return self._string()
        if data.startswith(b"<<", at):
            return self._dictionary(depth)
        if first == b"<":
            return self._hex()
        if first == b"[":
            return self._array(depth)
        if (match := _REFERENCE.match(data, at)) is not None:
            self.at = match.end()
            return Reference(int(match[1]), int(match[2]))
        if (match := _NUMBER.match(data, at)) is not None:
            self.at = match.end()
            return float(match[0]) if b"." in match[0] else int(match[0])
        if (match := _WORD.match(data, at)) is not None and match[0] in _CONSTANTS:
            self.at = match.end()
            return _CONSTANTS[match[0]]
        return self._bad()

    def _short(self) -> None:
        if not self.whole:
            raise Short

    def _bad(self) -> Any:
        self._short()
        malformed("pdf", "an object is of no kind")

    def _count(self) -> None:
        self._members += 1
        if self._members > MAX_MEMBERS:
            oversized("pdf", f"an object of more than {MAX_MEMBERS} parts")

    def _name(self) -> Name:
        match = _NAME.match(self.data, self.at)
        if match is None or (match.end() == len(self.data) and not self.whole):
            raise Short
        self.at = match.end()
        return Name(_ESCAPED.sub(lambda code: bytes((int(code[1], 16),)), match[1]))

    def _string(self) -> bytes:
        depth, at = 0, self.at
        while (match := _PAREN.search(self.data, at)) is not None:
            at = match.end()
            if match[0] == b"\\":
                at += 1
            elif match[0] == b"(":
                depth += 1
            elif (depth := depth - 1) == 0:
                raw = self.data[self.at + 1 : at - 1]
                self.at = at
                return _ESCAPE.sub(_unescaped, raw)
        return bytes(self._bad())

    def _hex(self) -> bytes:
        match = _HEX.match(self.data, self.at)
        if match is None:
            return bytes(self._bad())
        self.at = match.end()
        digits = _NOT_HEX.sub(b"", match[1])
        return bytes.fromhex((digits + b"0" * (len(digits) % 2)).decode("ascii"))

    def _array(self, depth: int) -> list[Any]:
        self.at += 1
        found: list[Any] = []
        while not self.word(b"]"):
            self._count()
            found.append(self.object(depth + 1))
        return found

    def _dictionary(self, depth: int) -> Dictionary:
        self.at += 2
        found = Dictionary(self.data, self.at)
        while True:
            self.skip()
            start = self.at
            if self.word(b">>"):
                found.end = start
                return found
            if self.data[start : start + 1] != b"/":
                self._bad()
            self._count()
            name = self._name().value
            found.members.setdefault(name, self.object(depth + 1))
            found.spans.append((name, start, self.at))


def literal(text: str) -> bytes:
    """A string object of ASCII text."""
    escaped = text.encode("ascii").replace(b"\\", b"\\\\").replace(b"(", b"\\(").replace(b")", b"\\)")
    return b"(" + escaped.replace(b"\r", b"\\r").replace(b"\n", b"\\n") + b")"


def text(value: bytes) -> bytes:
    """A text string (section 7.9.2.2) as UTF-8; what is not Unicode stays as it is, which for ASCII is the same."""
    for mark, encoding in ((b"\xfe\xff", "utf-16-be"), (b"\xff\xfe", "utf-16-le")):
        if value.startswith(mark):
            return value[2:].decode(encoding, "replace").encode("utf-8", "replace")
    return value.removeprefix(b"\xef\xbb\xbf")


def _unescaped(match: re.Match[bytes]) -> bytes:
    octal, end, letter = match.groups()
    if octal is not None:
        return bytes((int(octal, 8) & 0xFF,))
    if end is not None:
        return b""
    if letter is not None:
        return _LETTERS.get(letter, letter)
    return b"\n"
