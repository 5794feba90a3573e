# SPDX-License-Identifier: Apache-2.0
"""Tags of Matroska (RFC 9559 section 5.1.8): simple tag AIGC read and replaced, all others as they stand."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Final

from answerable.formats.carrier import MAX_TEXT
from answerable.formats.ebml_elements import CRC, TAGS, children, element, summed
from answerable.formats.splice import Source

MAX_TAGS: Final = 2 << 20
MAX_DEPTH: Final = 16
NAME: Final = b"AIGC"

_TAG: Final = 0x7373
_TARGETS: Final = 0x63C0
_SIMPLE: Final = 0x67C8
_NAME: Final = 0x45A3
_STRING: Final = 0x4487
_BINARY: Final = 0x4485
_LANGUAGE: Final = 0x447A


def texts(data: bytes, source: Source, depth: int = 0) -> Iterator[bytes]:
    """The objects in what a `Tags` element holds. Raises VerificationError ``format.malformed``,
    ``format.oversized``."""
    _bounded(depth, source)
    for kind, _, body, stop, _ in children(data, source):
        if kind in {_TAG, _SIMPLE}:
            content = data[body:stop]
            if kind == _SIMPLE and _ours(content, source):
                yield _value(content, source)
            else:
                yield from texts(content, source, depth + 1)


def without(data: bytes, source: Source, depth: int = 0) -> bytes:
    """The same without objects, and without tags that held nothing else; `data` itself if it holds none. Raises as
    `texts`."""
    _bounded(depth, source)
    out, changed, check = [], False, False
    for kind, start, body, stop, sized in children(data, source):
        whole, content = data[start:stop], data[body:stop]
        check = check or kind == CRC
        if kind == _SIMPLE and _ours(content, source):
            changed = True
            continue
        if kind in {_TAG, _SIMPLE}:
            less = without(content, source, depth + 1)
            if less is not content:
                changed = True
                if kind == _TAG and not any(each[0] == _SIMPLE for each in children(less, source)):
                    continue
                whole = element(kind, less, sized)
        if kind != CRC:
            out.append(whole)
    if not changed:
        return data
    less = b"".join(out)
    return summed(less) if check and less else less


def tags(kept: bytes, text: bytes, source: Source, sized: int = 1) -> bytes:
    """A `Tags` element with `kept`, which has no object, and one. sized: bytes of its size field at least. Raises
    VerificationError ``format.malformed``."""
    check = any(each[0] == CRC for each in children(kept, source))
    kept = b"".join(kept[start:stop] for kind, start, _, stop, _ in children(kept, source) if kind != CRC)
    # No target: it speaks of the whole file.
    simple = element(_SIMPLE, element(_NAME, NAME) + element(_LANGUAGE, b"und") + element(_STRING, text))
    content = kept + element(_TAG, element(_TARGETS, b"") + simple)
    return element(TAGS, summed(content) if check else content, sized)


def _bounded(depth: int, source: Source) -> None:
    if depth > MAX_DEPTH:
        raise source.oversized(f"tags nested more than {MAX_DEPTH} deep")


def _ours(content: bytes, source: Source) -> bool:
    for kind, _, body, stop, _ in children(content, source):
        if kind == _NAME:
            return content[body:stop].rstrip(b"\0").upper() == NAME
    return False


def _value(content: bytes, source: Source) -> bytes:
    for kind, _, body, stop, _ in children(content, source):
        if kind in {_STRING, _BINARY}:
            return content[body : min(stop, body + MAX_TEXT)].rstrip(b"\0")
    return b""
