# SPDX-License-Identifier: Apache-2.0
"""Where the elements of an XML part stand, by bytes, so that a few bytes can be put between them and all else stays."""

from __future__ import annotations

import re
from dataclasses import dataclass
from xml.parsers import expat

from answerable.errors import VerificationError

_TAG = re.compile(rb"<[^\"'>]*(?:\"[^\"]*\"[^\"'>]*|'[^']*'[^\"'>]*)*>")
_OTHER = re.compile(rb"<\?xml[^>]*encoding=[\"'](?!utf-8)", re.I)


@dataclass(slots=True)
class Element:
    """prefix: with its colon, "" none; name: local; depth: 0 for the root; start, inside, end: bytes where it, its
    content and its end tag begin; text: what stands in it, elements within left out of account."""

    prefix: str
    name: str
    depth: int
    start: int
    inside: int
    end: int = -1
    text: str = ""


def elements(data: bytes) -> list[Element]:
    """All elements by their starts. Raises VerificationError ``format.malformed`` for what is no XML in UTF-8, or has a
    document type."""
    if data[:2] in (b"\xff\xfe", b"\xfe\xff") or _OTHER.match(data):
        raise malformed("a part is not in UTF-8")
    parser = expat.ParserCreate("utf-8")
    found: list[Element] = []
    open_: list[Element] = []

    def start(tag: str, attributes: dict[str, str]) -> None:
        prefix, colon, name = tag.rpartition(":")
        at = parser.CurrentByteIndex
        opening = _TAG.match(data, at)
        each = Element(prefix + colon, name, len(open_), at, opening.end() if opening else at)
        found.append(each)
        open_.append(each)

    def end(tag: str) -> None:
        open_.pop().end = parser.CurrentByteIndex

    def text(said: str) -> None:
        for each in open_[-4:]:
            each.text += said

    def refuse(*_: object) -> None:
        raise malformed("a part has a document type")

    parser.StartElementHandler, parser.EndElementHandler = start, end
    parser.CharacterDataHandler, parser.StartDoctypeDeclHandler = text, refuse
    try:
        parser.Parse(data, True)
    except expat.ExpatError:
        raise malformed("a part is no XML") from None
    return found


def malformed(detail: str, format_: str = "ooxml") -> VerificationError:
    return VerificationError("format.malformed", format=format_, detail=detail)
