# SPDX-License-Identifier: Apache-2.0
"""Words in Office Open XML (ISO/IEC 29500): a first or last paragraph of a DOCX, a box on the first slide of a PPTX,
the page header of every sheet of an XLSX, where cells are not to be touched. Parts that are not touched stay packed as
they are."""

from __future__ import annotations

import re
from typing import BinaryIO, Final
from xml.sax.saxutils import escape

from answerable.errors import Refused
from answerable.formats.splice import Source
from answerable.formats.zips import Archive
from answerable.labels.explicit.office_xml import elements, malformed
from answerable.labels.explicit.patch import glyphs
from answerable.labels.explicit.plan import SHARE, Plan, Where

_WORD: Final = "word/document.xml"
_SLIDES: Final = "ppt/presentation.xml"
_SHEET = re.compile(r"xl/worksheets/[^/]+\.xml\Z", re.I)
_DRAWING: Final = "http://schemas.openxmlformats.org/drawingml/2006/main"
# What stands behind the page header in a sheet (part 1 section 18.3.1.99).
_AFTER_HEADER: Final = frozenset(
    ("rowBreaks", "colBreaks", "customProperties", "cellWatches", "ignoredErrors", "smartTags", "drawing",
     "legacyDrawing", "legacyDrawingHF", "drawingHF", "picture", "oleObjects", "controls", "webPublishItems",
     "tableParts", "extLst")
)  # fmt: skip
_HEADERS: Final = ("oddHeader", "evenHeader", "firstHeader")
_POINT: Final = 12_700
_CONTENT_TYPES: Final = "application/vnd.openxmlformats-officedocument."
KINDS: Final = {
    _CONTENT_TYPES + "wordprocessingml.document": "docx",
    _CONTENT_TYPES + "presentationml.presentation": "pptx",
    _CONTENT_TYPES + "spreadsheetml.sheet": "xlsx",
}


def insert(source: BinaryIO, target: BinaryIO, kind: str, plan: Plan) -> str:
    """`source` in `target` with the words of `plan`; where they stand. Raises Refused ``label.explicit`` for the
    middle; VerificationError ``format.*``."""
    if plan.where == Where.MIDDLE:
        raise Refused("label.explicit", detail="in the middle of a document nobody but its author knows a place")
    archive = Archive(Source(source, kind))
    if any(member.name.casefold().startswith("_xmlsignatures/") for member in archive.members):
        raise Refused("label.explicit", detail="it is signed, and words would break the signature")
    parts, where = {"docx": _document, "pptx": _slide, "xlsx": _sheets}[kind](archive, plan)
    target.seek(0)
    archive.write(target, parts)
    target.truncate()
    return where


def found(source: BinaryIO, kind: str, words: str) -> bool:
    """Whether the words stand in the file where `insert` puts them."""
    archive = Archive(Source(source, kind))
    if kind == "docx":
        kept = [text for text in _texts(_part(archive, _WORD), "p") if text.strip()]
        return bool(kept) and words in (kept[0], kept[-1])
    if kind == "pptx":
        return words in _texts(_part(archive, _first_slide(archive)), "p")
    sheets = [archive.content(member) for member in archive.members if _SHEET.match(member.name)]
    said = words.replace("&", "&&")
    return bool(sheets) and all(any(said in text for text in _texts(sheet, "oddHeader")) for sheet in sheets)


def _texts(data: bytes, name: str) -> list[str]:
    return [each.text for each in elements(data) if each.name == name]


def _document(archive: Archive, plan: Plan) -> tuple[dict[str, bytes], str]:
    data = _part(archive, _WORD)
    parts = elements(data)
    body = next((each for each in parts if each.depth == 1 and each.name == "body"), None)
    if body is None:
        raise malformed("its document has no body", "docx")
    p = body.prefix
    new = f'<{p}p><{p}r><{p}t xml:space="preserve">{escape(plan.text)}</{p}t></{p}r></{p}p>'.encode()
    if plan.where == Where.START:
        return {_WORD: data[: body.inside] + new + data[body.inside :]}, "first paragraph"
    last = [each.start for each in parts if each.depth == 2 and each.name == "sectPr"]
    at = last[-1] if last else body.end
    return {_WORD: data[:at] + new + data[at:]}, "last paragraph"


def _slide(archive: Archive, plan: Plan) -> tuple[dict[str, bytes], str]:
    name = _first_slide(archive)
    data, show = _part(archive, name), _part(archive, _SLIDES)
    size = re.search(rb"<[\w:]*sldSz\b[^>]*>", show)
    sides = [re.search(rb"\b%s=\"(\d{1,9})\"" % side, size[0]) for side in (b"cx", b"cy")] if size else []
    if len(sides) != 2 or None in sides:
        raise malformed("its slides have no size", "pptx")
    width, height = (int(each[1]) for each in sides if each)
    tree = next((each for each in elements(data) if each.name == "spTree"), None)
    if tree is None:
        raise malformed("its first slide has no shapes", "pptx")
    new = _box(plan, tree.prefix, width, height, _free_id(data))
    return {name: data[: tree.end] + new + data[tree.end :]}, "first slide"


