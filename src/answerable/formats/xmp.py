# SPDX-License-Identifier: Apache-2.0
"""XMP packets (ISO 16684-1) that carry the AIGC object as `TC260:AIGC` (GB 45438-2025, practice guide on metadata of
files). What others wrote into a packet stays byte for byte."""

from __future__ import annotations

import hashlib
import re
from typing import Final

from answerable.errors import VerificationError
from answerable.formats import embedded
from answerable.formats.carrier import MAX_TEXT, Carried
from answerable.formats.streams import malformed, oversized
from answerable.formats.xmltree import MAX_BYTES, Document, Element, content, parse, quoted

MAX_PACKET: Final = MAX_BYTES
# Of one packet: each is looked for in its tag again when it is replaced.
MAX_OBJECTS: Final = 256
NAMESPACE: Final = "http://www.tc260.org.cn/ns/AIGC/1.0/"

_RDF: Final = b"http://www.w3.org/1999/02/22-rdf-syntax-ns#"
_HEAD: Final = b'<?xpacket begin="\xef\xbb\xbf" id="W5M0MpCehiHzreSzNTczkc9d"?>'
_TAIL: Final = b'<?xpacket end="w"?>'
_PADDING = re.compile(rb"\s{2,}(<\?xpacket\s+end=)")
_WRAPPER = re.compile(rb"<\?xpacket[^>]{0,200}\?>")
_NAMES: Final = tuple("AIGC".encode(encoding) for encoding in ("ascii", "utf-16-le", "utf-16-be", "utf-32-le"))
_WIDE: Final = (b"\xff\xfe", b"\xfe\xff")
_FORMAT: Final = "XMP"


def fresh(text: str) -> bytes:
    """A packet that holds nothing but the object."""
    return _HEAD + b'<x:xmpmeta xmlns:x="adobe:ns:meta/">' + _rdf(_description(text)) + b"</x:xmpmeta>" + _TAIL


def find(packet: bytes, place: str) -> list[Carried]:
    """The objects in `packet`, as property, attribute, or, where it is no XML at all, as bytes. Raises
    VerificationError ``format.oversized``."""
    if not any(name in packet for name in _NAMES):
        if len(packet) > MAX_PACKET:
            oversized(_FORMAT, f"longer than {MAX_PACKET} bytes")
        return []
    try:
        document = parse(trimmed(packet), _FORMAT, "AIGC")
    except VerificationError as error:
        if error.code == "format.oversized":
            raise
        text = packet.decode("utf-8", "replace")
        return [Carried(f"{place} (damaged)", each.text.encode()) for each in embedded.find(text, _FORMAT)]
    found: list[Carried] = []
    for element in document.elements:
        if len(found) > MAX_OBJECTS:
            oversized(_FORMAT, f"more than {MAX_OBJECTS} AIGC objects")
        if element.local == "AIGC":
            found.append(_carried(f"{place} {element.name}", element.text))
        found += [_carried(f"{place} @{name}", element.attributes[name]) for name in _names(element)]
    return [each for each in found if each.text]


def put(packet: bytes, text: str) -> bytes:
    """`packet` with exactly one object: `text`; none where it is empty. Raises VerificationError ``format.malformed``
    for a packet that cannot be read, and so not be kept; ``format.oversized``."""
    document = parse(trimmed(packet), _FORMAT)
    root = next((each for each in document.elements if each.local == "RDF"), None)
    if root is None:
        malformed(_FORMAT, "it has no rdf:RDF")
    if sum((each.local == "AIGC") + len(_names(each)) for each in document.elements) > MAX_OBJECTS:
        oversized(_FORMAT, f"more than {MAX_OBJECTS} AIGC objects")
    edits: list[tuple[int, int, bytes]] = []
    placed = not text
    for element in document.elements:
        if element.local == "AIGC" and element.parent >= 0:
            new = b""
            if not placed and _top(document, element):
                new, placed = _property(text), True
            edits.append((element.start, element.end, new))
        for name in _names(element):
            span = document.attribute(element, name)
            if span is None:
                malformed(_FORMAT, "an attribute cannot be found again")
            edits.append((*span, b""))
    if not placed:
        about = next((_about(each) for each in document.elements if each.local == "Description"), "")
        edits.append(document.within(root, _description(text, about)))
    made = document.edited(edits)
    if len(find(made, "")) != bool(text):
        malformed(_FORMAT, "no property can be added to it")
    return made


def shrunk(packet: bytes) -> bytes:
    """`packet` without the white space that is kept free in it for edits in place."""
    return _PADDING.sub(rb"\1", packet)


def divided(packet: bytes, text: str) -> tuple[bytes, str, bytes] | None:
    """(main packet, GUID, extended XMP) for a packet too large for one JPEG segment (ISO 16684-3 section 6.1): the
    object alone stays in the main one. None for a packet that is divided already."""
    rest = _WRAPPER.sub(b"", put(packet, "")).strip()
    if b"HasExtendedXMP" in rest:
        return None
    guid = hashlib.md5(rest, usedforsecurity=False).hexdigest().upper()
    document = parse(fresh(text), _FORMAT)
    root = next(each for each in document.elements if each.local == "RDF")
    note = (
        b'<rdf:Description rdf:about="" xmlns:xmpNote="http://ns.adobe.com/xmp/note/" xmpNote:HasExtendedXMP="'
        + guid.encode()
        + b'"/>'
    )
    return document.edited([document.within(root, note)]), guid, rest


def trimmed(packet: bytes) -> bytes:
    """Without the zero bytes that some writers end a packet with."""
    return packet if b"\x00" in packet[:4] or packet[:2] in _WIDE else packet.rstrip(b"\x00")


def _carried(place: str, text: str) -> Carried:
    data = text.strip().encode("utf-8", "replace")
    if len(data) > MAX_TEXT:
        oversized(_FORMAT, f"an AIGC object longer than {MAX_TEXT} bytes")
    return Carried(place, data)


def _names(element: Element) -> list[str]:
    """Attributes that hold the object; a declaration of a prefix of that name is none."""
    return [name for name in element.attributes if name.rpartition(":")[2] == "AIGC" and name != "xmlns:AIGC"]


def _top(document: Document, element: Element) -> bool:
    """Whether it is a property of the file itself, not of a part or an ancestor that the packet tells about."""
    parent = document.elements[element.parent]
    return parent.local == "Description" and parent.parent >= 0 and document.elements[parent.parent].local == "RDF"


def _about(element: Element) -> str:
    return next((value for name, value in element.attributes.items() if name.rpartition(":")[2] == "about"), "")


def _property(text: str) -> bytes:
    return b'<TC260:AIGC xmlns:TC260="' + NAMESPACE.encode() + b'">' + content(text) + b"</TC260:AIGC>"


def _description(text: str, about: str = "") -> bytes:
    head = b'<rdf:Description xmlns:rdf="' + _RDF + b'" rdf:about="' + quoted(about) + b'">'
    return head + _property(text) + b"</rdf:Description>"


def _rdf(inner: bytes) -> bytes:
    return b'<rdf:RDF xmlns:rdf="' + _RDF + b'">' + inner + b"</rdf:RDF>"
