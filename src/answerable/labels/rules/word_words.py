# SPDX-License-Identifier: Apache-2.0
"""The words of a Word document (ISO/IEC 29500-1 section 17) that are seen: those of its paragraphs and of the headers
and footers of its first page, whose properties are known to leave them readable and which nothing can lie over. Words
in tables, boxes, fields and frames are not told to be seen; nor any on a page whose margins leave no room."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Final
from xml.etree.ElementTree import Element

from answerable.formats.zips import Archive
from answerable.labels.rules.contrast import of_hex
from answerable.labels.rules.hidden import Hidden, Why
from answerable.labels.rules.office_tree import Link, links, main, tree
from answerable.labels.rules.word_styles import (
    Colour,
    Properties,
    Styles,
    paragraph_why,
    properties,
    run_why,
    shaded,
)

WHITE: Final[Colour] = (255, 255, 255)
# Twentieths of a point that margins have to leave of a page.
ROOM: Final = 720
# What holds runs or paragraphs and changes nothing of how they are seen.
_PLAIN: Final = frozenset(
    f"w-{name}" for name in ("hyperlink", "ins", "moveTo", "smartTag", "sdt", "sdtContent", "customXml", "body")
)
_GONE: Final = frozenset(("w-del", "w-moveFrom"))
_SKIPPED: Final = frozenset(("w-pPr", "w-rPr", "w-sectPr", "w-sdtPr", "w-sdtEndPr", "w-customXmlPr", "w-smartTagPr"))
_SPOKEN: Final = {"w-tab": " ", "w-br": "\n", "w-cr": "\n", "w-noBreakHyphen": "-"}


@dataclass(slots=True)
class _Paragraph:
    """pieces: text, and why it is not counted."""

    pieces: list[tuple[str, Why | None]] = field(default_factory=list)

    def shown(self) -> str:
        return "".join(text for text, why in self.pieces if why is None)

    def hidden(self) -> Iterator[Hidden]:
        whole = "".join(text for text, _ in self.pieces)
        for why in Why:
            if any(each is why and text.strip() for text, each in self.pieces):
                yield Hidden(whole, why)


def words(archive: Archive) -> tuple[str, tuple[Hidden, ...]]:
    """(the words that are seen, a paragraph a line; those that are not counted). Raises VerificationError
    ``format.malformed|oversized``."""
    name = main(archive)
    document, named = tree(archive, name), links(archive, name)
    styles = next((each.target for each in named.values() if each.kind == "styles" and each.target), "")
    told = Styles(tree(archive, styles) if styles else None)
    under = _paper(document)
    edges = _edges(document, named)
    stories = [(tree(archive, each), each in edges) for each in _parts(named)]
    covers = [*_covers(document), *(False for part, _ in stories for _ in _covers(part))]
    everywhere = _blocked(document) or not all(covers) or _embedded(archive, named)
    read: list[list[_Paragraph]] = []
    for part, first in stories:
        reading = _Reading(told, under, Why.UNKNOWN if everywhere or not first else None)
        reading.walk(part, None)
        read.append(reading.found)
    reading = _Reading(told, under, Why.UNKNOWN if everywhere else None)
    reading.walk(document, None)
    outer = [each for part in read for each in part]
    # Headers and footers stand at the start of a page and at its end.
    shown = [text for each in (*outer, *reading.found, *outer) if (text := each.shown()).strip()]
    return "\n".join(shown), tuple(each for part in (*outer, *reading.found) for each in part.hidden())


class _Reading:
    """Of one part. why: for which none of its words is counted."""

    def __init__(self, styles: Styles, under: Colour | None, why: Why | None) -> None:
        self._styles, self._under, self._why = styles, under, why
        self._field = 0
        self.found: list[_Paragraph] = []

    def walk(self, element: Element, why: Why | None) -> None:
        for each in element:
            if each.tag == "w-p":
                self._paragraph(each, why)
            elif each.tag not in _SKIPPED:
                plain = each.tag in _PLAIN
                self.walk(each, why or (None if plain else Why.HIDDEN if each.tag in _GONE else Why.UNKNOWN))

    def _paragraph(self, element: Element, why: Why | None) -> None:
        # What lies below where this paragraph begins lies over none before it.
        if self._why is None and any(True for _ in _covers(element)):
            self._why = Why.UNKNOWN
        own = properties(element.find("w-pPr"))
        both = self._styles.paragraph(own)
        why = self._why or why or (Why.UNKNOWN if both is None else paragraph_why(both[0]))
        made = _Paragraph()
        self.found.append(made)
        of_runs: Properties = both[1] if both else {}
        self._inline(element, made, of_runs, shaded(both[0], self._under) if both else None, why)

    def _inline(
        self, element: Element, made: _Paragraph, of_runs: Properties, behind: Colour | None, why: Why | None
    ) -> None:
        for each in element:
            if each.tag == "w-r":
                self._run(each, made, of_runs, behind, why)
            elif each.tag == "w-p":
                self._paragraph(each, why or Why.UNKNOWN)
            elif each.tag not in _SKIPPED:
                new = None if each.tag in _PLAIN else Why.HIDDEN if each.tag in _GONE else Why.UNKNOWN
                self._inline(each, made, of_runs, behind, why or new)

    def _run(
        self, element: Element, made: _Paragraph, of_runs: Properties, behind: Colour | None, why: Why | None
    ) -> None:
        found = self._styles.run(of_runs, properties(element.find("w-rPr")))
        its = why or (Why.UNKNOWN if found is None else run_why(found, behind))
        for each in element:
            if each.tag == "w-fldChar":
                self._field += {"begin": 1, "end": -1}.get(each.get("fldCharType", ""), 0)
            elif each.tag == "w-t":
                made.pieces.append((each.text or "", its or (Why.UNKNOWN if self._field else None)))
            elif each.tag in _SPOKEN:
                made.pieces.append((_SPOKEN[each.tag], None))
            elif each.tag not in _SKIPPED:
                self._inline(each, made, of_runs, behind, its or Why.UNKNOWN)


def _paper(document: Element) -> Colour | None:
    """The colour of the page; None where it is not told."""
    ground = document.find("w-background")
    if ground is None:
        return WHITE
    if len(ground) or any("theme" in key for key in ground.attrib):
        return None
    colour = ground.get("color", "auto")
    return WHITE if colour == "auto" else of_hex(colour)


def _parts(named: dict[str, Link]) -> list[str]:
    found = [each.target for each in named.values() if each.kind in ("header", "footer") and each.target]
    return list(dict.fromkeys(found))


def _edges(document: Element, named: dict[str, Link]) -> set[str]:
    """The parts that stand on the first page."""
    section = next(document.iter("w-sectPr"), None)
    if section is None:
        return set()
    title = section.find("w-titlePg")
    kind = "first" if title is not None and title.get("val", "1") not in ("0", "false", "off") else "default"
    found: set[str] = set()
    for tag in ("w-headerReference", "w-footerReference"):
        for each in section.findall(tag):
            link = named.get(each.get("id", ""))
            if each.get("type", "default") == kind and link is not None:
                found.add(link.target)
    return found


def _covers(element: Element) -> Iterator[bool]:
    """Of each thing here that can lie over words: whether it lies below where its paragraph begins."""
    for each in element:
        if each.tag == "x-Fallback":  # for programs that do not know what stands beside it
            continue
        if each.tag == "x-anchor":
            if each.find("x-wrapSquare") is None and each.find("x-wrapTopAndBottom") is None:
                yield _below(each)
        elif each.tag.startswith("x-") and "absolute" in each.get("style", ""):
            yield False
        yield from _covers(each)


def _below(anchor: Element) -> bool:
    place = anchor.find("x-positionV")
    if place is None or place.get("relativeFrom") not in ("paragraph", "line"):
        return False
    offset = place.findtext("x-posOffset", "")
    return offset.isascii() and offset.isdigit()


def _blocked(document: Element) -> bool:
    """Whether a section's margins leave no room on its page, or its headers stand outside."""
    for section in document.iter("w-sectPr"):
        size, margin = section.find("w-pgSz"), section.find("w-pgMar")
        wide, high = _twips(size, "w", 12_240), _twips(size, "h", 15_840)
        sides = {name: _twips(margin, name, 720) for name in ("left", "right", "top", "bottom", "header", "footer")}
        if wide - sides["left"] - sides["right"] - _twips(margin, "gutter", 0) < ROOM:
            return True
        if high - abs(sides["top"]) - abs(sides["bottom"]) < ROOM:
            return True
        if any(sides[name] < 0 for name in ("left", "right", "header", "footer")):
            return True
        if max(sides["header"], sides["footer"]) > high // 2:
            return True
    return False


def _twips(element: Element | None, name: str, otherwise: int) -> int:
    text = otherwise if element is None else element.get(name, str(otherwise))
    try:
        return int(text)
    except ValueError:
        return -1


def _embedded(archive: Archive, named: dict[str, Link]) -> bool:
    """Whether it brings fonts along, whose letters may show anything."""
    fonts = next((each.target for each in named.values() if each.kind == "fontTable" and each.target), "")
    if not fonts or archive.find(fonts) is None:
        return False
    return any(each.tag.startswith("w-embed") for each in tree(archive, fonts).iter())
