# SPDX-License-Identifier: Apache-2.0
"""Positions within a Matroska file, put right where something before them has grown (RFC 9559: SeekHead, Cues, and the
position that a cluster may say of itself)."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from typing import Final

from answerable.formats.ebml_elements import CRC, TAGS, Walker, children, element, summed, void
from answerable.formats.splice import Edit, Source

MAX_INDEX: Final = 4 << 20

_SEEK: Final = 0x4DBB
_SEEK_ID: Final = 0x53AB
_SEEK_POSITION: Final = 0x53AC
_POINT: Final = 0xBB
_TRACK_POSITIONS: Final = 0xB7
_REFERENCE: Final = 0xDB
_MASTERS: Final = frozenset({_SEEK, _POINT, _TRACK_POSITIONS, _REFERENCE})
# Of a cluster, of a codec's state, and of the two where something refers to them.
_POSITIONS: Final = frozenset({_SEEK_POSITION, 0xF1, 0xEA, 0x97, 0xEB})

_CLUSTER_POSITION: Final = 0xA7
_BLOCKS: Final = frozenset({0xA3, 0xA0, 0xAF})


def remapped(data: bytes, move: Callable[[int], int], source: Source) -> bytes:
    """What a SeekHead or Cues holds, its positions moved. No field becomes narrower than it is. Raises
    VerificationError ``format.malformed``."""
    out, check = [], False
    for kind, start, body, stop, sized in children(data, source):
        content = data[body:stop]
        if kind == CRC:
            check = True
        elif kind in _MASTERS:
            out.append(element(kind, remapped(content, move, source), sized))
        elif kind in _POSITIONS and len(content) <= 8:
            value = move(int.from_bytes(content, "big"))
            if not 0 <= value < 1 << 64:
                raise source.malformed("a position leads nowhere")
            out.append(element(kind, _number(value, len(content)), sized))
        else:
            out.append(data[start:stop])
    content = b"".join(out)
    return summed(content) if check else content


def _number(value: int, width: int) -> bytes:
    return value.to_bytes(max(width, (value.bit_length() + 7) // 8, 1), "big")


def sought(data: bytes, source: Source) -> Iterator[tuple[int, int]]:
    """(kind, position) of all that a SeekHead leads to. Raises as `remapped`."""
    for kind, _, body, stop, _ in children(data, source):
        if kind == _SEEK:
            entry = {each[0]: data[body + each[2] : body + each[3]] for each in children(data[body:stop], source)}
            yield int.from_bytes(entry.get(_SEEK_ID, b""), "big"), int.from_bytes(entry.get(_SEEK_POSITION, b""), "big")


def with_tags(data: bytes, position: int, source: Source) -> bytes:
    """What a SeekHead holds, and that there are tags at `position`. Raises as `remapped`."""
    entry = element(_SEEK, element(_SEEK_ID, TAGS.to_bytes(4, "big")) + element(_SEEK_POSITION, _number(position, 4)))
    parts = [(kind, data[start:stop]) for kind, start, _, stop, _ in children(data, source)]
    content = b"".join(part for kind, part in parts if kind != CRC) + entry
    return summed(content) if len(content) - len(entry) != len(data) else content


def clusters(walker: Walker, starts: Iterable[int], base: int, move: Callable[[int], int]) -> Iterator[Edit]:
    """What clusters say of their own position, made as it is asked for. One that has a checksum loses it, and a
    position that grows out of its field goes: both are there for repair alone. Raises VerificationError
    ``format.malformed``, ``format.oversized``."""
    source = walker.source
    for start in starts:
        check: Edit | None = None
        cluster = walker.element(start, source.size)
        for each in walker.within(cluster.body, cluster.stop):
            if each.kind in _BLOCKS:
                break
            if each.kind == CRC:
                check = Edit(each.start, each.stop, void(each.stop - each.start))
            if each.kind == _CLUSTER_POSITION and 0 < each.stop - each.body <= 8:
                width = each.stop - each.body
                # Streams that go out live say 0.
                if int.from_bytes(source.at(each.body, width), "big") != start - base:
                    break
                if check is not None:
                    yield check
                value = move(start - base)
                fits = value < 1 << 8 * width
                new = value.to_bytes(width, "big") if fits else void(each.stop - each.start)
                yield Edit(each.body if fits else each.start, each.stop, new)
                break
