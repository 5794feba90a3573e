# SPDX-License-Identifier: Apache-2.0
"""AIGC objects in Exif fields (CIPA DC-008 section 4.6), where some writers put them: UserComment, ImageDescription and
Windows' XPComment. Read, and emptied in place; never written."""

from __future__ import annotations

import io
from typing import Final

from answerable.errors import VerificationError
from answerable.formats import embedded
from answerable.formats.carrier import Carried
from answerable.formats.ifd import Directories, Directory, Entry
from answerable.formats.splice import Source
from answerable.formats.streams import Budget

MAX_BLOCK: Final = 4_194_304
# A text longer than this is no label, and is not searched for one.
MAX_FIELD: Final = 262_144

_FIELDS: Final = {0x010E: "ImageDescription", 0x9286: "UserComment", 0x9C9C: "XPComment", 0x013B: "Artist"}
_EXIF: Final = 0x8769


def find(block: bytes, place: str) -> list[Carried]:
    """The objects in an Exif block, which is a TIFF file without a picture. One that is damaged holds none: nobody can
    read it."""
    return [each[1] for each in _walk(block, place)]


def cleared(block: bytes) -> bytes | None:
    """`block`, as long as before, without the objects of Appendix E; another vendor's stay. None if there are none."""
    made = bytearray(block)
    for (start, new), _ in _walk(block, ""):
        made[start : start + len(new)] = new
    return bytes(made) if made != block else None


def fields(
    directories: Directories, directory: Directory, place: str, budget: Budget
) -> list[tuple[tuple[int, bytes], Carried]]:
    """Of one directory and the Exif directory that it names: ((offset, the field's bytes without objects), object)."""
    entries = list(directory.entries)
    link = directory.get(_EXIF)
    if link is not None and link.size in (4, 8):
        try:
            at = directories.number(directories.value(link, 8))
            entries += directories.read(at, 0).entries if at else ()
        except VerificationError:
            pass
    found: list[tuple[tuple[int, bytes], Carried]] = []
    for entry in entries:
        if entry.tag in _FIELDS and 8 <= entry.size <= MAX_FIELD:
            budget.spend(entry.size)
            try:
                data = directories.value(entry, MAX_FIELD)
            except VerificationError:
                continue
            found += _field(directories, entry, data, place)
    return found


def _walk(block: bytes, place: str) -> list[tuple[tuple[int, bytes], Carried]]:
    if len(block) > MAX_BLOCK:
        return []
    try:
        directories = Directories(Source(io.BytesIO(block), "Exif"))
        directory = directories.read(directories.first, directories.pointer)
    except VerificationError:
        return []
    return fields(directories, directory, place, Budget("Exif"))


def _field(directories: Directories, entry: Entry, data: bytes, place: str) -> list[tuple[tuple[int, bytes], Carried]]:
    skip, encoding = 0, "latin-1"
    if entry.tag == 0x9C9C:
        encoding = "utf-16-le"
    elif entry.tag == 0x9286:
        skip = 8
        if data[:8] == b"UNICODE\x00":
            # The order should be that of the file, and often is not: text in ASCII shows which it is.
            encoding = "utf-16-be" if data[8:9] == b"\x00" else "utf-16-le"
    if (len(data) - skip) % 2 and encoding != "latin-1":
        data = data[:-1]
    text = data[skip:].decode(encoding, "surrogatepass")
    spans = embedded.find(text, "Exif")
    name = f"{place} {_FIELDS[entry.tag]}"
    new = embedded.blank(text, spans).encode(encoding, "surrogatepass")
    if len(new) != len(data) - skip:
        return []
    return [
        (
            (entry.value + skip, new),
            Carried(f"{name} (other schema)" if each.other else name, _utf8(each.text, encoding)),
        )
        for each in spans
    ]


def _utf8(text: str, encoding: str) -> bytes:
    """Bytes as they stood: a field of 8 bits a character holds ASCII by its standard, and UTF-8 in practice."""
    return text.encode("latin-1" if encoding == "latin-1" else "utf-8", "replace")
