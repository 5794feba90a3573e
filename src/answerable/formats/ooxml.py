# SPDX-License-Identifier: Apache-2.0
"""Office Open XML (ISO/IEC 29500, transitional and strict): DOCX, XLSX and PPTX carry the AIGC object as the custom
property `AIGC` (part 1 section 22.3). Parts that are not touched stay packed as they are."""

from __future__ import annotations

import re
from typing import BinaryIO, Final

from answerable.errors import VerificationError
from answerable.formats.carrier import MAX_FOUND, MAX_TEXT, Carried, Carrier
from answerable.formats.splice import Source
from answerable.formats.streams import malformed, oversized, unsupported
from answerable.formats.xmltree import Document, Element, content, parse, quoted
from answerable.formats.zips import Archive

_TYPES: Final = "[Content_Types].xml"
_RELATIONSHIPS: Final = "_rels/.rels"
_CUSTOM: Final = "docProps/custom.xml"
_CUSTOM_TYPE: Final = "application/vnd.openxmlformats-officedocument.custom-properties+xml"
_TRANSITIONAL: Final = "http://schemas.openxmlformats.org/officeDocument/2006/"
_STRICT: Final = "http://purl.oclc.org/ooxml/officeDocument/"
_FORMAT_ID: Final = "{D5CDD505-2E9C-101B-9397-08002B2CF9AE}"
_DECLARATION: Final = b'<?xml version="1.0" encoding="UTF-8" standalone="yes"?>\n'
_MAIN = re.compile(
    r"(word|spreadsheet|excel|presentation|powerpoint)[A-Za-z0-9.-]*\.main\+xml\Z|(excel)\.sheet\.binary"
)
_KINDS: Final = {"word": "docx", "spreadsheet": "xlsx", "excel": "xlsx", "presentation": "pptx", "powerpoint": "pptx"}


class OfficeXml:
    """`formats.carrier.Carrier` of one kind of document: ``docx``, ``xlsx`` or ``pptx``."""

    def __init__(self, name: str, kind: str) -> None:
        self.name = name
        self.media = f"application/vnd.openxmlformats-officedocument.{kind}"

    def read(self, source: BinaryIO) -> tuple[Carried, ...]:
        archive = Archive(Source(source, self.name))
        relationships = _part(archive, _RELATIONSHIPS)
        member = archive.find(_target(relationships, self.name) or _CUSTOM)
        if member is None:
            return ()
        custom = parse(archive.content(member), self.name, "property")
        found: list[Carried] = []
        for element in _properties(custom):
            text = element.text.strip().encode("utf-8", "replace")
            if len(text) > MAX_TEXT:
                oversized(self.name, f"an AIGC object longer than {MAX_TEXT} bytes")
            found.append(Carried("docProps/custom.xml AIGC", text))
        return tuple(found[:MAX_FOUND])

    def write(self, source: BinaryIO, target: BinaryIO, text: str) -> None:
        archive = Archive(Source(source, self.name))
        if any(member.name.casefold().startswith("_xmlsignatures/") for member in archive.members):
            unsupported(self.name, "it is signed, and a label would break the signature")
        relationships, types = _part(archive, _RELATIONSHIPS), _part(archive, _TYPES)
        strict = _STRICT.encode() in relationships.data
        named = _target(relationships, self.name)
        path = named or _CUSTOM
        member = archive.find(path)
        parts: dict[str, bytes] = {}
        if not any(_override(element, path) for element in types.elements):
            new = b'<Override xmlns="http://schemas.openxmlformats.org/package/2006/content-types" PartName="/'
            new += quoted(path) + b'" ContentType="' + _CUSTOM_TYPE.encode() + b'"/>'
            parts[_TYPES] = _added(types, new)
        if not named:
            parts[_RELATIONSHIPS] = _added(relationships, _relationship(relationships, strict=strict))
        old = archive.content(member) if member else _empty(strict=strict)
        parts[member.name if member else path] = _with(parse(old, self.name, "property"), text, strict=strict)
        archive.write(target, parts)


DOCX: Final = OfficeXml("docx", "wordprocessingml.document")
XLSX: Final = OfficeXml("xlsx", "spreadsheetml.sheet")
PPTX: Final = OfficeXml("pptx", "presentationml.presentation")
_CARRIERS: Final = {carrier.name: carrier for carrier in (DOCX, XLSX, PPTX)}


