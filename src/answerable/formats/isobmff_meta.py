# SPDX-License-Identifier: Apache-2.0
"""Where metadata stands in MP4 and QuickTime: `meta` boxes with keys (handler `mdta`: QuickTime File Format,
"Metadata") or with iTunes' items (handler `mdir`), and user data (`udta`)."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Final

from answerable.formats.carrier import MAX_TEXT
from answerable.formats.isobmff_boxes import Box, Walker, box

KEY: Final = b"AIGC"

_MAX_KEYS: Final = 65_536
_MAX_KEYS_BYTES: Final = 1 << 20
# A comment that is an AIGC object from its first character on, and not a text that speaks of one.
_OBJECT = re.compile(rb'\s*(?:AIGC\s*[:=]?\s*)?\{\s*"(?:AIGC|Label|ContentProducer)"')
# User data may have a length and a language before its text (QuickTime), or a version and a language (3GPP).
_BEFORE_TEXT: Final = (0, 4, 6)


@dataclass(frozen=True, slots=True)
class Meta:
    """A `meta` box. inner: where its boxes begin, which QuickTime puts four bytes earlier; handler: four bytes."""

    box: Box
    inner: int
    handler: bytes
    keys: Box | None
    items: Box | None


@dataclass(frozen=True, slots=True)
class Found:
    """An object. box: all that goes if it goes; parents: from the outermost to the innermost of what holds it."""

    place: str
    text: bytes
    box: Box
    parents: tuple[Box, ...]


def meta(walker: Walker, at: Box) -> Meta:
    """Raises VerificationError ``format.malformed``, ``format.oversized``."""
    source = walker.source
    inner = at.body
    # ISO: version and flags first. QuickTime: the handler's box at once.
    if at.stop - at.body >= 8 and source.at(at.body + 4, 4) != b"hdlr":
        inner += 4
    handler, keys, items = b"", None, None
    for child in walker.children(inner, at.stop):
        if child.kind == b"hdlr" and child.stop - child.body >= 12:
            handler = source.at(child.body + 8, 4)
        elif child.kind == b"keys":
            keys = keys or child
        elif child.kind == b"ilst":
            items = items or child
    return Meta(at, inner, handler, keys, items)


def names(walker: Walker, keys: Box) -> list[bytes]:
    """What the keys are called, in their order; b"" for one of another name space. Raises VerificationError
    ``format.malformed``, ``format.oversized``."""
    source = walker.source
    if keys.stop - keys.body > _MAX_KEYS_BYTES:
        raise source.oversized(f"keys of more than {_MAX_KEYS_BYTES} bytes")
    data = source.at(keys.body, keys.stop - keys.body)
    count, position, found = int.from_bytes(data[4:8], "big"), 8, []
    if count > _MAX_KEYS:
        raise source.oversized(f"more than {_MAX_KEYS} keys")
    for _ in range(count):
        size = int.from_bytes(data[position : position + 4], "big")
        if size < 8 or position + size > len(data):
            raise source.malformed("a key does not fit into its box")
        space, name = data[position + 4 : position + 8], data[position + 8 : position + size]
        found.append(name if space == b"mdta" else b"")
        position += size
    if position != len(data):
        raise source.malformed("bytes behind the last key")
    return found


def found(walker: Walker, moov: Box) -> Iterator[Found]:
    """Every object in user data and metadata of the movie and of its tracks. Raises VerificationError
    ``format.malformed``, ``format.oversized``."""
    for child in walker.children(moov.body, moov.stop):
        if child.kind == b"trak":
            for inner in walker.children(child.body, child.stop):
                yield from _holder(walker, inner, (moov, child), "moov.trak")
        else:
            yield from _holder(walker, child, (moov,), "moov")


def _holder(walker: Walker, at: Box, parents: tuple[Box, ...], path: str) -> Iterator[Found]:
    if at.kind == b"meta":
        yield from _meta(walker, at, parents, f"{path}.meta")
    elif at.kind == b"udta":
        for child in walker.children(at.body, at.stop):
            if child.kind == b"meta":
                yield from _meta(walker, child, (*parents, at), f"{path}.udta.meta")
            elif child.kind == KEY or child.kind.startswith(b"\xa9"):
                text = _user_text(walker, child)
                if child.kind == KEY or _OBJECT.match(text):
                    yield Found(f"{path}.udta {_shown(child.kind)}", text, child, (*parents, at))


def _meta(walker: Walker, at: Box, parents: tuple[Box, ...], path: str) -> Iterator[Found]:
    this = meta(walker, at)
    if this.items is None:
        return
    known = names(walker, this.keys) if this.keys is not None and this.handler == b"mdta" else []
    parents = (*parents, at, this.items)
    for item in walker.children(this.items.body, this.items.stop):
        number = int.from_bytes(item.kind, "big")
        if known:
            if 0 < number <= len(known) and known[number - 1] == KEY:
                yield Found(f"{path} keys AIGC", _value(walker, item), item, parents)
        elif item.kind == b"----":
            if _freeform(walker, item) == KEY:
                yield Found(f"{path} ---- AIGC", _value(walker, item), item, parents)
        elif item.kind == KEY or _OBJECT.match(_value(walker, item, 64)):
            yield Found(f"{path} {_shown(item.kind)}", _value(walker, item), item, parents)


def _shown(kind: bytes) -> str:
    return "".join(chr(each) if 0x20 <= each < 0x7F or each == 0xA9 else "?" for each in kind)


def _value(walker: Walker, item: Box, limit: int = MAX_TEXT) -> bytes:
    """The first value of an item: behind a type and a language, four bytes each."""
    for data in walker.within(item, b"data"):
        if data.stop - data.body >= 8:
            return walker.source.at(data.body + 8, min(data.stop - data.body - 8, limit))
    return b""


def _freeform(walker: Walker, item: Box) -> bytes:
    for name in walker.within(item, b"name"):
        if 4 < name.stop - name.body <= 64:
            return walker.source.at(name.body + 4, name.stop - name.body - 4)
    return b""


def _user_text(walker: Walker, at: Box) -> bytes:
    head = walker.source.at(at.body, min(at.stop - at.body, 16))
    start = at.body + next((skip for skip in _BEFORE_TEXT if head[skip:].lstrip().startswith((b"{", b"AIGC"))), 0)
    return walker.source.at(start, min(at.stop - start, MAX_TEXT)).rstrip(b"\0")


def key(name: bytes) -> bytes:
    return (len(name) + 8).to_bytes(4, "big") + b"mdta" + name


def item(index: int, text: bytes) -> bytes:
    """The value of the key of this index, counted from 1. UTF-8 is type 1; no language."""
    return box(index.to_bytes(4, "big"), box(b"data", bytes((0, 0, 0, 1)), bytes(4), text))


def whole(text: bytes) -> bytes:
    """A `meta` box with one key."""
    handler = box(b"hdlr", bytes(8), b"mdta", bytes(13))
    keys = box(b"keys", bytes(4), bytes((0, 0, 0, 1)), key(KEY))
    return box(b"meta", bytes(4), handler, keys, box(b"ilst", item(1, text)))
