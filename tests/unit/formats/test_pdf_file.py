# SPDX-License-Identifier: Apache-2.0
"""A PDF by its cross-references: tables, streams, both at once, revisions; circles and bombs are refused."""

from __future__ import annotations

import io
import zlib

import pytest

from answerable.errors import VerificationError
from answerable.formats import pdf_file
from answerable.formats.pdf_file import PdfFile, Stream
from answerable.formats.pdf_syntax import Reference
from answerable.formats.splice import Source
from tests.label_files import pdf, stream


def opened(data: bytes) -> PdfFile:
    return PdfFile(Source(io.BytesIO(data), "pdf"))


@pytest.mark.parametrize("packed", [False, True])
def test_objects_are_found(packed: bool) -> None:
    file = opened(pdf(packed=packed))
    assert (file.packed, file.encrypted) == (packed, False)
    info = file.dictionary(file.trailer.get(b"Info"))
    assert info is not None
    assert info.get(b"Title") == b"A (B)"
    assert file.resolve(info.get(b"Producer")) == b"ours"
    assert file.object(99) is None
    assert (file.generation(4), file.generation(99)) == (0, None)
    assert file.dictionary(7) is None


def test_streams_with_and_without_filters() -> None:
    plain, packed = stream(b"plain"), stream(zlib.compress(b"packed"), b"/Filter[/FlateDecode]")
    indirect = b"<</Length 8 0 R>>stream\nlater\nendstream"
    file = opened(pdf(more=[plain, packed, indirect, b"5"]))
    found = [file.object(number) for number in (5, 6, 7)]
    assert all(isinstance(each, Stream) for each in found)
    assert [file.content(each) for each in found] == [b"plain", b"packed", b"later"]


def test_the_newest_revision_counts() -> None:
    data = pdf()
    at = len(data)
    data += b"4 0 obj\n<</Title(new)>>\nendobj\n"
    start = len(data)
    old = data.rindex(b"startxref", 0, at)
    previous = int(data[old + 10 : at - 6])
    data += b"xref\n4 1\n%010d 00000 n \ntrailer\n<</Size 6/Root 1 0 R/Info 4 0 R/Prev %d>>\n" % (at, previous)
    data += b"startxref\n%d\n%%%%EOF\n" % start
    file = opened(data)
    info = file.dictionary(Reference(4, 0))
    assert info is not None
    assert info.get(b"Title") == b"new"
    assert file.object(5) == b"ours"


def test_a_hybrid_file_is_read_by_its_stream() -> None:
    data = pdf(packed=True)
    start = len(data)
    inner = int(data[data.rindex(b"startxref") + 10 : -6])
    data += b"xref\n0 1\n0000000000 65535 f \ntrailer\n<</Size 9/Root 1 0 R/Info 4 0 R/XRefStm %d>>\n" % inner
    file = opened(data + b"startxref\n%d\n%%%%EOF\n" % start)
    assert not file.packed
    assert file.object(5) == b"ours"


def _turned(data: bytes) -> bytes:
    start = data[data.rindex(b"startxref") + 10 : -6].strip()
    return data.replace(b"/Size 6>>", b"/Size 6/Prev " + start + b">>")


@pytest.mark.parametrize(
    "data",
    [
        b"%PDF-1.4\n",
        b"%PDF-1.4\nstartxref\n999\n%%EOF",
        b"%PDF-1.4\nstartxref\n0\n%%EOF",
        b"%PDF-1.4\nxref\n0 9999999999\ntrailer<</Size 1>>\nstartxref\n9\n%%EOF",
        b"%PDF-1.4\nxref\n0 0\nstartxref\n9\n%%EOF",
        _turned(pdf()),
        pdf(packed=True).replace(b"/W[1 4 1]", b"/W[1 9 1]"),
        pdf(packed=True).replace(b"/Columns 6", b"/Columns 5000"),
        pdf(packed=True).replace(b"/Index", b"/Xndex").replace(b"/Size 8", b"/Size 9"),
    ],
)
def test_damaged_cross_references_are_malformed(data: bytes) -> None:
    with pytest.raises(VerificationError) as caught:
        opened(data)
    assert caught.value.code == "format.malformed"


@pytest.mark.parametrize(
    ("data", "number"),
    [
        (pdf().replace(b"5 0 obj", b"6 0 obj"), 5),
        (pdf(more=[b"<</Length 5 0 R>>stream\nx\nendstream"]), 5),
        (pdf(more=[b"<</Length 99>>stream\nx\nendstream"]), 5),
        (pdf(more=[b"<</Length 3>>stream\nxyz"]), 5),
        (pdf().replace(b" 00000 n \ntrailer", b" 00000 n_\ntrailer"), 5),
    ],
)
def test_damaged_objects_are_malformed(data: bytes, number: int) -> None:
    file = opened(data)
    with pytest.raises(VerificationError) as caught:
        file.object(number)
    assert caught.value.code == "format.malformed"


def test_references_in_a_circle_end() -> None:
    file = opened(pdf(more=[b"6 0 R", b"5 0 R"]))
    with pytest.raises(VerificationError) as caught:
        file.resolve(Reference(5, 0))
    assert caught.value.code == "format.oversized"


def test_bombs_and_long_objects_are_oversized(monkeypatch: pytest.MonkeyPatch) -> None:
    bomb = stream(zlib.compress(bytes(20_000_000)), b"/Filter/FlateDecode")
    file = opened(pdf(more=[bomb]))
    with pytest.raises(VerificationError) as caught:
        file.content(file.object(5))
    assert caught.value.code == "format.oversized"
    long = opened(pdf(more=[b"(" + b"x" * 3_000_000 + b")"]))
    with pytest.raises(VerificationError) as caught:
        long.object(5)
    assert caught.value.code == "format.oversized"
    for name in ("MAX_PARSED", "MAX_UNPACKED"):
        monkeypatch.setattr(pdf_file, name, 20)
        with pytest.raises(VerificationError) as caught:
            opened(pdf(packed=True))
        assert caught.value.code == "format.oversized"
        monkeypatch.undo()


@pytest.mark.parametrize("head", [b"/Filter/LZWDecode", b"/Filter[/FlateDecode/ASCII85Decode]"])
def test_other_filters_are_unsupported(head: bytes) -> None:
    file = opened(pdf(more=[stream(b"x", head)]))
    with pytest.raises(VerificationError) as caught:
        file.content(file.object(5))
    assert caught.value.code == "format.unsupported"


def test_bytes_before_the_header_are_unsupported() -> None:
    with pytest.raises(VerificationError) as caught:
        opened(b"junk\n" + pdf())
    assert caught.value.code == "format.unsupported"
