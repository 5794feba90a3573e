# SPDX-License-Identifier: Apache-2.0
"""The words of a PDF (ISO 32000-2) that are seen on its first, middle and last page: a letter that is drawn without a
trace, outside, tiny, mirrored, under other letters or without which the page looks the same is not counted. As PDFium
draws it: what other viewers draw otherwise is not looked at. Which letter a glyph shows is what its font says."""

from __future__ import annotations

import ctypes
import itertools
import math
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from typing import Any, Final

from answerable.errors import VerificationError
from answerable.labels.explicit.plan import MAX_WORDS
from answerable.labels.rules import page_file
from answerable.labels.rules.hidden import Hidden, Why
from answerable.labels.rules.page_file import Box, Page, around, boxes
from answerable.labels.rules.page_pixels import undrawn
from answerable.marks import wording

MAX_CHARACTERS: Final = 200_000  # of one page
MAX_LINES: Final = 48  # that are drawn, of a file
# As checkers read a text: its first and its last characters.
ENDS: Final = 64
# Points, for the longer side of what is drawn of a letter: some 4 points of a font. Of a small page a share of its
# shortest side, since it is shown larger.
LEAST: Final = 2.0
LEAST_SHARE: Final = 0.015
# How far letters may be pressed together, by either side.
SQUEEZED: Final = 4.0
# Of a letter's box, what a letter of another line may take; and, of the size of its font, how near the next letter of
# its own may begin.
OVERLAP: Final = 0.25
NEXT: Final = 0.15
# Of that size: how far ahead the next letter of a line may begin, and how far above or below it.
GAP: Final = 3.0
ASIDE: Final = 0.4
_UNDRAWN_MODES: Final = (3, 7)
_ELEMENTS: Final = wording.AI + wording.GENERATION
# Letters at the place of a line that are compared with its own.
_MOST_NEAR: Final = 2_000


@dataclass(slots=True)
class _Line:
    """places: of its letters on the page's text; said: what is counted of it."""

    page: int
    places: list[int]
    said: str
    checked: bool = False


def words(data: bytes) -> tuple[str, tuple[Hidden, ...]]:
    """(what is said on its first, middle and last page, words of a label that are not counted). Only of words that
    could be those of a label it is told whether they are seen.

    Raises VerificationError ``format.malformed|oversized``, Unavailable ``label.extra``.
    """
    library = page_file.library()
    with page_file.LOCK, page_file.opened(library, data) as pages:
        lines = [line for number, page in pages.items() for line in _lines(library, number, page)]
        hidden: list[Hidden] = []
        left = MAX_LINES
        while (line := next((each for each in _bearing(lines) if not each.checked), None)) is not None:
            line.checked = True
            if left:
                left -= 1
                hidden += _shown(library, pages[line.page], line)
            else:
                hidden.append(Hidden(line.said, Why.MANY))
                line.said = ""
        return "\n".join(line.said for line in lines), tuple(hidden)


def _bearing(lines: list[_Line]) -> list[_Line]:
    """The lines on which it rests whether there is a label: those with its words at the start and the end of the text,
    and each that is one of its own."""
    some = [line for line in lines if line.said.strip()]
    found = [line for line in some if len(line.said.strip()) <= MAX_WORDS and wording.complete(line.said)]
    for side in (some, some[::-1]):
        length = 0
        for line in side:
            if length >= ENDS:
                break
            length += len(line.said.strip()) + 1
            if any(word in line.said for word in _ELEMENTS):
                found.append(line)
    return found


def _lines(library: Any, number: int, page: Page) -> Iterator[_Line]:
    """PDFium's order of letters, cut where the next is no longer on the same line, ahead and near."""
    raw = library.raw
    count = raw.FPDFText_CountChars(page.text)
    if count > MAX_CHARACTERS:
        raise VerificationError(
            "format.oversized", format="pdf", detail=f"more than {MAX_CHARACTERS} letters on a page"
        )
    line, last = _Line(number, [], ""), None
    for place in range(count):
        letter = chr(min(raw.FPDFText_GetUnicode(page.text, place), 0x10FFFF))
        ends = letter in "\r\n"
        if not letter.isspace() and raw.FPDFText_IsGenerated(page.text, place) == 0:
            stand = _stand(raw, page, place)
            ends = last is not None and not last.goes_on(stand)
            last = stand
        if ends and line.places:
            yield line
            line = _Line(number, [], "")
        if letter.isprintable():
            line.places.append(place)
            line.said += letter
    if line.places:
        yield line


@dataclass(frozen=True, slots=True)
class _Stand:
    """Where a letter begins, the direction of its line (of length 1) and the size of its font, in the page's points."""

    x: float
    y: float
    across: float
    up: float
    size: float

    def goes_on(self, other: _Stand) -> bool:
        dx, dy = other.x - self.x, other.y - self.y
        ahead, aside = dx * self.across + dy * self.up, dy * self.across - dx * self.up
        turned = self.across * other.across + self.up * other.up < 0.9
        return not turned and ahead > -NEXT * self.size and ahead <= GAP * self.size and abs(aside) <= ASIDE * self.size


