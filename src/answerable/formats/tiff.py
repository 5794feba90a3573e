# SPDX-License-Identifier: Apache-2.0
"""TIFF 6.0 and BigTIFF, both byte orders, any number of pages: the AIGC object as `TC260:AIGC` in tag 700 (0x2BC) of
the first directory (ISO 16684-3 section 1.1.6). Read too: other pages, Exif fields. Nothing that the file points to
moves: what is new is appended, and pointed to."""

from __future__ import annotations

from typing import BinaryIO, Final

from answerable.formats import exif, xmp
from answerable.formats.carrier import MAX_FOUND, Carried
from answerable.formats.ifd import Directories, Directory, Entry
from answerable.formats.splice import Edit, Source
from answerable.formats.streams import Budget, malformed, rewrite, unsupported

_XMP: Final = 0x2BC


class Tiff:
    """`formats.carrier.Carrier` of TIFF."""

    name = "tiff"
    media = "image/tiff"

    def read(self, source: BinaryIO) -> tuple[Carried, ...]:
        directories, budget = Directories(Source(source, self.name)), Budget(self.name)
        found: list[Carried] = []
        for number, directory in enumerate(directories.chain()):
            place = "" if not number else f"page {number + 1} "
            for entry in _packets(directory):
                budget.spend(entry.size)
                found += xmp.find(directories.value(entry, xmp.MAX_PACKET), f"{place}tag 700 XMP")
            found += [each[1] for each in exif.fields(directories, directory, f"{place}IFD", budget)]
        return tuple(found[:MAX_FOUND])

    def write(self, source: BinaryIO, target: BinaryIO, text: str) -> None:
        file = Source(source, self.name)
        directories, budget = Directories(file), Budget(self.name)
        chain = directories.chain()
        if not chain:
            malformed(self.name, "it has no directory")
        appended = _Appended(directories)
        edits: set[Edit] = set()
        first = next(iter(_packets(chain[0])), None)
        for directory in chain:
            for entry in _packets(directory):
                budget.spend(entry.size)
                packet = directories.value(entry, xmp.MAX_PACKET)
                if entry == first:
                    made = xmp.put(packet, text)
                    if made != packet:
                        edits.add(appended.moved(entry, made))
                elif xmp.find(packet, ""):
                    edits.add(appended.moved(entry, xmp.put(packet, "")))
            for (start, new), _ in exif.fields(directories, directory, "", budget):
                edits.add(Edit(start, start + len(new), new))
        if first is None:
            edits.add(appended.extended(chain[0], xmp.fresh(text)))
        rewrite(file, target, [*edits, Edit(file.size, file.size, appended.data)])


class _Appended:
    """What goes to the end of the file, and the offsets that lead there."""

    def __init__(self, directories: Directories) -> None:
        self.data = b""
        self._directories = directories

    def moved(self, entry: Entry, packet: bytes) -> Edit:
        """The edit of an entry whose value is `packet` now."""
        return Edit(entry.at, entry.at + self._directories.entry, self._entry(packet))

    def extended(self, directory: Directory, packet: bytes) -> Edit:
        """`directory` again with one entry more: the edit of the offset that leads to it."""
        directories = self._directories
        size, new = directories.entry, self._entry(packet)
        old = [directory.data[at : at + size] for at in range(0, len(directory.data), size)]
        # Entries stand in the order of their tags.
        place = sum(entry.tag < _XMP for entry in directory.entries)
        entries = [*old[:place], new, *old[place:]]
        if not directories.big and len(entries) > 0xFFFF:
            unsupported("tiff", "its first directory is full")
        word = directories.word
        at = self._add(directories.count(len(entries)) + b"".join(entries) + directories.packed(directory.next, word))
        return Edit(directory.pointer, directory.pointer + word, directories.packed(at, word))

    def _entry(self, packet: bytes) -> bytes:
        directories = self._directories
        at, word = self._add(packet), directories.word
        head = directories.packed(_XMP, 2) + directories.packed(1, 2)
        return head + directories.packed(len(packet), word) + directories.packed(at, word)

    def _add(self, data: bytes) -> int:
        """Where `data` will stand: at an even offset, as directories must."""
        start = self._directories.input.size
        self.data += b"\x00" * ((start + len(self.data)) % 2)
        at = start + len(self.data)
        self.data += data
        if not self._directories.big and at + len(data) > 0xFFFFFFFF:
            unsupported("tiff", "it would be larger than 4 GiB")
        return at


def _packets(directory: Directory) -> list[Entry]:
    return [entry for entry in directory.entries if entry.tag == _XMP]
