# SPDX-License-Identifier: Apache-2.0
"""A packet of another writer keeps all that it says; the object is put in once, whatever stood there."""

from __future__ import annotations

import hashlib

import pytest

from answerable.errors import VerificationError
from answerable.formats import xmp
from tests.label_files import OLD, TEXT, attribute, element
from tests.label_files import xmp as packet


def texts(data: bytes) -> list[str]:
    return [each.text.decode() for each in xmp.find(data, "XMP")]


def test_a_fresh_packet_holds_the_object_alone() -> None:
    made = xmp.fresh(TEXT)
    assert [(each.place, each.text.decode()) for each in xmp.find(made, "XMP")] == [("XMP TC260:AIGC", TEXT)]
    assert made.startswith(b"<?xpacket begin=")
    assert made.endswith(b'<?xpacket end="w"?>')


@pytest.mark.parametrize(
    ("data", "found"),
    [
        (packet(element()), OLD),
        (packet("", attribute()), OLD),
        (packet("", " AIGC='{}'"), "{}"),
        (packet("<AIGC:AIGC xmlns:AIGC='urn:x'>{}</AIGC:AIGC>"), "{}"),
        (packet("<TC260:AIGC><rdf:Alt><rdf:li>{}</rdf:li></rdf:Alt></TC260:AIGC>"), "{}"),
        (packet("<unbound:AIGC>{}</unbound:AIGC>"), "{}"),
        (packet(element()).decode().encode("utf-16"), OLD),
        (packet(element()) + bytes(9), OLD),
        (b"no XML: AIGC=" + OLD.encode(), "AIGC=" + OLD),
    ],
)
def test_wild_shapes_are_read(data: bytes, found: str) -> None:
    assert texts(data) == [found]


@pytest.mark.parametrize("data", [b"", b"<x/>", packet(""), packet("", ' xmlns:AIGC="urn:x"')])
def test_a_packet_without_an_object_holds_none(data: bytes) -> None:
    assert texts(data) == []


@pytest.mark.parametrize(
    "data",
    [
        packet(""),
        packet(element()),
        packet("", attribute()),
        packet(element() * 3, attribute()),
        packet("", about="u:1"),
    ],
)
def test_what_is_put_stands_once_and_the_rest_stays(data: bytes) -> None:
    made = xmp.put(data, TEXT)
    assert texts(made) == [TEXT]
    assert b"A &amp; B" in made
    assert made.endswith(b" " * 200 + b'\n<?xpacket end="w"?>')
    assert texts(xmp.put(made, "")) == []
    assert xmp.put(made, TEXT) == made
    # A second description says that it is about the same thing.
    assert b'rdf:about="u:1"' not in data or made.count(b'rdf:about="u:1"') == 2


def test_an_object_deep_in_the_history_is_not_left_as_a_second_one() -> None:
    part = f"<rdf:li rdf:parseType='Resource'>{element()}</rdf:li>"
    deep = packet(f"<h:History xmlns:h='urn:h'><rdf:Seq>{part}</rdf:Seq></h:History>")
    assert texts(deep) == [OLD]
    made = xmp.put(deep, TEXT)
    assert texts(made) == [TEXT]
    assert b"h:History" in made


@pytest.mark.parametrize(
    "data",
    [b"", b"<a/>", b"<AIGC/>", b"<!DOCTYPE a [<!ENTITY x 'y'>]><a/>", b"<a><AIGC><rdf:RDF/></AIGC></a>"],
)
def test_a_packet_that_cannot_be_kept_is_malformed(data: bytes) -> None:
    with pytest.raises(VerificationError) as caught:
        xmp.put(data, TEXT)
    assert caught.value.code == "format.malformed"


def test_entities_are_never_expanded() -> None:
    bomb = b"<!DOCTYPE a [<!ENTITY a 'x'><!ENTITY b '&a;&a;'>]><rdf:RDF><TC260:AIGC>&b;</TC260:AIGC></rdf:RDF>"
    assert texts(bomb) == []


def test_too_long_is_oversized() -> None:
    for data in (b" " * (xmp.MAX_PACKET + 1), packet(element("x" * 140_000))):
        with pytest.raises(VerificationError) as caught:
            xmp.find(data, "XMP")
        assert caught.value.code == "format.oversized"


def test_free_space_can_be_given_up() -> None:
    data = packet("")
    assert len(xmp.shrunk(data)) < len(data) - 190
    assert texts(xmp.put(xmp.shrunk(data), TEXT)) == [TEXT]


def test_a_large_packet_is_divided_once() -> None:
    divided = xmp.divided(packet(element()), TEXT)
    assert divided is not None
    main, guid, rest = divided
    assert texts(main) == [TEXT]
    assert texts(rest) == []
    assert b"A &amp; B" in rest
    assert hashlib.md5(rest).hexdigest().upper() == guid
    assert f'HasExtendedXMP="{guid}"'.encode() in main
    assert xmp.divided(packet("", ' xmpNote:HasExtendedXMP="x" xmlns:xmpNote="urn:n"'), TEXT) is None


def test_a_packet_of_nothing_but_objects_is_oversized_at_once() -> None:
    data = packet("", "".join(f' p{number}:AIGC="x"' for number in range(100_000)))
    for act in (lambda: xmp.find(data, ""), lambda: xmp.put(data, TEXT)):
        with pytest.raises(VerificationError) as caught:
            act()
        assert caught.value.code == "format.oversized"