def _box(plan: Plan, p: str, width: int, height: int, number: int) -> bytes:
    """A shape with the words white on black, its letters 5 % of the slide's shortest side."""
    letter = max(int(SHARE * min(width, height)), 10 * _POINT)
    told = glyphs()
    advance = sum(told["glyphs"].get(each, [0, told["units"]])[1] for each in plan.text)
    wide = min(int(letter * advance / told["units"]) + letter, width)
    high = letter * 9 // 5
    x = 0 if "left" in plan.corner else width - wide if "right" in plan.corner else (width - wide) // 2
    y = 0 if plan.corner.startswith("top") else (
        height - high if plan.corner.startswith("bottom") else (height - high) // 2
    )  # fmt: skip
    size = max(round(letter / _POINT * 100), 100)
    return (
        f'<{p}sp><{p}nvSpPr><{p}cNvPr id="{number}" name="AI label"/><{p}cNvSpPr txBox="1"/><{p}nvPr/></{p}nvSpPr>'
        f'<{p}spPr><a:xfrm xmlns:a="{_DRAWING}"><a:off x="{x}" y="{y}"/><a:ext cx="{wide}" cy="{high}"/></a:xfrm>'
        f'<a:prstGeom xmlns:a="{_DRAWING}" prst="rect"><a:avLst/></a:prstGeom>'
        f'<a:solidFill xmlns:a="{_DRAWING}"><a:srgbClr val="000000"/></a:solidFill></{p}spPr>'
        f'<{p}txBody><a:bodyPr xmlns:a="{_DRAWING}" wrap="none" lIns="0" tIns="0" rIns="0" bIns="0" anchor="ctr"/>'
        f'<a:p xmlns:a="{_DRAWING}"><a:pPr algn="ctr"/><a:r><a:rPr sz="{size}"><a:solidFill><a:srgbClr val="FFFFFF"/>'
        f"</a:solidFill></a:rPr><a:t>{escape(plan.text)}</a:t></a:r></a:p></{p}txBody></{p}sp>"
    ).encode()


def _free_id(data: bytes) -> int:
    return max((int(each) for each in re.findall(rb"\bid=\"(\d{1,9})\"", data)), default=1) + 1


def _sheets(archive: Archive, plan: Plan) -> tuple[dict[str, bytes], str]:
    parts = {}
    for member in archive.members:
        if _SHEET.match(member.name):
            parts[member.name] = _with_header(archive.content(member), plan.text.replace("&", "&&"))
    if not parts:
        raise malformed("it has no sheet", "xlsx")
    return parts, "page header of each sheet"


def _with_header(data: bytes, words: str) -> bytes:
    parts = elements(data)
    footer = next((each for each in parts if each.depth == 1 and each.name == "headerFooter"), None)
    if footer is None:
        root = parts[0]
        tag, outer = f"{root.prefix}oddHeader", f"{root.prefix}headerFooter"
        new = f"<{outer}><{tag}>{escape('&L' + words)}</{tag}></{outer}>".encode()
        at = min([*(each.start for each in parts if each.depth == 1 and each.name in _AFTER_HEADER), root.end])
        return data[:at] + new + data[at:]
    if data[footer.start : footer.inside].endswith(b"/>"):
        raise Refused("label.explicit", detail="a sheet whose header is empty and closed at once")
    headers = [each for each in parts if each.depth == 2 and each.name in _HEADERS]
    for each in reversed(headers):  # from the back: places before stay what they are
        data = data[: each.inside] + escape(_said(each.text, words)).encode() + data[each.end :]
    if all(each.name != "oddHeader" for each in headers):
        tag = f"{footer.prefix}oddHeader"
        new = f"<{tag}>{escape('&L' + words)}</{tag}>".encode()
        data = data[: footer.inside] + new + data[footer.inside :]
    return data


def _said(header: str, words: str) -> str:
    """A page header with the words first in its left part; text without a part of its own is the middle's."""
    if words in header:
        return header
    if "&L" in header:
        return header.replace("&L", f"&L{words} ", 1)
    return f"&L{words}" + ("" if header.startswith(("&C", "&R")) or not header else "&C") + header


def _first_slide(archive: Archive) -> str:
    """Raises Refused ``label.explicit`` for a presentation without slides, on which no words can stand."""
    show = _part(archive, _SLIDES)
    if not re.search(rb"<[\w:]*sldId\b", show):
        raise Refused("label.explicit", detail="a presentation without slides")
    first = re.search(rb"<[\w:]*sldId\b[^>]*?\b[\w]+:id=\"([^\"]{1,80})\"", show)
    links = _part(archive, "ppt/_rels/presentation.xml.rels")
    if first is not None:
        for link in re.findall(rb"<[\w:]*Relationship\b[^>]*>", links):
            if b'Id="' + first[1] + b'"' in link and (target := re.search(rb"\bTarget=\"([^\"]{1,200})\"", link)):
                name = target[1].decode("ascii", "replace")
                return name[1:] if name.startswith("/") else "ppt/" + name
    raise malformed("it has no first slide", "pptx")


def _part(archive: Archive, name: str) -> bytes:
    member = archive.find(name)
    if member is None:
        raise malformed("a part that it needs is missing", archive.file.name)
    return archive.content(member)
