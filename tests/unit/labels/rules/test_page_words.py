# SPDX-License-Identifier: Apache-2.0
"""Pages written with pypdf, on which words of a label stand; Poppler is asked whether they do and whether anything of
them is seen."""

from __future__ import annotations

import subprocess
import sys
from io import BytesIO
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from answerable.errors import AnswerableError, Unavailable, VerificationError
from answerable.labels.explicit import pdf
from answerable.labels.explicit.patch import glyphs
from answerable.labels.explicit.plan import Corner, Plan, Where
from answerable.labels.rules import page_words
from answerable.labels.rules.hidden import Hidden, Why
from answerable.labels.rules.page_words import words
from tests.mutated import mutated
from tests.unit.labels.explicit.test_pdf import file

WORDS = "AI生成"
CODES = "".join(f"{glyphs()['glyphs'][each][0]:04x}" for each in WORDS)
SHOW = f"<{CODES}> Tj"
# Of the page a piece that the words stand in.
BOX = "40 90 100 30 re f"


def text(before: str = "0 g", *, font: str = "20 Tf", matrix: str = "1 0 0 1 50 100 Tm", show: str = SHOW) -> str:
    return f"q {before} BT /F {font} {matrix} {show} ET Q\n"


def page(content: str, *, blank: bool = False, annotation: dict[str, Any] | None = None, off: bool = False) -> bytes:
    """A page of 300 x 200 with a font (blank: whose letters all are spaces), an image /I of black, a graphics state
    /T of no opacity and /O of half, a group /G (off: that is not shown) and a form /X that shows the words."""
    from pypdf import PdfWriter
    from pypdf.generic import (
        ArrayObject,
        BooleanObject,
        DecodedStreamObject,
        DictionaryObject,
        FloatObject,
        NameObject,
        NumberObject,
        TextStringObject,
    )

    def name(value: str) -> Any:
        return NameObject(value)

    def made(data: bytes, **members: Any) -> Any:
        stream = DecodedStreamObject()
        stream.set_data(data)
        for key, value in members.items():
            stream[name("/" + key)] = value
        return writer._add_object(stream)

    writer, out = PdfWriter(), BytesIO()
    its = writer.add_blank_page(300, 200)
    font = pdf._font(writer, WORDS)
    if blank:
        space = glyphs()["glyphs"][" "][0]
        rows = f"<{space:04x}> <{WORDS.encode('utf-16-be').hex()}>"
        font[name("/ToUnicode")] = made(
            b"/CIDInit /ProcSet findresource begin 12 dict begin begincmap /CMapType 2 def /CMapName /L def\n"
            b"1 begincodespacerange\n<0000> <ffff>\nendcodespacerange\n1 beginbfchar\n"
            + rows.encode()
            + b"\nendbfchar\nendcmap end end\n"
        )
    group = writer._add_object(
        DictionaryObject({name("/Type"): name("/OCG"), name("/Name"): TextStringObject("layer")})
    )
    writer._root_object[name("/OCProperties")] = DictionaryObject(
        {
            name("/OCGs"): ArrayObject([group]),
            name("/D"): DictionaryObject({name("/OFF"): ArrayObject([group] if off else [])}),
        }
    )
    fonts = DictionaryObject({name("/F"): writer._add_object(font)})
    number, real = NumberObject, FloatObject
    its[name("/Resources")] = DictionaryObject(
        {
            name("/Font"): fonts,
            name("/ExtGState"): DictionaryObject(
                {
                    name("/T"): DictionaryObject({name("/ca"): real(0)}),
                    name("/O"): DictionaryObject({name("/ca"): real(0.8)}),
                }
            ),
            name("/Properties"): DictionaryObject({name("/G"): group}),
            name("/XObject"): DictionaryObject(
                {
                    name("/I"): made(
                        b"\xff" * 3, Type=name("/XObject"), Subtype=name("/Image"), Width=number(1), Height=number(1),
                        ColorSpace=name("/DeviceRGB"), BitsPerComponent=number(8),
                    ),
                    name("/X"): made(
                        text().encode(), Type=name("/XObject"), Subtype=name("/Form"),
                        BBox=ArrayObject([number(each) for each in (0, 0, 300, 200)]),
                        Resources=DictionaryObject({name("/Font"): fonts}),
                    ),
                }
            ),
        }
    )  # fmt: skip
    its[name("/Contents")] = made(content.encode())
    if annotation is not None:
        members = {name("/" + key): value for key, value in annotation.items()}
        look = made(
            b"1 g 0 0 300 200 re f", Type=name("/XObject"), Subtype=name("/Form"),
            BBox=ArrayObject([number(each) for each in (0, 0, 300, 200)]),
        )  # fmt: skip
        rectangle = ArrayObject([number(each) for each in (0, 0, 300, 200)])
        its[name("/Annots")] = ArrayObject(
            [
                writer._add_object(
                    DictionaryObject(
                        {
                            name("/Type"): name("/Annot"), name("/Subtype"): name("/Square"), name("/Rect"): rectangle,
                            name("/AP"): DictionaryObject({name("/N"): look}), **members,
                        }
                    )
                )
            ]
        )  # fmt: skip
    writer._root_object[name("/Lang")] = TextStringObject("zh")
    writer._root_object[name("/MarkInfo")] = DictionaryObject({name("/Marked"): BooleanObject(True)})
    writer.write(out)
    return out.getvalue()


