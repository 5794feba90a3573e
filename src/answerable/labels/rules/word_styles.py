# SPDX-License-Identifier: Apache-2.0
"""What the properties of a run and a paragraph (ISO/IEC 29500-1 sections 17.3 and 17.7) say of whether its words are
seen. What is not known here to leave them readable is not taken to."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Final
from xml.etree.ElementTree import Element

from answerable.labels.rules.contrast import LETTERS, of_hex, ratio
from answerable.labels.rules.hidden import Why

Properties = Mapping[str, Mapping[str, str]]
LEAST: Final = 8  # half points
MAX_CHAIN: Final = 20
_ON: Final = ("", "1", "true", "on")
_VANISHED: Final = ("w-vanish", "w-webHidden", "w-specVanish")
# Whatever they say, the words are read.
_RUN_KEEPS: Final = frozenset(
    f"w-{name}"
    for name in (
        "rStyle", "b", "bCs", "i", "iCs", "u", "caps", "smallCaps", "kern", "lang", "noProof", "cs", "rtl", "em", "bdr",
        "snapToGrid", "szCs", "rPrChange", "ins", "effect",
    )
) | {"x-ligatures", "x-numForm", "x-numSpacing", "x-cntxtAlts", "x-kerning"}  # fmt: skip
_PARAGRAPH_KEEPS: Final = frozenset(
    f"w-{name}"
    for name in (
        "pStyle", "jc", "keepNext", "keepLines", "pageBreakBefore", "widowControl", "numPr", "outlineLvl", "tabs",
        "contextualSpacing", "rPr", "snapToGrid", "autoSpaceDE", "autoSpaceDN", "adjustRightInd", "textAlignment",
        "suppressLineNumbers", "bidi", "wordWrap", "kinsoku", "overflowPunct", "topLinePunct", "mirrorIndents",
        "suppressAutoHyphens", "sectPr", "pPrChange", "pBdr",
    )
)  # fmt: skip
_NAMED: Final = {
    "yellow": "ffff00", "green": "00ff00", "cyan": "00ffff", "magenta": "ff00ff", "blue": "0000ff", "red": "ff0000",
    "darkBlue": "000080", "darkCyan": "008080", "darkGreen": "008000", "darkMagenta": "800080", "darkRed": "800000",
    "darkYellow": "808000", "darkGray": "808080", "lightGray": "c0c0c0", "black": "000000", "white": "ffffff",
}  # fmt: skip
# Fonts that show other signs than letters.
_SIGNS: Final = ("symbol", "webdings", "wingdings", "blank")
Colour = tuple[int, int, int]
BLACK: Final[Colour] = (0, 0, 0)


class Styles:
    """The part with styles, None where a document has none."""

    def __init__(self, part: Element | None) -> None:
        self._by_id: dict[tuple[str, str], Element] = {}
        self._chains: dict[tuple[str, str], list[tuple[Properties, Properties]] | None] = {}
        self._default = ""
        self._run: Properties = {}
        self._paragraph: Properties = {}
        if part is None:
            return
        for style in part.iter("w-style"):
            kind, name = style.get("type", ""), style.get("styleId", "")
            self._by_id.setdefault((kind, name), style)
            if kind == "paragraph" and style.get("default", "0") in _ON:
                self._default = self._default or name
        defaults = part.find("w-docDefaults")
        if defaults is not None:
            self._run = properties(defaults.find("w-rPrDefault/w-rPr"))
            self._paragraph = properties(defaults.find("w-pPrDefault/w-pPr"))

    def paragraph(self, own: Properties) -> tuple[Properties, Properties] | None:
        """What holds for a paragraph with these properties and for its runs; None where its style is not told."""
        name = own.get("w-pStyle", {}).get("val", self._default)
        chain = self._chain("paragraph", name) if name else []
        if chain is None:
            return None
        of_paragraph = [self._paragraph, *(its for its, _ in chain), own]
        return merged(of_paragraph), merged([self._run, *(run for _, run in chain)])

    def run(self, of_paragraph: Properties, own: Properties) -> Properties | None:
        """What holds for a run in such a paragraph; None where its style is not told."""
        name = own.get("w-rStyle", {}).get("val", "")
        chain = self._chain("character", name) if name else []
        if chain is None:
            return None
        return merged([of_paragraph, *(run for _, run in chain), own])

    def _chain(self, kind: str, name: str) -> list[tuple[Properties, Properties]] | None:
        """What the style and those it is based on say of paragraphs and of runs, the first of them first."""
        if (kind, name) not in self._chains:
            self._chains[kind, name] = self._followed(kind, name)
        return self._chains[kind, name]

    def _followed(self, kind: str, name: str) -> list[tuple[Properties, Properties]] | None:
        found: list[tuple[Properties, Properties]] = []
        while name:
            style = self._by_id.get((kind, name))
            if style is None or len(found) == MAX_CHAIN:
                return None
            found.insert(0, (properties(style.find("w-pPr")), properties(style.find("w-rPr"))))
            based = style.find("w-basedOn")
            name = based.get("val", "") if based is not None else ""
        return found


def properties(element: Element | None) -> Properties:
    """The members of a property element, by tag; () for none."""
    return {} if element is None else {each.tag: dict(each.attrib) for each in element}


def merged(levels: Iterable[Properties]) -> Properties:
    """The last that says something of a property holds. One that hides (which Word counts through the levels) holds
    unless the last level itself says otherwise."""
    found: dict[str, Mapping[str, str]] = {}
    each: Properties = {}
    for each in levels:
        hid = [name for name in _VANISHED if name in found and _on(found[name])]
        found |= each
        found |= {name: {} for name in hid}
    return found | {name: each[name] for name in _VANISHED if name in each}


def paragraph_why(found: Properties) -> Why | None:
    """Why the words of a paragraph cannot be told to be seen, None where they can."""
    for name, value in found.items():
        if name == "w-spacing":
            exact = value.get("lineRule", "auto") != "auto" and _number(value.get("line", "240"), 240) < 160
            if exact or _number(value.get("line", "240"), 0) < 120:
                return Why.UNKNOWN
        elif name == "w-ind":
            if not all(-720 <= _number(value.get(side, "0"), -10_000) <= 5_760 for side in value):
                return Why.UNKNOWN
        elif name not in _PARAGRAPH_KEEPS and name != "w-shd":
            return Why.UNKNOWN
    return None


def run_why(found: Properties, behind: Colour | None) -> Why | None:
    """Why the words of a run cannot be told to be seen, None where they can. behind: the colour under its paragraph,
    None where it is not told."""
    if any(_on(found[name]) for name in _VANISHED if name in found):
        return Why.HIDDEN
    if _number(found.get("w-sz", {}).get("val", "20"), 0) < LEAST:
        return Why.TINY
    for name, value in found.items():
        said = value.get("val", "")
        known = (
            name in _RUN_KEEPS
            or name in (*_VANISHED, "w-sz", "w-color", "w-shd", "w-highlight")
            or (name == "w-rFonts" and not any(font.lower().startswith(_SIGNS) for font in value.values()))
            or (name == "w-w" and 50 <= _number(said.rstrip("%"), 0) <= 300)
            or (name == "w-position" and abs(_number(said, 1_000)) <= 24)
            or (name == "w-spacing" and -20 <= _number(said, -1_000) <= 400)
            or (name == "w-vertAlign" and said == "baseline")
            or said in ("0", "false", "off")
        )
        if not known:
            return Why.UNKNOWN
    below = _highlighted(found) if "w-highlight" in found else shaded(found, behind)
    ink = _ink(found.get("w-color", {}))
    if below is None or ink is None:
        return Why.UNKNOWN
    return None if ratio(ink, below) >= LETTERS else Why.COLOUR


def shaded(found: Properties, behind: Colour | None) -> Colour | None:
    """The colour of a shading over another; None where it is not told."""
    value = found.get("w-shd")
    if value is None or value.get("val") == "nil":
        return behind
    if value.get("val", "clear") != "clear" or any("theme" in key for key in value):
        return None
    fill = value.get("fill", "auto")
    return behind if fill == "auto" else of_hex(fill)


def _highlighted(found: Properties) -> Colour | None:
    name = found["w-highlight"].get("val", "")
    return shaded(found, None) if name == "none" else of_hex(_NAMED.get(name, ""))


def _ink(value: Mapping[str, str]) -> Colour | None:
    """Black where the reader's program chooses."""
    if any("theme" in key for key in value):
        return None
    said = value.get("val", "auto")
    return BLACK if said == "auto" else of_hex(said)


def _on(value: Mapping[str, str]) -> bool:
    return value.get("val", "") in _ON


def _number(text: str, otherwise: int) -> int:
    digits = text.removeprefix("-")
    return int(text) if digits.isascii() and digits.isdigit() and len(digits) <= 9 else otherwise
