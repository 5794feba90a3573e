# SPDX-License-Identifier: Apache-2.0
"""Small XML: where elements stand, what is refused, and edits that leave the rest alone."""

from __future__ import annotations

import pytest

from answerable.errors import VerificationError
from answerable.formats import xmltree
from answerable.formats.xmltree import content, parse, quoted

DATA = b"<a x='1'><b y=\"&gt;\">t<c/>u</b><b/></a>"


def test_offsets_lead_to_what_is_written() -> None:
    document = parse(DATA, "XML", "b")
    a, b, c, empty = document.elements
    assert DATA[b.start : b.inner] == b'<b y="&gt;">'
    assert DATA[b.outer : b.end] == b"</b>"
    assert (b.text, b.attributes, b.parent) == ("tu", {"y": ">"}, 0)
    assert c.closed
    assert empty.closed
    assert not a.closed
    assert DATA[slice(*document.attribute(b, "y") or ())] == b' y="&gt;"'
    assert document.attribute(b, "z") is None


def test_edits_change_their_places_alone() -> None:
    document = parse(DATA, "XML")
    a, b, c, empty = document.elements
    made = document.edited([document.within(empty, b"new"), (c.start, c.end, b""), document.within(a, b"!")])
    assert made == b"<a x='1'><b y=\"&gt;\">tu</b><b>new</b>!</a>"
    assert document.edited([(b.start, b.end, b""), (c.start, c.end, b"lost")]) == b"<a x='1'><b/></a>"


@pytest.mark.parametrize(
    "data",
    [
        b"<!DOCTYPE a [<!ENTITY b 'c'>]><a>&b;</a>",
        b"<!DOCTYPE a SYSTEM 'file:///etc/passwd'><a/>",
        b"<a>&unknown;</a>",
        b"<a><b></a>",
        b"",
        b"<a/><b/>",
        b"\xff\xfe<\x00a",
    ],
)
def test_what_is_not_well_formed_or_declares_types_is_malformed(data: bytes) -> None:
    with pytest.raises(VerificationError) as caught:
        parse(data, "XML")
    assert caught.value.code == "format.malformed"


def test_depth_number_and_size_are_bounded(monkeypatch: pytest.MonkeyPatch) -> None:
    assert len(parse(b"<a>" * xmltree.MAX_DEPTH + b"</a>" * xmltree.MAX_DEPTH, "XML").elements) == xmltree.MAX_DEPTH
    for data in (
        b"<a>" * (xmltree.MAX_DEPTH + 1) + b"</a>" * (xmltree.MAX_DEPTH + 1),
        b"<a>" + b"<b/>" * xmltree.MAX_ELEMENTS + b"</a>",
        b"<a>" + b" " * xmltree.MAX_BYTES + b"</a>",
    ):
        with pytest.raises(VerificationError) as caught:
            parse(data, "XML")
        assert caught.value.code == "format.oversized"


@pytest.mark.parametrize("encoding", ["utf-8-sig", "utf-16", "utf-16-le", "utf-16-be", "utf-32"])
def test_wide_encodings_become_utf_8(encoding: str) -> None:
    document = (
        parse("<?xml version='1.0' encoding='utf-16'?><a>\u4e2d</a>".encode(encoding), "XML", "a")
        if (encoding != "utf-8-sig")
        else parse("<a>\u4e2d</a>".encode(encoding), "XML", "a")
    )
    assert document.elements[0].text == "\u4e2d"
    assert b"utf-16" not in document.data


def test_another_encoding_is_unsupported() -> None:
    with pytest.raises(VerificationError) as caught:
        parse(b"<?xml version='1.0' encoding='iso-8859-1'?><a/>", "XML")
    assert caught.value.code == "format.unsupported"


def test_text_of_one_name_is_collected_once_and_cut_off() -> None:
    nested = parse(b"<a><b>1<b>2</b></b></a>", "XML", "b")
    assert [element.text for element in nested.elements] == ["", "12", ""]
    long = parse(b"<a>" + b"x" * 1_000_000 + b"</a>", "XML", "a").elements[0].text
    assert xmltree.MAX_TEXT < len(long) < 1_000_000


def test_escapes() -> None:
    assert quoted('<"&>') == b"&lt;&quot;&amp;&gt;"
    assert content('<"&>') == b'&lt;"&amp;&gt;'