def flags(value: int) -> dict[str, Any]:
    from pypdf.generic import NumberObject

    return {"F": NumberObject(value)}


HIDDEN: dict[str, tuple[dict[str, Any], Why]] = {
    "white on white": ({"content": text("1 g")}, Why.UNDRAWN),
    "nearly white": ({"content": text("0.8 g")}, Why.UNDRAWN),
    "the colour of a box": ({"content": f"1 0 0 rg {BOX} " + text("1 0 0 rg")}, Why.UNDRAWN),
    "tiny": ({"content": text(font="1 Tf")}, Why.TINY),
    "made tiny": ({"content": text(matrix="0.01 0 0 0.01 50 100 Tm")}, Why.TINY),
    "covered": ({"content": text() + f"1 g {BOX}\n"}, Why.UNDRAWN),
    "behind a picture": ({"content": text() + "q 100 0 0 30 40 90 cm /I Do Q\n"}, Why.UNDRAWN),
    "outside the page": ({"content": text(matrix="1 0 0 1 -500 100 Tm")}, Why.OUTSIDE),
    "half outside": ({"content": text(matrix="1 0 0 1 50 195 Tm")}, Why.OUTSIDE),
    "mode 3": ({"content": text("0 g 3 Tr")}, Why.MODE),
    "mode 7": ({"content": text("0 g 7 Tr")}, Why.MODE),
    "clipped": ({"content": text("0 0 10 10 re W n 0 g")}, Why.UNDRAWN),
    "clipped by half": ({"content": text("40 90 100 18 re W n 0 g")}, Why.UNDRAWN),
    "transparent": ({"content": text("/T gs 0 g")}, Why.UNDRAWN),
    "in a layer that is off": ({"content": "/OC /G BDC " + text() + " EMC", "off": True}, Why.UNDRAWN),
    "behind an annotation": ({"content": text(), "annotation": {}}, Why.UNDRAWN),
    "in a covered form": ({"content": f"/X Do 1 g {BOX}"}, Why.UNDRAWN),
    "mirrored": ({"content": text(matrix="-1 0 0 1 200 100 Tm")}, Why.UNKNOWN),
    "pressed flat": ({"content": text("0 g 10 Tz")}, Why.UNKNOWN),
    "skewed flat": ({"content": text(matrix="1 1 1 1.05 50 50 Tm")}, Why.UNKNOWN),
    "one letter on the other": ({"content": text(show=f"[<{CODES[:8]}> 900 <{CODES[8:]}>] TJ")}, Why.OVERLAID),
    "under other letters": (
        {"content": text() + text("0.5 g", show=f"<{CODES[8:] * 2}> Tj", matrix="1 0 0 1 53 99 Tm")},
        Why.OVERLAID,
    ),
}  # fmt: skip
SHOWN: dict[str, dict[str, Any]] = {
    "black on white": {"content": text()},
    "white on black": {"content": f"0 g {BOX} " + text("1 g")},
    "red": {"content": text("1 0 0 rg")},
    "with a line alone": {"content": text("0 G 1 Tr")},
    "turned": {"content": text(matrix="0 1 -1 0 150 50 Tm")},
    "slanted": {"content": text(matrix="1 0 0.3 1 50 100 Tm")},
    "on a picture": {"content": "q 100 0 0 30 40 90 cm /I Do Q " + text()},
    "in a form": {"content": "/X Do"},
    "within a clip": {"content": text("0 0 300 200 re W n 0 g")},
    "half opaque": {"content": text("/O gs 0 g")},
    "in a layer that is on": {"content": "/OC /G BDC " + text() + " EMC"},
    "marked": {"content": "/P <</MCID 0>> BDC " + text() + " EMC"},
    "beside what is hidden": {"content": text() + text("1 g", matrix="1 0 0 1 50 20 Tm", show=f"<{CODES[:8]}> Tj")},
    "small print": {"content": text(font="6 Tf")},
}


@pytest.mark.parametrize("case", HIDDEN)
def test_words_that_nobody_sees_are_not_counted(case: str) -> None:
    given_, why = HIDDEN[case]
    said, hidden = words(page(**given_))
    assert WORDS not in said
    assert why in {each.why for each in hidden}, hidden
    assert {*WORDS} <= {letter for each in hidden for letter in each.text}


@pytest.mark.parametrize("case", SHOWN)
def test_words_that_people_see_are_counted(case: str) -> None:
    said, hidden = words(page(**SHOWN[case]))
    assert WORDS in said.splitlines()
    assert all(each.text != WORDS for each in hidden)


