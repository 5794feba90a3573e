# SPDX-License-Identifier: Apache-2.0
"""Pictures and documents that were labelled, before programs that are not ours: each reads the object where the
standard wants it, finds no fault, and sees the same picture or text as before."""

from __future__ import annotations

import io
import json
import subprocess
from collections.abc import Callable
from pathlib import Path

import pytest

from tests import label_files as files
from tests.label_files import OLD, TEXT, write

PICTURES: dict[str, Callable[[], bytes]] = {
    "plain.jpg": files.jpeg,
    "progressive.jpg": lambda: files.picture("JPEG", progressive=True, optimize=True),
    "grey.jpg": lambda: files.picture("JPEG", "L"),
    "labelled.jpg": lambda: files.jpeg(files.app1(files.xmp(files.element()))),
    "large-xmp.jpg": lambda: files.jpeg(files.app1(files._large())),
    "plain.png": files.png,
    "alpha.png": lambda: files.picture("PNG", "RGBA"),
    "animated.png": lambda: files.picture("PNG", frames=3),
    "labelled.png": lambda: files.png(files.itxt("XML:com.adobe.xmp", files.xmp("", files.attribute()))),
    "lossy.webp": files.webp,
    "lossless.webp": lambda: files.webp(mode="RGBA", lossless=True),
    "animated.webp": lambda: files.webp(frames=3, icc_profile=b"profile"),
    "labelled.webp": lambda: files.webp(files.riff_chunk(b"XMP ", files.xmp(files.element()))),
    "plain.gif": files.gif,
    "animated.gif": lambda: files.gif(frames=3, loop=0),
    "older.gif": lambda: b"GIF87a" + files.gif()[6:],
    "little.tif": files.tiff,
    "big.tif": lambda: files.tiff(">", pages=2),
    "bigtiff.tif": lambda: files.tiff(big=True, pages=2),
    "packed.tif": lambda: files.picture("TIFF", frames=2, compression="tiff_adobe_deflate"),
    "labelled.tif": lambda: files.tiff(fields={700: (1, files.xmp(files.element()))}),
}
DOCUMENTS: dict[str, Callable[[], bytes]] = {
    "a.docx": files.docx,
    "a.xlsx": lambda: files.xlsx(Mine="kept"),
    "a.pptx": files.pptx,
    "labelled.xlsx": lambda: files.xlsx(AIGC=OLD, Mine="kept"),
    "table.pdf": files.pdf,
    "stream.pdf": lambda: files.pdf(packed=True),
    "labelled.pdf": lambda: files.pdf(b"<</AIGC(old)/Title(x)>>"),
    "picture.pdf": lambda: files.picture("PDF"),
}


def told(path: Path, *tags: str) -> dict[str, object]:
    """What exiftool says, warnings and errors too."""
    command = ["exiftool", "-j", "-G0", "-a", *tags, "-warning", "-error", str(path)]
    done = subprocess.run(command, capture_output=True, text=True, timeout=60, check=True)
    found = json.loads(done.stdout)[0]
    del found["SourceFile"]
    return dict(found)


@pytest.mark.system("exiftool")
@pytest.mark.parametrize("name", PICTURES)
def test_exiftool_reads_the_object_of_a_picture(name: str, tmp_path: Path) -> None:
    data = PICTURES[name]()
    path = tmp_path / name
    path.write_bytes(data)
    before = told(path, "-XMP:Title", "-FileType", "-ImageSize")
    path.write_bytes(write(data))
    after = told(path, "-XMP:Aigc", "-XMP:Title", "-FileType", "-ImageSize")
    # A simple WebP has become an extended one.
    before["File:FileType"] = str(after["File:FileType"]).replace("Extended WEBP", str(before["File:FileType"]))
    after["File:FileType"] = before["File:FileType"]
    aigc = after.pop("XMP:Aigc")
    # Of JSON, exiftool's own output is JSON again.
    assert (json.dumps(aigc, separators=(",", ":")) if isinstance(aigc, dict) else aigc) == TEXT
    assert after == before


@pytest.mark.parametrize("name", PICTURES)
def test_pillow_and_numpy_see_the_same_pixels(name: str) -> None:
    import numpy as np
    from PIL import Image

    data = PICTURES[name]()
    one, two = Image.open(io.BytesIO(data)), Image.open(io.BytesIO(write(data)))
    assert (one.size, one.mode, getattr(one, "n_frames", 1)) == (two.size, two.mode, getattr(two, "n_frames", 1))
    for frame in range(getattr(one, "n_frames", 1)):
        one.seek(frame)
        two.seek(frame)
        assert (np.asarray(one) == np.asarray(two)).all()
        assert one.info.get("duration") == two.info.get("duration")
        assert one.info.get("icc_profile") == two.info.get("icc_profile")


@pytest.mark.system("exiftool")
@pytest.mark.parametrize("name", DOCUMENTS)
def test_exiftool_reads_the_object_of_a_document(name: str, tmp_path: Path) -> None:
    path = tmp_path / name
    path.write_bytes(write(DOCUMENTS[name]()))
    found = told(path, "-AIGC")
    (aigc,) = found.values()
    assert (json.dumps(aigc, separators=(",", ":")) if isinstance(aigc, dict) else aigc) == TEXT


@pytest.mark.system("pdfinfo")
@pytest.mark.parametrize("name", [name for name in DOCUMENTS if name.endswith(".pdf")])
def test_pdfinfo_reads_the_object(name: str, tmp_path: Path) -> None:
    path = tmp_path / name
    path.write_bytes(write(DOCUMENTS[name]()))
    done = subprocess.run(["pdfinfo", "-custom", path], capture_output=True, text=True, timeout=60, check=True)
    lines = [line for line in done.stdout.splitlines() if line.startswith("AIGC:")]
    assert [line.removeprefix("AIGC:").strip() for line in lines] == [TEXT]
    assert not done.stderr
    pages = subprocess.run(["pdfinfo", path], capture_output=True, text=True, timeout=60, check=True)
    assert "Pages:" in pages.stdout
    assert not pages.stderr


def test_office_libraries_open_what_was_labelled() -> None:
    from docx import Document
    from openpyxl import load_workbook
    from pptx import Presentation

    document = Document(io.BytesIO(write(files.docx())))
    assert [paragraph.text for paragraph in document.paragraphs] == ["A paragraph."]
    book = load_workbook(io.BytesIO(write(files.xlsx(AIGC=OLD, Mine="kept"))))
    assert book.active["A1"].value == 7
    assert {each.name: each.value for each in book.custom_doc_props.props} == {"Mine": "kept", "AIGC": TEXT}
    slides = Presentation(io.BytesIO(write(files.pptx())))
    assert len(slides.slides) == 1


def test_office_libraries_keep_the_object_when_they_save() -> None:
    from openpyxl import load_workbook

    out = io.BytesIO()
    load_workbook(io.BytesIO(write(files.xlsx()))).save(out)
    assert files.read(out.getvalue()) == [("docProps/custom.xml AIGC", TEXT)]


def test_pypdf_reads_the_object_and_the_pages() -> None:
    from pypdf import PdfReader

    for name in DOCUMENTS:
        if name.endswith(".pdf"):
            data = DOCUMENTS[name]()
            reader = PdfReader(io.BytesIO(write(data)), strict=True)
            assert reader.metadata is not None
            assert reader.metadata["/AIGC"] == TEXT
            assert len(reader.pages) == len(PdfReader(io.BytesIO(data)).pages)
