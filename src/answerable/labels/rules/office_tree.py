# SPDX-License-Identifier: Apache-2.0
"""Parts of an Office document (ISO/IEC 29500) as trees, by their namespaces, and which part belongs to which
(part 2 section 6.5)."""

from __future__ import annotations

import posixpath
import re
from dataclasses import dataclass
from functools import lru_cache
from typing import Final
from xml.etree.ElementTree import Element, TreeBuilder
from xml.parsers import expat

from answerable.errors import VerificationError
from answerable.formats.zips import Archive

MAX_ELEMENTS: Final = 400_000
MAX_DEPTH: Final = 100
_OTHER = re.compile(rb"\s*<\?xml[^>]*encoding=[\"'](?!utf-8)", re.I)
# The main namespaces, transitional and strict, and the letter that stands for each here.
_SPACES: Final = {
    f"{base}{name}{year}/main": name[0]
    for name in ("wordprocessingml", "spreadsheetml", "presentationml", "drawingml")
    for base, year in (("http://schemas.openxmlformats.org/", "/2006"), ("http://purl.oclc.org/ooxml/", ""))
}


@dataclass(frozen=True, slots=True)
class Link:
    """kind: the last word of its type; target: name of the part, "" for one outside of the file."""

    kind: str
    target: str


def tree(archive: Archive, name: str) -> Element:
    """A part; tags are ``w-p`` for those of the standard's main namespaces (the family's letter, then the local name)
    and ``x-p`` for others; attributes go by their local names, the one that names a
    relationship before others. Raises VerificationError ``format.malformed|oversized``.
    """
    member = archive.find(name)
    if member is None:
        raise _malformed(archive, "a part that it needs is missing")
    data = archive.content(member)
    if data[:2] in (b"\xff\xfe", b"\xfe\xff") or _OTHER.match(data):
        raise _malformed(archive, "a part is not in UTF-8")
    return _Reading(archive).read(data)


def links(archive: Archive, name: str) -> dict[str, Link]:
    """What a part names, by id; "" for the document as a whole."""
    folder, base = posixpath.split(name)
    member = archive.find(posixpath.join(folder, "_rels", f"{base}.rels"))
    if member is None:
        return {}
    found: dict[str, Link] = {}
    for each in tree(archive, member.name).iter("x-Relationship"):
        target = each.get("Target", "")
        if each.get("TargetMode", "Internal") != "Internal":
            target = ""
        elif target.startswith("/"):
            target = target[1:]
        elif target:
            target = posixpath.normpath(posixpath.join(folder, target))
        found[each.get("Id", "")] = Link(each.get("Type", "").rpartition("/")[2], target)
    return found


def main(archive: Archive) -> str:
    """The name of the part with the document itself. Raises VerificationError ``format.malformed``."""
    found = {each.target for each in links(archive, "").values() if each.kind == "officeDocument"}
    if len(found) != 1:
        raise _malformed(archive, "it does not say which part the document is")
    return found.pop()


class _Reading:
    def __init__(self, archive: Archive) -> None:
        self._archive = archive
        self._builder = TreeBuilder()
        self._count = self._depth = 0

    def read(self, data: bytes) -> Element:
        parser = expat.ParserCreate("utf-8", " ")
        parser.buffer_text = True
        parser.StartElementHandler = self._start
        parser.EndElementHandler = self._end
        parser.CharacterDataHandler = self._builder.data
        parser.StartDoctypeDeclHandler = self._refuse
        try:
            parser.Parse(data, True)
        except expat.ExpatError:
            raise _malformed(self._archive, "a part is no XML") from None
        return self._builder.close()

    def _start(self, name: str, attributes: dict[str, str]) -> None:
        self._count += 1
        self._depth += 1
        if self._count > MAX_ELEMENTS or self._depth > MAX_DEPTH:
            detail = f"a part of more than {MAX_ELEMENTS} elements, or more than {MAX_DEPTH} deep"
            raise VerificationError("format.oversized", format=self._archive.file.name, detail=detail)
        self._builder.start(_short(name), _named(attributes))

    def _end(self, name: str) -> None:
        self._depth -= 1
        self._builder.end(_short(name))

    def _refuse(self, *_: object) -> None:
        raise _malformed(self._archive, "a part has a document type")


def _named(attributes: dict[str, str]) -> dict[str, str]:
    if not attributes:
        return attributes
    found = {_local(key): value for key, value in attributes.items()}
    if "id" in found:
        named = [value for key, value in attributes.items() if key.endswith("/relationships id")]
        found["id"] = named[0] if named else found["id"]
    return found


@lru_cache(1_024)
def _local(name: str) -> str:
    return name.rpartition(" ")[2]


@lru_cache(1_024)
def _short(name: str) -> str:
    space, _, local = name.rpartition(" ")
    return f"{_SPACES.get(space, 'x')}-{local}"


def _malformed(archive: Archive, detail: str) -> VerificationError:
    return VerificationError("format.malformed", format=archive.file.name, detail=detail)