def _stand(raw: Any, page: Page, place: int) -> _Stand:
    x, y, matrix = ctypes.c_double(), ctypes.c_double(), raw.FS_MATRIX()
    raw.FPDFText_GetCharOrigin(page.text, place, x, y)
    raw.FPDFText_GetMatrix(page.text, place, matrix)
    long = math.hypot(matrix.a, matrix.b)
    size = float(raw.FPDFText_GetFontSize(page.text, place)) * long
    return _Stand(x.value, y.value, matrix.a / (long or 1), matrix.b / (long or 1), size)


def _shown(library: Any, page: Page, line: _Line) -> list[Hidden]:
    """Takes out of the line what is not seen; that, with the reasons."""
    raw = library.raw
    letters = {
        place: letter
        for place, letter in zip(line.places, line.said, strict=True)
        if not letter.isspace() and raw.FPDFText_IsGenerated(page.text, place) == 0
    }
    why = _outright(raw, page, letters, line.places)
    why |= dict.fromkeys(undrawn(library, page, [place for place in letters if place not in why]), Why.UNDRAWN)
    hidden: dict[Why, list[str]] = {}
    kept: list[str] = []
    for place, letter in zip(line.places, line.said, strict=True):
        if (reason := why.get(place)) is None:
            kept.append(letter)
        else:
            hidden.setdefault(reason, []).append(letter)
    whole, line.said = line.said, "".join(kept)
    return [Hidden(whole, reason) for reason in hidden]


def _outright(raw: Any, page: Page, letters: dict[int, str], line: list[int]) -> dict[int, Why]:
    """Letters of which it is told without drawing that they are not seen."""
    found: dict[int, Why] = {}
    places = boxes(raw, page)
    least = min(LEAST, LEAST_SHARE * min(page.width, page.height))
    near = _near(places, letters).difference(line)
    crowded = _crowded(raw, page, list(letters))
    for place, letter in letters.items():
        left, top, right, bottom = places[place]
        if _mode(raw, page, place) in _UNDRAWN_MODES:
            found[place] = Why.MODE
        elif left < 0 or top < 0 or right > page.width or bottom > page.height:
            found[place] = Why.OUTSIDE
        elif letter.isalnum() and max(right - left, bottom - top) < least:
            found[place] = Why.TINY
        elif not _upright(raw, page, place):
            found[place] = Why.UNKNOWN
        elif len(near) > _MOST_NEAR:
            found[place] = Why.MANY
        elif place in crowded or any(
            _overlaid(places[place], places[other]) and _drawn(raw, page, other) for other in near
        ):
            found[place] = Why.OVERLAID
    return found


def _mode(raw: Any, page: Page, place: int) -> int:
    return int(raw.FPDFTextObj_GetTextRenderMode(raw.FPDFText_GetTextObject(page.text, place)))


def _drawn(raw: Any, page: Page, place: int) -> bool:
    return raw.FPDFText_IsGenerated(page.text, place) == 0 and _mode(raw, page, place) not in _UNDRAWN_MODES


def _upright(raw: Any, page: Page, place: int) -> bool:
    """Turned is read, mirrored or pressed flat is not."""
    matrix = raw.FS_MATRIX()
    if not raw.FPDFText_GetMatrix(page.text, place, matrix):
        return False
    across, up = math.hypot(matrix.a, matrix.b), math.hypot(matrix.c, matrix.d)
    area = matrix.a * matrix.d - matrix.b * matrix.c
    return across > 0 and up > 0 and 1 / SQUEEZED <= across / up <= SQUEEZED and area > across * up / SQUEEZED


def _crowded(raw: Any, page: Page, letters: list[int]) -> set[int]:
    """Letters on top of the next of their line."""
    found: set[int] = set()
    for place, after in itertools.pairwise(letters):
        one, other = _stand(raw, page, place), _stand(raw, page, after)
        if not math.hypot(other.x - one.x, other.y - one.y) >= NEXT * one.size > 0:
            found |= {place, after}
    return found


def _near(places: list[Box], letters: Iterable[int]) -> set[int]:
    """The letters of the page that stand where these do."""
    own = [places[place] for place in letters]
    if not own:
        return set()
    left, top, right, bottom = around(own)
    return {
        place
        for place, box in enumerate(places)
        if box[0] < right and box[2] > left and box[1] < bottom and box[3] > top
    }


def _overlaid(box: Box, other: Box) -> bool:
    wide = min(box[2], other[2]) - max(box[0], other[0])
    high = min(box[3], other[3]) - max(box[1], other[1])
    return wide > 0 and high > 0 and wide * high > OVERLAP * (box[2] - box[0]) * (box[3] - box[1])
