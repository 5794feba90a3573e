# SPDX-License-Identifier: Apache-2.0
"""PDF: an update is appended, so that what was there, signatures too, is still there; locked files are refused."""

from __future__ import annotations

import io

import pypdf
import pytest

from answerable.errors import VerificationError
from tests.label_files import OLD, TEXT, element, pdf, read, stream, write
from tests.label_files import xmp as packet

PLACE = "Info AIGC"
METADATA = b"<</Type/Catalog/Pages 2 0 R/Metadata 5 0 R>>"
XMP = stream(packet(element()), b"/Type/Metadata/Subtype/XML")


@pytest.mark.parametrize("packed", [False, True])
@pytest.mark.parametrize(
    "info",
    [None, b"<<>>", b"<</Title(x)>>", b"<</AIGC(" + OLD.encode() + b")/Title(x)/AIGC(y)>>", b"<</Title(x)% c\n>>"],
)
def test_an_update_is_appended(info: bytes | None, packed: bool) -> None:
    data = pdf(info, packed=packed)
    made = write(data)
    assert made.startswith(data)
    assert read(made) == [(PLACE, TEXT)]
    again = write(made, TEXT.replace("rrr", "sss"))
    assert again.startswith(made)
    assert read(again) == [(PLACE, TEXT.replace("rrr", "sss"))]
    reader = pypdf.PdfReader(io.BytesIO(again), strict=True)
    assert reader.metadata is not None
    assert reader.metadata["/AIGC"] == TEXT.replace("rrr", "sss")
    assert len(reader.pages) == 1
    assert reader.metadata.get("/Title") == ("x" if info and b"Title" in info else None)


@pytest.mark.parametrize("value", [b"(\\173\\175)", b"<7B7D>", b"6 0 R", b"<feff007b007d>"])
def test_every_kind_of_text_is_read(value: bytes) -> None:
    assert read(pdf(b"<</AIGC %b>>" % value, more=[b"null", b"({})"])) == [(PLACE, "{}")]


def test_xmp_is_read_and_its_object_replaced() -> None:
    data = pdf(root=METADATA, more=[XMP])
    assert read(data) == [("Metadata XMP TC260:AIGC", OLD)]
    made = write(data)
    assert read(made) == [(PLACE, TEXT)]
    kept = pypdf.PdfReader(io.BytesIO(made)).xmp_metadata
    assert kept is not None
    assert kept.dc_title == {"x-default": "A & B"}


def test_a_signature_covers_what_it_covered() -> None:
    field = b"<</FT/Sig/T(s)/V 6 0 R>>"
    value = b"<</Type/Sig/Filter/Adobe.PPKLite/ByteRange[0 100 300 400]/Contents<" + b"00" * 100 + b">>>"
    data = pdf(root=b"<</Type/Catalog/Pages 2 0 R/AcroForm<</Fields[5 0 R]/SigFlags 3>>>>", more=[field, value])
    made = write(data)
    assert made[: len(data)] == data
    assert b"ByteRange" not in made[len(data) :]


def _certified(permission: bytes) -> bytes:
    reference = b"<</Reference[<</TransformMethod/DocMDP/TransformParams<</Type/TransformParams%b>>>>]>>" % permission
    return pdf(root=b"<</Type/Catalog/Pages 2 0 R/Perms<</DocMDP 5 0 R>>>>", more=[reference])


def test_a_certified_file_that_allows_no_change_is_refused() -> None:
    with pytest.raises(VerificationError) as caught:
        write(_certified(b"/P 1"))
    assert caught.value.code == "format.unsupported"
    for other in (b"/P 2", b"/P 3", b""):
        assert read(write(_certified(other))) == [(PLACE, TEXT)]


def test_an_encrypted_file_is_refused() -> None:
    writer = pypdf.PdfWriter()
    writer.add_blank_page(72, 72)
    writer.encrypt("secret", algorithm="RC4-128")
    out = io.BytesIO()
    writer.write(out)
    for act in (read, write):
        with pytest.raises(VerificationError, match="encrypted") as caught:
            act(out.getvalue())
        assert caught.value.code == "format.unsupported"


@pytest.mark.parametrize(
    ("data", "code"),
    [
        (pdf().replace(b"/Root 1 0 R", b"/Root 9 0 R"), "malformed"),
        (pdf().replace(b"/Size 6", b"/Xize 6"), "malformed"),
        (pdf(b"<</AIGC(" + b"x" * 140_000 + b")>>"), "oversized"),
    ],
)
def test_what_is_broken_or_too_long_is_refused(data: bytes, code: str) -> None:
    with pytest.raises(VerificationError) as caught:
        write(data)
        read(data)
    assert caught.value.code == f"format.{code}"


def test_a_value_of_another_kind_is_no_object() -> None:
    assert read(pdf(b"<</AIGC 12>>")) == [(PLACE, "?")]
