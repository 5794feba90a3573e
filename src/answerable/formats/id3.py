# SPDX-License-Identifier: Apache-2.0
"""MP3: ID3v2's user text frame AIGC in the tag before the sound. What stands behind it (ID3v1, APE, lyrics) stays."""

from __future__ import annotations

from collections.abc import Iterator
from itertools import islice
from typing import BinaryIO, Final

from answerable.errors import VerificationError
from answerable.formats import id3_tag, sniff_av
from answerable.formats.carrier import MAX_FOUND, Carried, Carrier
from answerable.formats.splice import Edit, Source, Splice

MAX_TAGS: Final = 16
# What is looked at of the sound.
HEAD: Final = 4_096

_OLD: Final = 128  # bytes of an ID3v1 tag


def leading(source: Source) -> list[id3_tag.Tag]:
    """The tags in a row at the beginning of a file. Raises VerificationError ``format.malformed``,
    ``format.unsupported``, ``format.oversized``."""
    tags: list[id3_tag.Tag] = []
    while (tag := id3_tag.tag(source, tags[-1].stop if tags else 0)) is not None:
        tags.append(tag)
        if len(tags) > MAX_TAGS:
            raise source.oversized(f"more than {MAX_TAGS} ID3v2 tags")
    return tags


def _trailing(source: Source, begin: int) -> Iterator[id3_tag.Tag]:
    """A tag at the end, which ID3v2.4 finds by its footer."""
    for end in (source.size, source.size - _OLD):
        if end - 2 * id3_tag.HEADER < begin:
            continue
        foot = source.at(end - id3_tag.HEADER, id3_tag.HEADER)
        start = end - 2 * id3_tag.HEADER - id3_tag.synchsafe(foot[6:])
        if foot[:3] == b"3DI" and start >= begin:
            tag = id3_tag.tag(source, start)
            if tag is not None and tag.stop == end:
                yield tag
                return


def objects(source: Source, tags: list[id3_tag.Tag]) -> Iterator[Carried]:
    """In all of the tags. Raises as `leading`."""
    for tag in tags:
        for _, carried in id3_tag.found(tag):
            yield carried


class Mp3:
    """`carrier.Carrier`. A file without a tag gets one of ID3v2.3."""

    name = "mp3"
    media = "audio/mpeg"

    def read(self, source: BinaryIO) -> tuple[Carried, ...]:
        return tuple(islice(objects(*self._tags(source)), MAX_FOUND))

    def write(self, source: BinaryIO, target: BinaryIO, text: str) -> None:
        inner, tags = self._tags(source)
        said = text.encode("ascii")
        edits: list[Edit] = []
        if not tags or tags[0].start:
            edits.append(Edit(0, 0, id3_tag.made(said)))
        for tag in tags:
            edits += id3_tag.edits(inner, tag, None if tag.start else said)
        Splice(edits).write(inner, target)

    def _tags(self, source: BinaryIO) -> tuple[Source, list[id3_tag.Tag]]:
        inner = Source(source, self.name)
        tags = leading(inner)
        begin = tags[-1].stop if tags else 0
        if begin == inner.size:
            raise inner.malformed("no sound")
        return inner, [*tags, *_trailing(inner, begin)]


def of(source: BinaryIO) -> Carrier:
    """The carrier for a file that begins with an ID3v2 tag: the sound behind it decides. Raises VerificationError
    ``format.unknown``, and as `leading`."""
    from answerable.formats.flac import Flac

    inner = Source(source, Mp3.name)
    tags = leading(inner)
    begin = tags[-1].stop if tags else 0
    head = inner.at(begin, min(inner.size - begin, HEAD))
    if sniff_av.flac(head):
        return Flac()
    if sniff_av.tagged_mp3(head):
        return Mp3()
    raise VerificationError("format.unknown")
