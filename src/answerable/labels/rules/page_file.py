# SPDX-License-Identifier: Apache-2.0
"""A PDF (ISO 32000-2) as PDFium opens it: its first, middle and last page, their letters and where each stands."""

from __future__ import annotations

import ctypes
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from threading import Lock
from typing import Any, Final

from answerable.errors import Unavailable, VerificationError

# PDFium is not made for several threads.
LOCK: Final = Lock()
_FINE: Final = 1_000  # steps a point in which PDFium tells places
Box = tuple[float, float, float, float]  # left, top, right, bottom: points from the upper left corner as it is shown


@dataclass(slots=True)
class Page:
    """One page as PDFium has it. handle, text: its own; width, height: in points, as it is shown; boxes: of its
    letters, once they are asked for."""

    handle: Any
    text: Any
    width: float
    height: float
    boxes: list[Box] = field(default_factory=list)


@contextmanager
def opened(library: Any, data: bytes) -> Iterator[dict[int, Page]]:
    """The first, the middle and the last page, by their numbers, while `LOCK` is held. Raises VerificationError
    ``format.malformed``."""
    raw = library.raw
    try:
        document = library.PdfDocument(data)
    except library.PdfiumError:
        raise VerificationError("format.malformed", format="pdf", detail="its pages cannot be read") from None
    pages: dict[int, Page] = {}
    try:
        count = len(document)
        for number in sorted({0, (count - 1) // 2, count - 1}) if count > 0 else ():
            if not (handle := raw.FPDF_LoadPage(document, number)):
                raise VerificationError("format.malformed", format="pdf", detail="its pages cannot be read")
            text = raw.FPDFText_LoadPage(handle)
            pages[number] = Page(handle, text, raw.FPDF_GetPageWidthF(handle), raw.FPDF_GetPageHeightF(handle))
        yield pages
    finally:
        for page in pages.values():
            raw.FPDFText_ClosePage(page.text)
            raw.FPDF_ClosePage(page.handle)
        document.close()


def boxes(raw: Any, page: Page) -> list[Box]:
    """Of the letters of a page, by their places."""
    if not page.boxes:
        wide, high = round(page.width * _FINE), round(page.height * _FINE)
        sides = [ctypes.c_double() for _ in range(4)]
        x, y = ctypes.c_int(), ctypes.c_int()
        for place in range(raw.FPDFText_CountChars(page.text)):
            raw.FPDFText_GetCharBox(page.text, place, *sides)
            left, right, bottom, top = (each.value for each in sides)
            corners = []
            for corner in ((left, bottom), (right, top)):
                raw.FPDF_PageToDevice(page.handle, 0, 0, wide, high, 0, *corner, x, y)
                corners.append((x.value / _FINE, y.value / _FINE))
            (x0, y0), (x1, y1) = corners
            page.boxes.append((min(x0, x1), min(y0, y1), max(x0, x1), max(y0, y1)))
    return page.boxes


def around(boxes: list[Box]) -> Box:
    """What holds all of these, one at least."""
    left, top, right, bottom = zip(*boxes, strict=True)
    return min(left), min(top), max(right), max(bottom)


def library() -> Any:
    """Raises Unavailable ``label.extra``."""
    try:
        import pypdfium2
        import pypdfium2.raw
    except ImportError:
        raise Unavailable("label.extra", extra="pdf") from None
    return pypdfium2
