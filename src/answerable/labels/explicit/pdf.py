# SPDX-License-Identifier: Apache-2.0
"""Words on a page of a PDF (ISO 32000-2), as text in a font that comes with them: people see it, and programs find it.
An incremental update: what stood in the file stays as it is, byte for byte."""

from __future__ import annotations

import io
from typing import Any, BinaryIO, Final

from answerable.errors import AnswerableError, Refused, Unavailable, VerificationError
from answerable.labels.explicit.patch import FONT, glyphs
from answerable.labels.explicit.plan import Corner, Plan, Where

POINTS: Final = 14.0
MAX_BYTES: Final = 256 << 20
MAX_PAGES: Final = 20_000
_NAME: Final = "/AnswerableLabel"
_MARGIN: Final = 12.0


def insert(source: BinaryIO, target: BinaryIO, plan: Plan) -> str:
    """`source` in `target` with the words of `plan` on its first page (start), last (end) or middle one; which.

    Raises Refused ``label.explicit`` for a file that is encrypted or signed; VerificationError ``format.*``;
    Unavailable ``label.extra``.
    """
    library = _library()
    source.seek(0, 2)
    if source.tell() > MAX_BYTES:
        raise VerificationError("format.oversized", format="pdf", detail=f"longer than {MAX_BYTES} bytes")
    try:
        source.seek(0)
        writer = library.PdfWriter(io.BytesIO(source.read()), incremental=True)
        count = len(writer.pages)
        if not 1 <= count <= MAX_PAGES:
            raise VerificationError("format.oversized", format="pdf", detail=f"no page, or more than {MAX_PAGES}")
        _free(writer)
        number = {Where.START: 0, Where.MIDDLE: (count - 1) // 2, Where.END: count - 1}[plan.where]
        _mark(writer, writer.pages[number], plan)
        out = io.BytesIO()
        writer.write(out)
    except AnswerableError:
        raise
    except Exception as error:  # noqa: BLE001  foreign bytes make the library raise almost anything
        raise _malformed(error) from None
    target.seek(0)
    target.write(out.getvalue())
    target.truncate()
    return f"page {number + 1} of {count}"


def found(source: BinaryIO, words: str, where: Where) -> bool:
    """Whether a reader finds the words on that page, on a line of their own."""
    library = _library()
    source.seek(0)
    try:
        pages = library.PdfReader(source).pages
        number = {Where.START: 0, Where.MIDDLE: (len(pages) - 1) // 2, Where.END: len(pages) - 1}[where]
        return any(line.strip() == words for line in pages[number].extract_text().splitlines())
    except Exception as error:  # noqa: BLE001  as above
        raise _malformed(error) from None


def _free(writer: Any) -> None:
    """Raises Refused ``label.explicit`` for a file that may not be changed."""
    if "/Encrypt" in writer._reader.trailer:
        raise Refused("label.explicit", detail="an encrypted PDF is not written to")
    form = writer._root_object.get("/AcroForm")
    if form is not None and int(form.get_object().get("/SigFlags", 0)) & 1:
        raise Refused("label.explicit", detail="it is signed, and words would change what was signed")


def _mark(writer: Any, page: Any, plan: Plan) -> None:
    from pypdf.generic import ArrayObject, DecodedStreamObject, DictionaryObject, NameObject

    resources = page.get("/Resources", DictionaryObject()).get_object()
    resources = DictionaryObject(resources)
    fonts = DictionaryObject(resources.get("/Font", DictionaryObject()).get_object())
    fonts[NameObject(_NAME)] = writer._add_object(_font(writer, plan.text))
    resources[NameObject("/Font")] = fonts
    page[NameObject("/Resources")] = resources
    streams = []
    if "/Contents" in page:
        held = page.raw_get("/Contents")
        streams = list(held.get_object()) if isinstance(held.get_object(), ArrayObject) else [held]
    before, after = DecodedStreamObject(), DecodedStreamObject()
    before.set_data(b"q\n")
    # Whatever the page left of its own is undone before the words are drawn.
    after.set_data(b"\nQ\n" + _drawing(page, plan))
    page[NameObject("/Contents")] = ArrayObject([writer._add_object(before), *streams, writer._add_object(after)])


def _drawing(page: Any, plan: Plan) -> bytes:
    """White words on a black box, upright as viewers turn the page."""
    box, turn = page.cropbox, int(page.get("/Rotate", 0)) % 360
    left, bottom, right, top = (float(each) for each in (box.left, box.bottom, box.right, box.top))
    width, height = right - left, top - bottom
    wide, high = (height, width) if turn in (90, 270) else (width, height)
    told = glyphs()
    advance = sum(told["glyphs"][each][1] for each in plan.text) / told["units"]
    size = min(POINTS, max((wide - 2 * _MARGIN) / (advance + 1), 1))
    across, up = size * (advance + 0.6), size * 1.5
    x, y = _place(plan.corner, wide, high, across, up)
    matrix = {
        0: (1, 0, 0, 1, left, bottom), 90: (0, 1, -1, 0, right, bottom),
        180: (-1, 0, 0, -1, right, top), 270: (0, -1, 1, 0, left, top),
    }[turn]  # fmt: skip
    codes = "".join(f"{told['glyphs'][each][0]:04x}" for each in plan.text)
    turned = " ".join(f"{each:.2f}" for each in matrix)
    return (
        f"q {turned} cm 0 g {x:.2f} {y:.2f} {across:.2f} {up:.2f} re f "
        f"BT 1 g {_NAME} {size:.2f} Tf {x + 0.3 * size:.2f} {y + 0.42 * size:.2f} Td <{codes}> Tj ET Q\n"
    ).encode("ascii")


def _place(corner: Corner, wide: float, high: float, across: float, up: float) -> tuple[float, float]:
    x = (wide - across) / 2
    if "left" in corner:
        x = _MARGIN
    elif "right" in corner:
        x = wide - across - _MARGIN
    y = (high - up) / 2
    if corner.startswith("top"):
        y = high - up - _MARGIN
    elif corner.startswith("bottom"):
        y = _MARGIN
    return max(x, 0.0), max(y, 0.0)


def _font(writer: Any, text: str) -> Any:
    """Our font as a composite one (section 9.7): codes are glyphs, and a map back to characters."""
    from pypdf.generic import (
        ArrayObject,
        DecodedStreamObject,
        DictionaryObject,
        FloatObject,
        NameObject,
        NumberObject,
        TextStringObject,
    )

    told, name = glyphs(), NameObject("/AnswerableLabel")
    file, back = DecodedStreamObject(), DecodedStreamObject()
    file.set_data(FONT.read_bytes())
    file[NameObject("/Subtype")] = NameObject("/OpenType")
    used = sorted({(told["glyphs"][each][0], each, told["glyphs"][each][1]) for each in text})
    rows = "".join(f"<{glyph:04x}> <{each.encode('utf-16-be').hex()}>\n" for glyph, each, _ in used)
    back.set_data(
        (
            "/CIDInit /ProcSet findresource begin 12 dict begin begincmap\n/CMapType 2 def\n/CMapName /L def\n"
            "1 begincodespacerange\n<0000> <ffff>\nendcodespacerange\n"
            f"{len(used)} beginbfchar\n{rows}endbfchar\nendcmap end end\n"
        ).encode("ascii")
    )
    descriptor = DictionaryObject(
        {
            NameObject("/Type"): NameObject("/FontDescriptor"),
            NameObject("/FontName"): name,
            NameObject("/Flags"): NumberObject(4),
            NameObject("/FontBBox"): ArrayObject([NumberObject(each) for each in (-100, -200, 1_100, 1_000)]),
            NameObject("/ItalicAngle"): NumberObject(0),
            NameObject("/Ascent"): NumberObject(told["ascent"]),
            NameObject("/Descent"): NumberObject(-120),
            NameObject("/CapHeight"): NumberObject(733),
            NameObject("/StemV"): NumberObject(80),
            NameObject("/FontFile3"): writer._add_object(file),
        }
    )
    widths = ArrayObject()
    for glyph, _, advance in used:
        widths.extend([NumberObject(glyph), ArrayObject([FloatObject(advance * 1_000 / told["units"])])])
    below = DictionaryObject(
        {
            NameObject("/Type"): NameObject("/Font"),
            NameObject("/Subtype"): NameObject("/CIDFontType0"),
            NameObject("/BaseFont"): name,
            NameObject("/CIDSystemInfo"): DictionaryObject(
                {
                    NameObject("/Registry"): TextStringObject("Adobe"),
                    NameObject("/Ordering"): TextStringObject("Identity"),
                    NameObject("/Supplement"): NumberObject(0),
                }
            ),
            NameObject("/FontDescriptor"): writer._add_object(descriptor),
            NameObject("/W"): widths,
        }
    )
    return DictionaryObject(
        {
            NameObject("/Type"): NameObject("/Font"),
            NameObject("/Subtype"): NameObject("/Type0"),
            NameObject("/BaseFont"): name,
            NameObject("/Encoding"): NameObject("/Identity-H"),
            NameObject("/DescendantFonts"): ArrayObject([writer._add_object(below)]),
            NameObject("/ToUnicode"): writer._add_object(back),
        }
    )


def _library() -> Any:
    try:
        import pypdf
    except ImportError:
        raise Unavailable("label.extra", extra="pdf") from None
    return pypdf


def _malformed(error: Exception) -> VerificationError:
    detail = f"it cannot be read or written again ({type(error).__name__})"
    return VerificationError("format.malformed", format="pdf", detail=detail)