def test_an_annotation_that_is_hidden_covers_nothing_and_says_nothing() -> None:
    from pypdf.generic import TextStringObject

    assert words(page(text(), annotation=flags(2))) == (WORDS, ())
    note = flags(2) | {"Contents": TextStringObject(WORDS)}
    assert words(page("", annotation=note)) == ("", ())
    assert words(page("", annotation={"Contents": TextStringObject(WORDS)})) == ("", ())


def test_letters_that_show_nothing_are_not_counted() -> None:
    space = f"{glyphs()['glyphs'][' '][0]:04x}"
    assert words(page(text(show=f"<{space}> Tj"), blank=True))[0] == ""


def test_size_nothing() -> None:
    assert WORDS not in words(page(text(font="0 Tf")))[0]


def test_a_page_that_shows_less_than_it_has() -> None:
    from pypdf import PdfReader, PdfWriter
    from pypdf.generic import RectangleObject

    writer, out = PdfWriter(clone_from=PdfReader(BytesIO(page(text())))), BytesIO()
    writer.pages[0].cropbox = RectangleObject((0, 0, 300, 90))
    writer.write(out)
    said, hidden = words(out.getvalue())
    assert said == ""
    assert {each.why for each in hidden} <= {Why.OUTSIDE, Why.UNDRAWN}


@pytest.mark.parametrize("language", ["zh", "en", "both"])
@pytest.mark.parametrize("turn", [0, 90, 180, 270])
@pytest.mark.parametrize("size", [(300, 200), (50, 40), (2_000, 3_000)])
def test_what_the_writer_puts_in_is_counted(language: str, turn: int, size: tuple[int, int]) -> None:
    for where in (Where.START, Where.END):
        out = BytesIO()
        pdf.insert(file(2, turn=turn, size=size), out, Plan(language, where=where, corner=Corner.TOP_LEFT))
        assert words(out.getvalue()) == (Plan(language).text, ())


@pytest.mark.system("pdftotext")
@pytest.mark.parametrize("case", [*HIDDEN, *SHOWN])
def test_another_program_reads_them_and_shows_the_same(case: str, tmp_path: Path) -> None:
    """That the words stand in the file is no matter of whether they are seen."""
    from PIL import Image

    path = tmp_path / "x.pdf"
    path.write_bytes(page(**(HIDDEN[case][0] if case in HIDDEN else SHOWN[case])))
    read = subprocess.run(["pdftotext", str(path), "-"], capture_output=True, check=True, timeout=60)
    outside = case.startswith(("outside", "half outside", "in a layer that is off"))
    assert outside or any(each in read.stdout.decode() for each in WORDS), read.stdout
    if case in SHOWN or (HIDDEN[case][1] is Why.UNDRAWN and case not in ("nearly white", "clipped by half")):
        command = ["pdftoppm", "-r", "72", "-png", "-singlefile", str(path), str(tmp_path / "x")]
        subprocess.run(command, check=True, timeout=60)
        with Image.open(tmp_path / "x.png") as image:
            kinds = len({pixel for _, pixel in image.getcolors(1 << 20) or ()})
        assert (kinds > 2) is (case in SHOWN), kinds


def test_lines_in_between_and_more_of_them_than_are_looked_at(monkeypatch: pytest.MonkeyPatch) -> None:
    lines = "".join(text("0 g", font="8 Tf", matrix=f"1 0 0 1 20 {20 * at} Tm") for at in range(1, 9))
    assert words(page(lines))[0].count(WORDS) == 8
    monkeypatch.setattr(page_words, "MAX_LINES", 3)
    said, hidden = words(page(lines))
    assert said.count(WORDS) == 3
    assert [each.why for each in hidden] == [Why.MANY] * 5
    above = text() + text("0.5 g", matrix="1 0 0 1 50 113 Tm")
    assert {each.why for each in words(page(above))[1]} == {Why.OVERLAID}
    monkeypatch.setattr(page_words, "_MOST_NEAR", 0)
    assert {each.why for each in words(page(above))[1]} == {Why.MANY}


def test_letters_of_which_half_are_seen() -> None:
    half = text(show=f"<{CODES[:8]}> Tj 1 g <{CODES[8:]}> Tj")
    assert words(page(half)) == ("AI", (Hidden(WORDS, Why.UNDRAWN),))


def test_foreign_bytes(monkeypatch: pytest.MonkeyPatch) -> None:
    for junk in (b"", b"junk", b"%PDF-1.7\n%%EOF", SEED[:100]):
        with pytest.raises(VerificationError, match=r"format\.malformed"):
            words(junk)
    monkeypatch.setattr(page_words, "MAX_CHARACTERS", 2)
    with pytest.raises(VerificationError, match=r"format\.oversized"):
        words(SEED)
    monkeypatch.setitem(sys.modules, "pypdfium2", None)
    with pytest.raises(Unavailable, match=r"label\.extra"):
        words(SEED)


@settings(max_examples=100, deadline=10_000)
@given(st.deferred(lambda: mutated(SEED)))
def test_mutated_files_raise_our_errors_alone(made: bytes) -> None:
    try:
        words(made)
    except AnswerableError:
        return


SEED = page(text())
