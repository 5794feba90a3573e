# SPDX-License-Identifier: Apache-2.0
"""The words of a workbook (ISO/IEC 29500-1 section 18) that are seen: those of the page headers and footers of sheets
that are shown, as they stand on paper. Where and how a cell is seen depends on rows, columns, formats and what lies
over them: its words are not told to be."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Final
from xml.etree.ElementTree import Element

from answerable.formats.zips import Archive
from answerable.labels.rules.contrast import LETTERS, of_hex, ratio
from answerable.labels.rules.hidden import Hidden, Why
from answerable.labels.rules.office_tree import links, main, tree

LEAST: Final = 5  # points
_WHITE: Final = (255, 255, 255)
_HEADERS: Final = ("s-oddHeader", "s-oddFooter")
# Codes of a header (section 18.3.1.46).
_CODE = re.compile(r'&(?:(&)|([LCR])|"[^"]*"|(\d+)|K([0-9A-Fa-f]{6}|\d\d[+-]\d{3})|.)', re.S)


def words(archive: Archive) -> tuple[str, tuple[Hidden, ...]]:
    """(the words that are seen, those that are not counted). Raises VerificationError ``format.malformed`` and
    ``format.oversized``."""
    name = main(archive)
    book, named = tree(archive, name), links(archive, name)
    said: list[str] = []
    hidden: list[Hidden] = []
    for each in book.iter("s-sheet"):
        link = named.get(each.get("id", ""))
        if link is None or not link.target or link.kind != "worksheet":
            continue
        outright = None if each.get("state", "visible") == "visible" else Why.HIDDEN
        sheet = tree(archive, link.target)
        for header in (each for each in sheet.iter() if each.tag in _HEADERS):
            for text, why in _pieces(header.text or ""):
                if outright is None and why is None:
                    said.append(text)
                else:
                    hidden.append(Hidden(text, outright or why or Why.UNKNOWN))
        hidden += _cells(sheet, "s-is")
    strings = next((each.target for each in named.values() if each.kind == "sharedStrings" and each.target), "")
    if strings:
        hidden += _cells(tree(archive, strings), "s-si")
    return "\n".join(said), tuple(hidden)


def _cells(part: Element, tag: str) -> Iterator[Hidden]:
    for item in part.iter(tag):
        text = "".join(each.text or "" for each in item.iter("s-t"))
        if text.strip():
            yield Hidden(text, Why.UNKNOWN)


def _pieces(header: str) -> Iterator[tuple[str, Why | None]]:
    """The words of its left, middle and right part, and why they are not counted."""
    text, why, at = "", None, 0
    worst: Why | None = None
    for code in _CODE.finditer(header):
        text, worst = _with(text, header[at : code.start()], worst, why)
        at = code.end()
        ampersand, part, size, colour = code.groups()
        if ampersand:
            text, worst = _with(text, "&", worst, why)
        elif part:
            if text.strip():
                yield text, worst
            text, why, worst = "", None, None
        elif size:
            why = Why.TINY if int(size[:4]) < LEAST else why
        elif colour:
            ink = of_hex(colour)
            why = Why.UNKNOWN if ink is None else Why.COLOUR if ratio(ink, _WHITE) < LETTERS else why
    text, worst = _with(text, header[at:], worst, why)
    if text.strip():
        yield text, worst


def _with(text: str, more: str, worst: Why | None, why: Why | None) -> tuple[str, Why | None]:
    return text + more, worst or (why if more.strip() else None)
