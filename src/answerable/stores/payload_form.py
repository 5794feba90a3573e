# SPDX-License-Identifier: Apache-2.0
"""The form of a batch's payloads in a file, and what is done to such files as a whole.

A record is a head, the sealed list of names with a key for each payload, and the sealed payloads. Erasing a payload
leaves every length as it was: its key, its tags and its bytes become zeros.
"""

from __future__ import annotations

import os
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path
from struct import Struct, iter_unpack
from typing import Final

import msgspec

from answerable import durable
from answerable.crypto.sealing import KEY_LENGTH, seal, unseal
from answerable.errors import Unavailable, VerificationError

# magic, index of the batch's first leaf, lengths of the sealed names and of the sealed payloads
HEAD: Final = Struct(">8sQII")
MAGIC: Final = b"answpay1"
# day, generation, offset
PLACE: Final = Struct(">IIQ")
ZEROS: Final = bytes(1 << 20)
# The key of what was erased: no random key is this one.
NO_KEY: Final = bytes(KEY_LENGTH)
_DOMAIN: Final = b"answerable/payload/v1"

# rid, group, key, length of the sealed bytes, whether the body is kept, tags
Name = tuple[str, str, bytes, int, bool, list[bytes]]
_encode = msgspec.msgpack.Encoder().encode
_decode = msgspec.msgpack.Decoder(list[Name]).decode


def seal_names(key: bytes, first: int, names: Sequence[Name]) -> bytes:
    """The list of the batch that begins at leaf `first`, sealed under the store's payload key."""
    return seal(key, _encode(names), _bound(first))


def open_names(key: bytes, first: int, sealed: bytes) -> list[Name]:
    """Raises Unavailable ``store.damaged`` for what `seal_names` did not make with that key for that batch."""
    try:
        return _decode(unseal(key, sealed, _bound(first)))
    except (VerificationError, msgspec.MsgspecError):
        raise Unavailable("store.damaged", detail="names of payloads, or another payload key") from None


def _bound(first: int) -> bytes:
    """What a list of names is bound to: it cannot be moved to another batch."""
    return _DOMAIN + first.to_bytes(8, "big")


def blanked(names: Sequence[Name], gone: Callable[[str], bool]) -> tuple[list[Name], int]:
    """The list with keys and tags of the leaves that are `gone` (by rid) as zeros, of the same encoded length, and how
    many payloads that were there lose theirs."""
    left: list[Name] = []
    lost = 0
    for name in names:
        rid, group, key, length, _, tags = name
        if key != NO_KEY and gone(rid):
            lost += 1
            left.append((rid, group, NO_KEY, length, False, [bytes(len(tag)) for tag in tags]))
        else:
            left.append(name)
    return left, lost


def runs(names: Sequence[Name], *, erased: bool) -> Iterator[tuple[int, int]]:
    """(start, length) of the sealed bytes that are erased, or of those that are not, counted from the first payload."""
    at = 0
    for _, _, key, length, _, _ in names:
        if (key == NO_KEY) is erased:
            yield at, length
        at += length


def head_of(data: bytes) -> tuple[bytes, int, int, int]:
    return HEAD.unpack(data) if len(data) == HEAD.size else (b"", 0, 0, 0)


def placed(places: bytes, first: int) -> Iterator[tuple[int, int, int]]:
    """(day, generation, offset) of the records of a batch. Raises Unavailable ``store.damaged``."""
    if len(places) % PLACE.size:
        raise Unavailable("store.damaged", detail=f"places of the batch at {first}")
    return iter_unpack(PLACE.format, places)


def path_of(folder: Path, day: int, generation: int) -> Path:
    return folder / f"{day}-{generation}"


def listed(folder: Path) -> list[tuple[int, int, Path]]:
    """(day, generation, path) of the files, oldest day first."""
    found = []
    for path in folder.iterdir():
        day, _, generation = path.name.partition("-")
        if day.isdecimal() and generation.isdecimal():
            found.append((int(day), int(generation), path))
    return sorted(found)


def walk(file: int) -> Iterator[tuple[int, int, int, int]]:
    """(offset, first, length of the names, length of the payloads) of each whole record of an open file, in order."""
    at, length = 0, os.fstat(file).st_size
    while True:
        magic, first, names, body = head_of(os.pread(file, HEAD.size, at))
        after = at + HEAD.size + names + body
        if magic != MAGIC or after > length:
            return
        yield at, first, names, body
        at = after


def write_at(file: int, data: bytes, at: int) -> None:
    """Raises Unavailable ``store.full`` if not all of it was taken."""
    if os.pwrite(file, data, at) != len(data):
        raise Unavailable("store.full")


def zero(file: int, start: int, end: int) -> None:
    """Overwrite bytes [start, end) of an open file; not synced."""
    for at in range(start, end, len(ZEROS)):
        write_at(file, ZEROS[: end - at], at)


def overwrite(path: Path, start: int = 0) -> None:
    """Overwrite a file from `start` to its end, durably."""
    file = os.open(path, os.O_WRONLY | os.O_CLOEXEC)
    try:
        zero(file, start, os.fstat(file).st_size)
        os.fsync(file)
    finally:
        os.close(file)


def shred(path: Path) -> None:
    """Overwrite a file, delete it, and make that durable."""
    overwrite(path)
    path.unlink()
    durable.sync(path.parent)
