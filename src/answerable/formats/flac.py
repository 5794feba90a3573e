# SPDX-License-Identifier: Apache-2.0
"""FLAC (RFC 9639): Vorbis comment AIGC. Seek points count from the first frame, so nothing else changes."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from itertools import islice
from typing import BinaryIO, Final

from answerable.formats import id3, id3_tag
from answerable.formats.carrier import MAX_FOUND, Carried
from answerable.formats.splice import Edit, Source, Splice
from answerable.formats.vorbis_comment import EMPTY, parse

MAX_BLOCKS: Final = 65_536
PLACE: Final = "Vorbis comment AIGC"

_COMMENTS: Final = 4
_LAST: Final = 0x80
_MAX_BLOCK: Final = (1 << 24) - 1


@dataclass(frozen=True, slots=True)
class _Block:
    kind: int
    last: bool
    start: int
    stop: int

    @property
    def body(self) -> int:
        return self.start + 4


def block(kind: int, last: bool, content: bytes, source: Source) -> bytes:
    """A metadata block as it is written. Raises VerificationError ``format.oversized`` beyond 16 MiB."""
    if len(content) > _MAX_BLOCK:
        raise source.oversized(f"comments of more than {_MAX_BLOCK} bytes")
    return bytes((kind | (_LAST if last else 0),)) + len(content).to_bytes(3, "big") + content


class Flac:
    """`carrier.Carrier`. ID3v2 tags before the file are no part of FLAC and yet common: they are read, and stay without
    the object."""

    name = "flac"
    media = "audio/flac"

    def read(self, source: BinaryIO) -> tuple[Carried, ...]:
        inner = Source(source, self.name)
        return tuple(islice(self._objects(inner), MAX_FOUND))

    def write(self, source: BinaryIO, target: BinaryIO, text: str) -> None:
        inner = Source(source, self.name)
        said: bytes | None = text.encode("ascii")
        edits: list[Edit] = []
        for tag in id3.leading(inner):
            edits += id3_tag.edits(inner, tag, None)
        blocks = list(self._blocks(inner))
        if not any(each.kind == _COMMENTS for each in blocks):
            # Behind the first block, which describes the stream and must be the first.
            first = blocks[0]
            edits.append(Edit(first.stop, first.stop, block(_COMMENTS, first.last, EMPTY.with_object(said), inner)))
            if first.last:
                edits.append(Edit(first.start, first.start + 1, bytes((first.kind,))))
        for each in blocks:
            if each.kind == _COMMENTS:
                comments = parse(inner.at(each.body, each.stop - each.body), inner)
                edits.append(
                    Edit(each.start, each.stop, block(_COMMENTS, each.last, comments.with_object(said), inner))
                )
                said = None
        Splice(edits).write(inner, target)

    def _objects(self, source: Source) -> Iterator[Carried]:
        yield from id3.objects(source, id3.leading(source))
        for each in self._blocks(source):
            if each.kind == _COMMENTS:
                for text in parse(source.at(each.body, each.stop - each.body), source).texts():
                    yield Carried(PLACE, text)

    def _blocks(self, source: Source) -> Iterator[_Block]:
        tags = id3.leading(source)
        at = tags[-1].stop if tags else 0
        if source.at(at, 4) != b"fLaC":
            raise source.malformed("no FLAC stream")
        at += 4
        for _ in range(MAX_BLOCKS):
            head = source.at(at, 4)
            kind, last, stop = head[0] & 0x7F, bool(head[0] & _LAST), at + 4 + int.from_bytes(head[1:], "big")
            if stop > source.size:
                raise source.malformed(f"the block at {at} is longer than the file")
            yield _Block(kind, last, at, stop)
            if last:
                return
            at = stop
        raise source.oversized(f"more than {MAX_BLOCKS} metadata blocks")
