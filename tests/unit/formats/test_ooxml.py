# SPDX-License-Identifier: Apache-2.0
"""Office documents: the property stands once, parts that are not touched stay packed, signed ones are refused."""

from __future__ import annotations

import io
import zipfile

import pytest

from answerable.errors import VerificationError
from answerable.formats.detect import detect
from tests.label_files import OLD, TEXT, archive, docx, office, pptx, properties, read, write, xlsx

PLACE = "docProps/custom.xml AIGC"


def parts(data: bytes) -> dict[str, bytes]:
    with zipfile.ZipFile(io.BytesIO(data)) as opened:
        assert opened.testzip() is None
        return {name: opened.read(name) for name in opened.namelist()}


@pytest.mark.parametrize(
    "data",
    [
        office(),
        office(strict=True),
        office(custom=properties(("Mine", "kept"))),
        office(custom=properties(("AIGC", OLD), ("Mine", "kept"), ("aigc", "{}"))),
        office(custom=properties(("AIGC", OLD)), target="elsewhere/own.xml"),
        office(custom=properties(), extra={"docProps/app.xml": b"<a/>"}),
        office(extra={"docProps/custom.xml": properties(("AIGC", OLD)).encode()}),
        office(custom='<Properties xmlns="urn:x"/>'),
    ],
)
def test_the_property_stands_once(data: bytes) -> None:
    made = write(data)
    assert read(made) == [(PLACE, TEXT)]
    before, after = parts(data), parts(made)
    changed = {name for name in after if before.get(name) != after[name]}
    assert changed <= {"[Content_Types].xml", "_rels/.rels", "docProps/custom.xml", "elsewhere/own.xml"}
    assert before.keys() <= after.keys()
    assert any(b"kept" in each for each in before.values()) == any(b"kept" in each for each in after.values())
    assert write(made) == made


def test_wild_shapes_are_read() -> None:
    assert read(office(custom=properties(("aigc", OLD), ("AIGC", "{}")))) == [(PLACE, OLD), (PLACE, "{}")]
    assert read(office()) == []


@pytest.mark.parametrize(("make", "name"), [(docx, "docx"), (xlsx, "xlsx"), (pptx, "pptx")])
def test_documents_of_libraries(make: object, name: str) -> None:
    data = make()  # type: ignore[operator]
    assert detect(io.BytesIO(data)).name == name
    made = write(data)
    assert read(made) == [(PLACE, TEXT)]
    assert next(iter(parts(made))) == next(iter(parts(data)))


@pytest.mark.parametrize(
    ("kind", "name"),
    [
        ("wordprocessingml.template.main", "docx"),
        ("spreadsheetml.template.main", "xlsx"),
        ("presentationml.slideshow.main", "pptx"),
    ],
)
def test_the_kind_is_that_of_the_main_part(kind: str, name: str) -> None:
    carrier = detect(io.BytesIO(office(kind)))
    assert carrier.name == name
    assert carrier.media.startswith("application/vnd.openxmlformats-officedocument.")


@pytest.mark.parametrize(
    "data", [archive({"a.txt": b"x"}), archive({"[Content_Types].xml": b"<Types/>"}), office("drawing.main")]
)
def test_another_archive_is_unknown(data: bytes) -> None:
    with pytest.raises(VerificationError) as caught:
        detect(io.BytesIO(data))
    assert caught.value.code == "format.unknown"


@pytest.mark.parametrize(
    ("data", "code"),
    [
        (office(extra={"_xmlsignatures/sig1.xml": b"<s/>"}), "unsupported"),
        (office(custom=properties(), target="../x.xml"), "unsupported"),
        (office(custom="<!DOCTYPE a [<!ENTITY b 'c'>]><Properties>&b;</Properties>"), "malformed"),
        (office(custom="<other/>"), "malformed"),
        (office(custom="<Properties>"), "malformed"),
    ],
)
def test_what_cannot_be_done_without_harm_is_refused(data: bytes, code: str) -> None:
    with pytest.raises(VerificationError) as caught:
        write(data)
    assert caught.value.code == f"format.{code}"


def test_a_property_beyond_the_bound_is_oversized() -> None:
    with pytest.raises(VerificationError) as caught:
        read(office(custom=properties(("AIGC", "x" * 140_000))))
    assert caught.value.code == "format.oversized"


def test_parts_that_every_document_has_must_be_there() -> None:
    data = archive({"[Content_Types].xml": parts(office())["[Content_Types].xml"], "main.xml": b"<a/>"})
    with pytest.raises(VerificationError) as caught:
        read(data)
    assert caught.value.code == "format.malformed"