def of(source: BinaryIO) -> Carrier:
    """The carrier for a ZIP archive, by the type that it gives its main part. Raises VerificationError
    ``format.unknown`` for an archive that is no Office document."""
    archive = Archive(Source(source, "zip"))
    if archive.find(_TYPES) is None:
        raise VerificationError("format.unknown")
    for element in _part(archive, _TYPES).elements:
        found = _MAIN.search(element.attributes.get("ContentType", "")[:200])
        if found is not None:
            return _CARRIERS[_KINDS[found[1] or found[2]]]
    raise VerificationError("format.unknown")


def _part(archive: Archive, name: str) -> Document:
    member = archive.find(name)
    if member is None:
        malformed(archive.file.name, "it lacks a part that every Office document has")
    return parse(archive.content(member), archive.file.name)


def _target(relationships: Document, format: str) -> str:
    """The name of the part with custom properties, "" for none."""
    for element in relationships.elements:
        kind = element.attributes.get("Type", "").rpartition("/")[2]
        if element.local == "Relationship" and kind in ("custom-properties", "customProperties"):
            target = element.attributes.get("Target", "").removeprefix("/").removeprefix("./")
            if not target or ".." in target or element.attributes.get("TargetMode", "Internal") != "Internal":
                unsupported(format, "its custom properties stand elsewhere")
            return target
    return ""


def _properties(custom: Document) -> list[Element]:
    """Those named AIGC; Office compares names in either case."""
    return [
        element
        for element in custom.elements
        if element.local == "property" and element.attributes.get("name", "").casefold() == "aigc"
    ]


def _override(element: Element, path: str) -> bool:
    part = element.attributes.get("PartName", "").removeprefix("/")
    return element.local == "Override" and part.casefold() == path.casefold()


def _added(document: Document, new: bytes) -> bytes:
    return _declared(document.edited([document.within(document.elements[0], new)]))


def _declared(data: bytes) -> bytes:
    return data if data.startswith(b"<?xml") else _DECLARATION + data


def _relationship(relationships: Document, *, strict: bool) -> bytes:
    taken = {element.attributes.get("Id", "") for element in relationships.elements}
    number = next(number for number in range(1, len(taken) + 2) if f"rIdAIGC{number}" not in taken)
    kind = _STRICT + "relationships/customProperties" if strict else _TRANSITIONAL + "relationships/custom-properties"
    return (
        f'<Relationship xmlns="http://schemas.openxmlformats.org/package/2006/relationships" Id="rIdAIGC{number}"'
        f' Type="{kind}" Target="{_CUSTOM}"/>'
    ).encode()


def _spaces(*, strict: bool) -> tuple[str, str]:
    """Namespaces of custom properties and of their values."""
    if strict:
        return _STRICT + "customProperties", _STRICT + "docPropsVTypes"
    return _TRANSITIONAL + "custom-properties", _TRANSITIONAL + "docPropsVTypes"


def _empty(*, strict: bool) -> bytes:
    properties, values = _spaces(strict=strict)
    return _DECLARATION + f'<Properties xmlns="{properties}" xmlns:vt="{values}"></Properties>'.encode()


def _with(custom: Document, text: str, *, strict: bool) -> bytes:
    if custom.elements[0].local != "Properties":
        malformed("Office", "its custom properties are of no known form")
    old = _properties(custom)
    starts = {element.start for element in old}
    taken = {element.attributes.get("pid") for element in custom.elements if element.start not in starts}
    number = next(number for number in range(2, len(taken) + 3) if str(number) not in taken)
    properties, values = _spaces(strict=strict)
    head = f'<property xmlns="{properties}" fmtid="{_FORMAT_ID}" pid="{number}" name="AIGC">'
    new = f'{head}<vt:lpwstr xmlns:vt="{values}">'.encode() + content(text) + b"</vt:lpwstr></property>"
    edits = [(element.start, element.end, b"") for element in old]
    edits.append(custom.within(custom.elements[0], new))
    made = custom.edited(edits)
    if len(_properties(parse(made, "Office"))) != 1:
        malformed("Office", "no property can be added to it")
    return _declared(made)
