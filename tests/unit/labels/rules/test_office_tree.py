# SPDX-License-Identifier: Apache-2.0
from __future__ import annotations

from io import BytesIO

import pytest

from answerable.errors import VerificationError
from answerable.formats.splice import Source
from answerable.formats.zips import Archive
from answerable.labels.rules import office_tree
from answerable.labels.rules.office_tree import Link, links, main, tree
from tests.label_files import docx


def archive(part: bytes = b"", name: str = "word/document.xml") -> Archive:
    whole = Archive(Source(BytesIO(docx()), "docx"))
    if not part:
        return whole
    out = BytesIO()
    whole.write(out, {name: part})
    return Archive(Source(out, "docx"))


def test_a_part_by_its_namespaces() -> None:
    w = "http://schemas.openxmlformats.org/wordprocessingml/2006/main"
    strict = "http://purl.oclc.org/ooxml/wordprocessingml/main"
    made = f'<a:document xmlns:a="{w}" xmlns:b="urn:x" xmlns:c="{strict}"><b:p a:x="1"/><c:p>t</c:p></a:document>'
    found = tree(archive(made.encode()), "word/document.xml")
    assert [each.tag for each in found.iter()] == ["w-document", "x-p", "w-p"]
    assert found[0].attrib == {"x": "1"}
    assert found[1].text == "t"


def test_an_id_names_a_relationship_before_a_number() -> None:
    r = "http://schemas.openxmlformats.org/officeDocument/2006/relationships"
    for order in ('id="7" r:id="rId1"', 'r:id="rId1" id="7"'):
        found = tree(archive(f'<a xmlns:r="{r}"><b {order}/></a>'.encode()), "word/document.xml")
        assert found[0].get("id") == "rId1"


def test_which_part_is_the_document() -> None:
    assert main(archive()) == "word/document.xml"
    named = links(archive(), "word/document.xml")
    assert Link("styles", "word/styles.xml") in named.values()
    assert links(archive(), "word/styles.xml") == {}
    for made in (b"<a/>", b"<Relationships/>"):
        with pytest.raises(VerificationError, match="which part"):
            main(archive(made, "_rels/.rels"))
    other = (
        b'<R><Relationship Id="1" Type="x/officeDocument" Target="/a.xml"/>'
        b'<Relationship Id="2" Type="x/officeDocument" Target="b.xml"/></R>'
    )
    with pytest.raises(VerificationError, match="which part"):
        main(archive(other, "_rels/.rels"))
    outside = b'<R><Relationship Id="1" Type="x/t" Target="http://x/" TargetMode="External"/></R>'
    assert links(archive(outside, "_rels/.rels"), "") == {"1": Link("t", "")}


def test_foreign_parts(monkeypatch: pytest.MonkeyPatch) -> None:
    for made in (b"<a", b"<!DOCTYPE a><a/>", b"\xff\xfe<\0", b'<?xml version="1.0" encoding="gb2312"?><a/>'):
        with pytest.raises(VerificationError, match=r"format\.malformed"):
            tree(archive(made), "word/document.xml")
    with pytest.raises(VerificationError, match="missing"):
        tree(archive(), "word/nothing.xml")
    monkeypatch.setattr(office_tree, "MAX_DEPTH", 3)
    with pytest.raises(VerificationError, match=r"format\.oversized"):
        tree(archive(b"<a><a><a><a/></a></a></a>"), "word/document.xml")
    monkeypatch.setattr(office_tree, "MAX_ELEMENTS", 3)
    with pytest.raises(VerificationError, match=r"format\.oversized"):
        tree(archive(b"<a><a/><a/><a/></a>"), "word/document.xml")
