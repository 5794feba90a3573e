# SPDX-License-Identifier: Apache-2.0
"""The words on slides (ISO/IEC 29500-1 section 19) that are seen: those of boxes that say their own place, fill, size
and colour, over which nothing lies and that no animation takes away. What a layout or a theme decides is not told."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Final
from xml.etree.ElementTree import Element

from answerable.formats.zips import Archive
from answerable.labels.explicit.patch import glyphs
from answerable.labels.rules.contrast import LETTERS, of_hex, ratio
from answerable.labels.rules.hidden import Hidden, Why
from answerable.labels.rules.office_tree import links, main, tree

LEAST: Final = 500  # hundredths of a point
_POINT: Final = 12_700
_OFF: Final = ("0", "false", "off")
_SHAPES: Final = ("p-sp", "p-pic", "p-graphicFrame", "p-grpSp", "p-cxnSp", "p-contentPart", "x-AlternateContent")
_BODY: Final = frozenset(("wrap", "lIns", "tIns", "rIns", "bIns", "anchor", "rtlCol", "anchorCtr"))
# Letters stay as large as they say.
_FIT: Final = frozenset(("d-spAutoFit", "d-noAutofit"))
Place = tuple[int, int, int, int]  # left, top, right, bottom


def words(archive: Archive) -> tuple[str, tuple[Hidden, ...]]:
    """(the words that are seen, a paragraph a line; those that are not counted). Raises VerificationError
    ``format.malformed|oversized``."""
    name = main(archive)
    show, named = tree(archive, name), links(archive, name)
    size = show.find("p-sldSz")
    sides = (_number(size, "cx"), _number(size, "cy"))
    said: list[str] = []
    hidden: list[Hidden] = []
    for each in show.iter("p-sldId"):
        link = named.get(each.get("id", ""))
        if link is None or not link.target:
            continue
        for text, why in _slide(tree(archive, link.target), sides):
            if why is None:
                said.append(text)
            else:
                hidden.append(Hidden(text, why))
    return "\n".join(said), tuple(hidden)


def _slide(slide: Element, sides: tuple[int, int]) -> Iterator[tuple[str, Why | None]]:
    outright = Why.HIDDEN if slide.get("show", "1") in _OFF else None
    if outright is None and slide.find("p-timing") is not None:
        outright = Why.UNKNOWN
    shapes = slide.find("p-cSld/p-spTree")
    own = [each for each in (shapes if shapes is not None else ()) if each.tag in _SHAPES]
    for number, shape in enumerate(own):
        why = outright or _shape(shape, own[number + 1 :], sides)
        for paragraph in shape.iter("d-p"):
            runs = list(paragraph.iter("d-r"))
            text = "".join(run.findtext("d-t", "") for run in runs)
            if text.strip():
                yield text, why or _paragraph(shape, paragraph, runs, text)


def _shape(shape: Element, above: list[Element], sides: tuple[int, int]) -> Why | None:
    if any(each.get("hidden", "0") not in _OFF for each in shape.iter("p-cNvPr")):
        return Why.HIDDEN
    place = _place(shape)
    body = shape.find("p-txBody/d-bodyPr")
    if place is None or body is None or not _BODY.issuperset(body.attrib) or not _FIT.issuperset(x.tag for x in body):
        return Why.UNKNOWN
    if place[0] < 0 or place[1] < 0 or place[2] > sides[0] or place[3] > sides[1]:
        return Why.OUTSIDE
    for each in above:
        other = _place(each)
        if other is None or (
            other[0] < place[2] and other[2] > place[0] and other[1] < place[3] and other[3] > place[1]
        ):
            return Why.UNKNOWN
    return None


def _place(shape: Element) -> Place | None:
    """None for what does not say it, is turned or has effects."""
    frame = shape.find("p-spPr/d-xfrm")
    if frame is None or frame.attrib or shape.find("p-spPr/d-effectLst") is not None:
        return None
    left, top = _number(frame.find("d-off"), "x"), _number(frame.find("d-off"), "y")
    return left, top, left + _number(frame.find("d-ext"), "cx"), top + _number(frame.find("d-ext"), "cy")


def _paragraph(shape: Element, paragraph: Element, runs: list[Element], text: str) -> Why | None:
    fill = _solid(shape.find("p-spPr"))
    place = _place(shape)
    if fill is None or place is None or len(list(shape.iter("d-p"))) != 1 or list(paragraph.iter("d-fld")):
        return Why.UNKNOWN
    size = 0
    for run in runs:
        found = run.find("d-rPr")
        ink = _solid(found)
        if found is None or ink is None or set(found.attrib) - {"sz", "b", "i", "lang", "altLang", "dirty"}:
            return Why.UNKNOWN
        if _number(found, "sz") < LEAST:
            return Why.TINY
        if ratio(ink, fill) < LETTERS:
            return Why.COLOUR
        size = max(size, _number(found, "sz"))
    told = glyphs()
    advance = sum(told["glyphs"].get(each, (0, told["units"]))[1] for each in text) / told["units"]
    letter = size * _POINT / 100
    # What runs over the box has something else behind it.
    fits = letter * advance <= place[2] - place[0] and letter <= place[3] - place[1]
    return None if fits else Why.UNKNOWN


def _solid(element: Element | None) -> tuple[int, int, int] | None:
    """The one colour of a fill, as it stands there."""
    colour = element.find("d-solidFill/d-srgbClr") if element is not None else None
    return None if colour is None or len(colour) else of_hex(colour.get("val", ""))


def _number(element: Element | None, name: str) -> int:
    text = "" if element is None else element.get(name, "")
    digits = text.removeprefix("-")
    return int(text) if digits.isascii() and digits.isdigit() and len(digits) <= 12 else -1
