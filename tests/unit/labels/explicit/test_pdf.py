# SPDX-License-Identifier: Apache-2.0
from __future__ import annotations

import subprocess
import sys
from io import BytesIO
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from answerable.errors import AnswerableError, Refused, Unavailable, VerificationError
from answerable.labels.explicit import pdf
from answerable.labels.explicit.pdf import found, insert
from answerable.labels.explicit.plan import Corner, Plan, Where
from tests.mutated import mutated


def file(pages: int = 3, *, turn: int = 0, size: tuple[int, int] = (300, 200)) -> BytesIO:
    from pypdf import PdfWriter
    from pypdf.generic import DecodedStreamObject, NameObject

    writer, out = PdfWriter(), BytesIO()
    for _ in range(pages):
        page = writer.add_blank_page(*size)
        drawing = DecodedStreamObject()
        # It leaves a transformation behind: words drawn after it must not be caught by it.
        drawing.set_data(b"0.1 0 0 0.1 0 0 cm 1 0 0 rg 0 0 100 100 re f")
        page[NameObject("/Contents")] = writer._add_object(drawing)
        if turn:
            page.rotate(turn)
    writer.write(out)
    return out


def inserted(source: BytesIO, **plan: Any) -> tuple[str, BytesIO]:
    out, chosen = BytesIO(), Plan(**plan)
    where = insert(source, out, chosen)
    assert found(out, chosen.text, chosen.where)
    return where, out


@pytest.mark.parametrize("language", ["zh", "en", "both"])
@pytest.mark.parametrize(("where", "number"), [(Where.START, 1), (Where.MIDDLE, 2), (Where.END, 3)])
def test_the_words_are_text_on_one_page_and_the_file_is_only_added_to(language: str, where: Where, number: int) -> None:
    from pypdf import PdfReader

    source = file()
    told, out = inserted(source, language=language, where=where)
    assert told == f"page {number} of 3"
    assert out.getvalue().startswith(source.getvalue())
    words = Plan(language=language).text
    assert [words in page.extract_text() for page in PdfReader(out).pages] == [n == number for n in (1, 2, 3)]
    assert not found(source, words, where)


@pytest.mark.system("pdftotext")
@pytest.mark.parametrize("turn", [0, 90, 180, 270])
def test_another_program_shows_and_reads_them(turn: int, tmp_path: Path) -> None:
    from PIL import Image

    path = tmp_path / "x.pdf"
    path.write_bytes(inserted(file(1, turn=turn), corner=Corner.BOTTOM_RIGHT)[1].getvalue())
    read = subprocess.run(["pdftotext", str(path), "-"], capture_output=True, check=True, timeout=60)
    assert "AI生成" in read.stdout.decode()
    assert read.stderr == b""
    subprocess.run(
        ["pdftoppm", "-r", "144", "-png", "-singlefile", str(path), str(tmp_path / "x")], check=True, timeout=60
    )
    with Image.open(tmp_path / "x.png") as image:
        shown = np.asarray(image.convert("L"))
    dark = np.argwhere(shown < 30)
    (top, left), (bottom, right) = dark.min(axis=0), dark.max(axis=0)
    assert top > shown.shape[0] * 0.6
    assert left > shown.shape[1] * 0.4
    box = shown[top : bottom + 1, left : right + 1]
    assert box.shape[1] > 1.5 * box.shape[0], "upright"
    assert 0.05 < (box > 200).mean() < 0.6, "white on black"


def test_words_within_a_line_are_no_label() -> None:
    from pypdf import PdfReader, PdfWriter
    from pypdf.generic import DecodedStreamObject, DictionaryObject, NameObject

    writer, out = PdfWriter(clone_from=PdfReader(file(1))), BytesIO()
    page = writer.pages[0]
    kind = {"/Type": "/Font", "/Subtype": "/Type1", "/BaseFont": "/Helvetica"}
    font = DictionaryObject({NameObject(key): NameObject(value) for key, value in kind.items()})
    page[NameObject("/Resources")] = DictionaryObject(
        {NameObject("/Font"): DictionaryObject({NameObject("/F"): writer._add_object(font)})}
    )
    said = DecodedStreamObject()
    said.set_data(b"BT /F 12 Tf 20 100 Td (A page on AI-generated pictures) Tj ET")
    page[NameObject("/Contents")] = writer._add_object(said)
    writer.write(out)
    assert "AI-generated" in PdfReader(out).pages[0].extract_text()
    assert not found(out, "AI-generated", Where.START)
    assert inserted(out, language="en")[0] == "page 1 of 1"


def test_small_pages_get_small_words() -> None:
    _, out = inserted(file(1, size=(50, 40)), language="both")
    assert found(out, "AI生成 AI-generated", Where.START)


def test_what_is_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    from pypdf import PdfReader, PdfWriter
    from pypdf.generic import DictionaryObject, NameObject, NumberObject

    locked, signed = BytesIO(), BytesIO()
    writer = PdfWriter(clone_from=PdfReader(file()))
    writer.encrypt("", "owner", algorithm="RC4-128")
    writer.write(locked)
    with pytest.raises(AnswerableError):
        insert(locked, BytesIO(), Plan())
    writer = PdfWriter(clone_from=PdfReader(file()))
    writer._root_object[NameObject("/AcroForm")] = DictionaryObject({NameObject("/SigFlags"): NumberObject(3)})
    writer.write(signed)
    with pytest.raises(Refused, match="signed"):
        insert(signed, BytesIO(), Plan())
    for junk in (b"", b"junk", b"%PDF-1.7\n%%EOF", file().getvalue()[:100]):
        with pytest.raises(VerificationError, match=r"format\."):
            insert(BytesIO(junk), BytesIO(), Plan())
        with pytest.raises(VerificationError, match=r"format\."):
            found(BytesIO(junk), "x", Where.START)
    monkeypatch.setattr(pdf, "MAX_BYTES", 10)
    with pytest.raises(VerificationError, match=r"format\.oversized"):
        insert(file(), BytesIO(), Plan())
    monkeypatch.setitem(sys.modules, "pypdf", None)
    with pytest.raises(Unavailable, match=r"label\.extra"):
        found(BytesIO(SEED), "x", Where.START)


@settings(max_examples=60, deadline=10_000)
@given(st.deferred(lambda: mutated(SEED)))
def test_mutated_files_raise_our_errors_alone(made: bytes) -> None:
    try:
        insert(BytesIO(made), BytesIO(), Plan())
    except AnswerableError:
        return


SEED = file(2).getvalue()
