# SPDX-License-Identifier: Apache-2.0
from __future__ import annotations

import zipfile
from collections.abc import Callable
from io import BytesIO
from typing import Any

import pytest

from answerable.errors import AnswerableError, Refused, VerificationError
from answerable.labels.explicit.office import found, insert
from answerable.labels.explicit.plan import Corner, Plan


def file(save: Callable[[Any], Any]) -> BytesIO:
    out = BytesIO()
    save(out)
    return out


def document(*, table: bool = False) -> BytesIO:
    from docx import Document

    made = Document()
    made.add_heading("A title")
    made.add_paragraph("one")
    if table:
        made.add_table(2, 2).cell(0, 0).text = "cell"
    return file(made.save)


def workbook(header: str = "") -> BytesIO:
    from openpyxl import Workbook

    made = Workbook()
    made.active["A1"] = 1
    made.create_sheet("second")["B2"] = "=1+1"
    if header:
        for sheet in made.worksheets:
            sheet.oddHeader.center.text = header
            sheet.evenHeader.left.text = header
    return file(made.save)


def slides() -> BytesIO:
    from pptx import Presentation

    made = Presentation()
    for title in ("first", "second"):
        made.slides.add_slide(made.slide_layouts[0]).shapes.title.text = title
    return file(made.save)


def inserted(source: BytesIO, kind: str, **plan: Any) -> tuple[str, BytesIO]:
    out = BytesIO()
    chosen = Plan(**plan)
    where = insert(source, out, kind, chosen)
    assert found(out, kind, chosen.text)
    assert not found(source, kind, chosen.text)
    return where, out


def other_parts(source: BytesIO, out: BytesIO) -> list[str]:
    """Names of parts that are not the same bytes."""
    with zipfile.ZipFile(source) as one, zipfile.ZipFile(out) as other:
        assert one.namelist() == other.namelist()
        assert other.testzip() is None
        return [name for name in one.namelist() if one.read(name) != other.read(name)]


@pytest.mark.parametrize("language", ["zh", "en", "both"])
@pytest.mark.parametrize("table", [False, True])
def test_a_document_carries_them_first_or_last(language: str, table: bool) -> None:
    from docx import Document

    for where, place in (("start", 0), ("end", -1)):
        source = document(table=table)
        _, out = inserted(source, "docx", language=language, where=where)
        lines = [paragraph.text for paragraph in Document(out).paragraphs]
        assert lines[place] == Plan(language=language).text
        assert [line for number, line in enumerate(lines) if number != place % len(lines)] == ["A title", "one"]
        assert len(Document(out).tables) == table
        assert other_parts(source, out) == ["word/document.xml"]
        assert Document(out).sections[0].page_width == Document(source).sections[0].page_width


@pytest.mark.parametrize("corner", [Corner.TOP_LEFT, Corner.BOTTOM_RIGHT, Corner.TOP, Corner.RIGHT])
def test_the_first_slide_carries_a_box_with_letters_of_a_twentieth(corner: Corner) -> None:
    from pptx import Presentation

    source = slides()
    _, out = inserted(source, "pptx", corner=corner)
    show = Presentation(out)
    first, second = show.slides
    box = first.shapes[-1]
    assert box.text_frame.text == "AI生成"
    assert "AI生成" not in [shape.text_frame.text for shape in second.shapes]
    assert box.text_frame.paragraphs[0].runs[0].font.size >= 0.05 * min(show.slide_width, show.slide_height)
    assert 0 <= box.left <= box.left + box.width <= show.slide_width
    assert 0 <= box.top <= box.top + box.height <= show.slide_height
    assert len({shape.shape_id for shape in first.shapes}) == len(first.shapes)
    assert other_parts(source, out) == ["ppt/slides/slide1.xml"]
    centre = (box.left + box.width / 2) / show.slide_width
    assert (centre < 0.4) == ("left" in corner)
    assert (centre > 0.6) == ("right" in corner)


@pytest.mark.parametrize("header", ["", "old"])
def test_every_sheet_carries_them_in_its_page_header(header: str) -> None:
    from openpyxl import load_workbook

    source = workbook(header)
    where, out = inserted(source, "xlsx", language="both")
    read = load_workbook(out)
    for sheet in read.worksheets:
        assert sheet.oddHeader.left.text.strip() == "AI生成 AI-generated"
        assert sheet.oddHeader.center.text == (header or None)
        if header:
            assert sheet.evenHeader.left.text.split(" ", 2)[:2] == ["AI生成", "AI-generated"]
    assert read["second"]["B2"].value == "=1+1"
    assert where == "page header of each sheet"
    assert set(other_parts(source, out)) == {"xl/worksheets/sheet1.xml", "xl/worksheets/sheet2.xml"}


def test_words_in_a_header_are_not_doubled() -> None:
    _, out = inserted(workbook(), "xlsx")
    again = BytesIO()
    insert(out, again, "xlsx", Plan())
    assert other_parts(out, again) == []


def test_what_is_refused() -> None:
    for source, kind in ((document(), "docx"), (workbook(), "xlsx"), (slides(), "pptx")):
        with pytest.raises(Refused, match="middle"):
            insert(source, BytesIO(), kind, Plan(where="middle"))  # type: ignore[arg-type]
        signed = BytesIO(source.getvalue())
        with zipfile.ZipFile(signed, "a") as archive:
            archive.writestr("_xmlsignatures/sig1.xml", "<x/>")
        with pytest.raises(Refused, match="signed"):
            insert(signed, BytesIO(), kind, Plan())
        for other in {"docx", "xlsx", "pptx"} - {kind}:
            with pytest.raises(VerificationError, match=r"format\.malformed"):
                insert(source, BytesIO(), other, Plan())
        with pytest.raises(VerificationError, match=r"format\."):
            insert(BytesIO(b"junk"), BytesIO(), kind, Plan())


@pytest.mark.parametrize(
    "part",
    [
        b"", b"junk", b"<w:document",
        b"<!DOCTYPE x [<!ENTITY a 'b'>]><w:document xmlns:w='w'><w:body>&a;</w:body></w:document>",
        b"<w:document xmlns:w='w'/>", b"\xff\xfe<\0", b"<?xml version='1.0' encoding='gbk'?><a/>",
    ],
)  # fmt: skip
def test_parts_that_are_no_document(part: bytes) -> None:
    out = BytesIO()
    with zipfile.ZipFile(out, "w") as archive:
        archive.writestr("word/document.xml", part)
    with pytest.raises(AnswerableError, match=r"format\.malformed"):
        insert(out, BytesIO(), "docx", Plan())


def test_a_presentation_without_slides_goes_without_words_and_keeps_its_label() -> None:
    from pptx import Presentation

    from answerable.labels.identity import Labeller
    from answerable.labels.labelling import label
    from answerable.labels.reading import read_label
    from answerable.model.labels import Reading
    from tests.small_media import PROVIDER

    empty = BytesIO()
    Presentation().save(empty)
    done = label(empty.getvalue(), by=Labeller(PROVIDER, explicit=Plan("en")))
    assert [(layer.name, layer.state) for layer in done.layers] == [("explicit", "unsupported"), ("aigc", "written")]
    assert done.data is not None
    assert read_label(done.data).verdict is Reading.LABELLED
    assert len(Presentation(BytesIO(done.data)).slides) == 0
    with pytest.raises(Refused, match=r"label\.unsupported"):
        label(empty.getvalue(), by=Labeller(PROVIDER, explicit=Plan("en"), require=frozenset({"explicit"})))
