# SPDX-License-Identifier: Apache-2.0
"""Which letters of a page leave a trace: it is drawn with them and without them, and what differs has to be a letter
that stands out. So white on white, covered, clipped, transparent, switched off and blank need no rule each."""

from __future__ import annotations

import ctypes
import math
from dataclasses import dataclass
from typing import Any, Final

from answerable.errors import VerificationError
from answerable.labels.rules.contrast import LETTERS, ratio
from answerable.labels.rules.page_file import Box, Page, around, boxes

# Of the sides of a letter's box, and of its area, what has to stand out.
EXTENT: Final = 0.7
INK: Final = 0.04
_PIXELS: Final = 24  # for the height of a letter, as drawn here
_MOST_PIXELS: Final = 4_000_000
_MOST_SCALE: Final = 16.0
_MARGIN: Final = 2.0


def undrawn(library: Any, page: Page, letters: list[int]) -> set[int]:
    """Of these letters, those without which the page looks the same."""
    if not letters:
        return set()
    raw, places = library.raw, boxes(library.raw, page)
    left, top, right, bottom = around([places[place] for place in letters])
    left, top = max(left - _MARGIN, 0.0), max(top - _MARGIN, 0.0)
    right, bottom = min(right + _MARGIN, page.width), min(bottom + _MARGIN, page.height)
    tallest = max(max(places[place][2] - places[place][0], places[place][3] - places[place][1]) for place in letters)
    scale = min(_PIXELS / tallest, _MOST_SCALE, math.sqrt(_MOST_PIXELS / ((right - left) * (bottom - top))))
    objects = {
        ctypes.addressof(each.contents): each
        for place in letters
        if (each := raw.FPDFText_GetTextObject(page.text, place))
    }
    view = (left, top, right, bottom)
    with_ = _picture(library, page, view, scale)
    try:
        for each in objects.values():
            raw.FPDFPageObj_SetIsActive(each, False)
        without = _picture(library, page, view, scale)
    finally:
        for each in objects.values():
            raw.FPDFPageObj_SetIsActive(each, True)
    found: set[int] = set()
    for place in letters:
        x0, y0, x1, y1 = places[place]
        box = ((x0 - left) * scale, (y0 - top) * scale, (x1 - left) * scale, (y1 - top) * scale)
        if not _stands_out(with_, without, box):
            found.add(place)
    return found


@dataclass(frozen=True, slots=True)
class _Picture:
    """Blue, green and red, 8 bits each; stride: bytes a row."""

    width: int
    height: int
    stride: int
    pixels: bytes


def _picture(library: Any, page: Page, view: Box, scale: float) -> _Picture:
    """A piece of the page on white paper, with its annotations."""
    raw = library.raw
    left, top, right, bottom = view
    width, height = max(math.ceil((right - left) * scale), 1), max(math.ceil((bottom - top) * scale), 1)
    bitmap = raw.FPDFBitmap_Create(width, height, 0)
    if not bitmap:
        raise VerificationError("format.oversized", format="pdf", detail="a page cannot be drawn")
    try:
        raw.FPDFBitmap_FillRect(bitmap, 0, 0, width, height, 0xFFFFFFFF)
        raw.FPDF_RenderPageBitmap(
            bitmap, page.handle, -round(left * scale), -round(top * scale), round(page.width * scale),
            round(page.height * scale), 0, raw.FPDF_ANNOT,
        )  # fmt: skip
        stride = raw.FPDFBitmap_GetStride(bitmap)
        return _Picture(width, height, stride, ctypes.string_at(raw.FPDFBitmap_GetBuffer(bitmap), stride * height))
    finally:
        raw.FPDFBitmap_Destroy(bitmap)


def _stands_out(one: _Picture, other: _Picture, box: Box) -> bool:
    """Whether what differs between the pictures within the box is a letter that people can read."""
    left, top = max(math.floor(box[0]), 0), max(math.floor(box[1]), 0)
    right, bottom = min(math.ceil(box[2]), one.width), min(math.ceil(box[3]), one.height)
    xs: list[int] = []
    ys: list[int] = []
    for y in range(top, bottom):
        row = slice(y * one.stride + left * 4, y * one.stride + right * 4)
        mine, its = one.pixels[row], other.pixels[row]
        if mine == its:
            continue
        for x in range(0, len(mine), 4):
            if mine[x : x + 3] != its[x : x + 3] and ratio(_rgb(mine, x), _rgb(its, x)) >= LETTERS:
                xs.append(x // 4)
                ys.append(y)
    if len(xs) < max(INK * (right - left) * (bottom - top), 1):
        return False
    wide, high = max(xs) - min(xs) + 1, max(ys) - min(ys) + 1
    # A pixel at each side may be too faint to count.
    return wide + 2 >= EXTENT * (right - left) and high + 2 >= EXTENT * (bottom - top)


def _rgb(row: bytes, at: int) -> tuple[int, int, int]:
    return row[at + 2], row[at + 1], row[at]
