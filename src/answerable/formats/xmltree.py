# SPDX-License-Identifier: Apache-2.0
"""Where each element of a small XML document stands, so that one can be changed and every other byte stays.

Nothing of XML that can harm is understood: a document type declaration is refused, so there are no entities but the
five, and depth, size and number are bounded (OWASP XXE, XML 1.0 section 4).
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import Final
from xml.parsers import expat
from xml.sax.saxutils import escape

from answerable.formats.carrier import MAX_TEXT
from answerable.formats.streams import malformed, oversized, unsupported

MAX_BYTES: Final = 4_194_304
MAX_ELEMENTS: Final = 100_000
MAX_DEPTH: Final = 64

_TAG = re.compile(rb"""<[^>"']*+(?:(?:"[^"]*+"|'[^']*+')[^>"']*+)*+>""")
_ATTRIBUTE = re.compile(rb"""\s+([^\s=/>"']+)\s*=\s*("[^"]*"|'[^']*')""")
_DECLARATION = re.compile(rb"\A<\?xml\s[^>]{0,200}?\?>")
_ENCODING = re.compile(rb"""\sencoding\s*=\s*["']([A-Za-z0-9._-]{1,40})["']""")
_WIDE: Final = (
    (b"\xff\xfe\x00\x00", "utf-32-le"),
    (b"\x00\x00\xfe\xff", "utf-32-be"),
    (b"\xff\xfe", "utf-16-le"),
    (b"\xfe\xff", "utf-16-be"),
    (b"<\x00\x00\x00", "utf-32-le"),
    (b"\x00\x00\x00<", "utf-32-be"),
    (b"<\x00", "utf-16-le"),
    (b"\x00<", "utf-16-be"),
)


@dataclass(slots=True)
class Element:
    """name: as written, with its prefix; attributes: values without escapes; parent: index, -1 for the root; start,
    inner, outer, end: offsets of the start tag, of what follows it, of the end tag, and after it (inner = outer = end
    for ``<a/>``); text: everything within, tags left out, of elements whose text was asked for and that lie in no other
    such."""

    name: str
    attributes: dict[str, str]
    parent: int
    start: int
    inner: int
    outer: int = 0
    end: int = 0
    text: str = ""

    @property
    def local(self) -> str:
        return self.name.rpartition(":")[2]

    @property
    def closed(self) -> bool:
        """Whether it is written ``<a/>``."""
        return self.outer == self.end


@dataclass(frozen=True, slots=True)
class Document:
    """data: UTF-8 without a byte order mark; elements: in the order in which they begin."""

    data: bytes
    elements: list[Element]

    def attribute(self, element: Element, name: str) -> tuple[int, int] | None:
        """Offsets of the attribute `name` of a start tag, with the space before it."""
        for match in _ATTRIBUTE.finditer(self.data, element.start, element.inner):
            if match[1] == name.encode():
                return match.span()
        return None

    def within(self, element: Element, new: bytes) -> tuple[int, int, bytes]:
        """The edit that puts `new` at the end of what `element` holds."""
        if not element.closed:
            return element.outer, element.outer, new
        return element.inner - 2, element.inner, b">" + new + b"</" + element.name.encode() + b">"

    def edited(self, edits: list[tuple[int, int, bytes]]) -> bytes:
        """`data` with each (start, end, new) in its place; one that lies in another's removed bytes is left out."""
        parts: list[bytes] = []
        position = 0
        for start, end, new in sorted(edits, key=lambda edit: (edit[0], -edit[1])):
            if start >= position:
                parts += (self.data[position:start], new)
                position = end
        return b"".join((*parts, self.data[position:]))


def quoted(value: str) -> bytes:
    """`value` for an attribute between quotation marks."""
    return escape(value, {'"': "&quot;"}).encode("utf-8")


def content(value: str) -> bytes:
    """`value` for an element's text."""
    return escape(value).encode("utf-8")


def parse(data: bytes, format: str, texts: str = "") -> Document:
    """format: as errors name the file; texts: local name of the elements whose text is wanted. A text longer than
    `MAX_TEXT` is cut off behind it. Raises VerificationError ``format.malformed``, ``format.oversized``,
    ``format.unsupported`` for an encoding that is neither UTF-8 nor UTF-16."""
    if len(data) > MAX_BYTES:
        oversized(format, f"XML longer than {MAX_BYTES} bytes")
    data = _utf8(data, format)
    builder = _Builder(data, format, texts)
    parser = expat.ParserCreate("utf-8")
    parser.buffer_text = True
    parser.ordered_attributes = False
    parser.StartDoctypeDeclHandler = builder.doctype
    parser.StartElementHandler = lambda name, attributes: builder.begin(parser.CurrentByteIndex, name, attributes)
    parser.EndElementHandler = lambda name: builder.finish(parser.CurrentByteIndex)
    parser.CharacterDataHandler = builder.said
    try:
        parser.Parse(data, True)
    except (expat.ExpatError, ValueError):
        malformed(format, "its XML is not well formed")
    return Document(data, builder.elements)


class _Builder:
    """Collects elements while the parser runs."""

    def __init__(self, data: bytes, format: str, texts: str) -> None:
        self.elements: list[Element] = []
        self._data, self._format, self._texts = data, format, texts
        self._open: list[int] = []
        self._wanted = -1  # the open element whose text is collected
        self._pieces: list[str] = []
        self._length = 0

    def doctype(self, *_: object) -> None:
        malformed(self._format, "its XML has a document type declaration")

    def begin(self, at: int, name: str, attributes: dict[str, str]) -> None:
        if len(self._open) >= MAX_DEPTH or len(self.elements) >= MAX_ELEMENTS:
            oversized(self._format, f"more than {MAX_DEPTH} levels or {MAX_ELEMENTS} elements of XML")
        tag = _TAG.match(self._data, at)
        if tag is None:
            malformed(self._format, "its XML is not well formed")
        parent = self._open[-1] if self._open else -1
        self._open.append(len(self.elements))
        self.elements.append(Element(name, attributes, parent, at, tag.end()))
        if self._wanted < 0 and self._texts and self.elements[-1].local == self._texts:
            self._wanted, self._length = len(self.elements) - 1, 0

    def finish(self, at: int) -> None:
        index = self._open.pop()
        element = self.elements[index]
        if self._data[element.inner - 2 : element.inner] == b"/>":
            element.outer = element.end = element.inner
        else:
            element.outer, element.end = at, self._data.index(b">", at) + 1
        if index == self._wanted:
            element.text, self._wanted = "".join(self._pieces), -1
            self._pieces.clear()

    def said(self, data: str) -> None:
        if self._wanted >= 0 and self._length <= MAX_TEXT:
            self._pieces.append(data[: MAX_TEXT + 1])
            self._length += len(data)


def _utf8(data: bytes, format: str) -> bytes:
    for mark, encoding in _WIDE:
        if data.startswith(mark):
            try:
                data = data.decode(encoding).lstrip("\ufeff").encode("utf-8")
            except UnicodeError:
                malformed(format, "its XML is not in the encoding it begins with")
            return _DECLARATION.sub(b'<?xml version="1.0" encoding="UTF-8"?>', data, count=1)
    data = data.removeprefix(b"\xef\xbb\xbf")
    head = _DECLARATION.match(data)
    said = _ENCODING.search(head[0]) if head else None
    if said and said[1].lower() not in (b"utf-8", b"utf8", b"us-ascii", b"ascii"):
        unsupported(format, "its XML is neither UTF-8 nor UTF-16")
    return data
