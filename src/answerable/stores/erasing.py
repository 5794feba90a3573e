# SPDX-License-Identifier: Apache-2.0
"""Taking payloads out of files that others stay in: erasure of single records, and days that are over but held.

What a record says of the payloads that stay is never at risk. Erasing in place, the new list of names is first written
to a file of its own: if the overwriting is cut short, or a sync of it fails, the next opening, erasure or sweep does it
again from there, whatever the file shows by then. A day that is over is written anew without what expired and takes the
old file's name.
"""

from __future__ import annotations

import os
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager, suppress
from hashlib import sha256
from pathlib import Path
from typing import Final

from answerable import durable
from answerable.errors import Unavailable
from answerable.stores.database import translated
from answerable.stores.payload_form import (
    HEAD,
    MAGIC,
    NO_KEY,
    PLACE,
    blanked,
    head_of,
    open_names,
    path_of,
    placed,
    runs,
    seal_names,
    shred,
    walk,
    write_at,
    zero,
)

REDO: Final = "redo"
NEW: Final = "new"
OLD: Final = "old"
_DIGEST: Final = 32


def erase(folder: Path, key: bytes, places: bytes, first: int, rids: Sequence[str]) -> int:
    """Erase the payloads of these leaves from the batch that begins at leaf `first`; durable when it returns. Returns
    how many there were. Raises Unavailable ``store.*``."""
    lost = 0
    wanted = frozenset(rids)
    for day, generation, at in placed(places, first):
        with translated():
            try:
                file = os.open(path_of(folder, day, generation), os.O_RDWR | os.O_CLOEXEC)
            except FileNotFoundError:  # expired
                continue
            try:
                lost += _erase_record(folder, key, file, (day, generation, at), first, wanted)
            finally:
                os.close(file)
    return lost


def _erase_record(
    folder: Path, key: bytes, file: int, place: tuple[int, int, int], first: int, wanted: frozenset[str]
) -> int:
    magic, its_first, names, _ = head_of(os.pread(file, HEAD.size, place[2]))
    if magic != MAGIC or its_first != first:
        raise Unavailable("store.damaged", detail=f"payloads of the batch at {first}")
    held = open_names(key, first, os.pread(file, names, place[2] + HEAD.size))
    left, lost = blanked(held, wanted.__contains__)
    if lost:
        sealed = seal_names(key, first, left)
        redo = PLACE.pack(*place) + sealed
        _write_new(folder / REDO, redo + sha256(redo).digest())
        durable.sync(folder)
        _apply(key, file, place[2], sealed)
        shred(folder / REDO)
    return lost


def _apply(key: bytes, file: int, at: int, sealed: bytes) -> None:
    """Overwrite the names of a record, and the payloads that they say are erased."""
    _, first, names, _ = head_of(os.pread(file, HEAD.size, at))
    if names != len(sealed):
        raise Unavailable("store.damaged", detail=f"payloads of the batch at {first}")
    write_at(file, sealed, at + HEAD.size)
    start = at + HEAD.size + names
    for begin, length in runs(open_names(key, first, sealed), erased=True):
        zero(file, start + begin, start + begin + length)
    os.fsync(file)


def finish(folder: Path, key: bytes) -> None:
    """What was cut short before is done now. Raises Unavailable ``store.*``."""
    with translated():
        path = folder / REDO
        if path.exists():
            data = path.read_bytes()
            redo, digest = data[:-_DIGEST], data[-_DIGEST:]
            # One that was not written whole was not begun with: the record is as it was.
            if len(redo) > PLACE.size and sha256(redo).digest() == digest:
                day, generation, at = PLACE.unpack(redo[: PLACE.size])
                with suppress(FileNotFoundError), _opened(path_of(folder, day, generation)) as file:  # or it expired
                    _apply(key, file, at, redo[PLACE.size :])
            shred(path)
        for left in list(folder.iterdir()):
            if left.name == OLD and left.stat().st_nlink > 1:  # its day's file is this one still
                left.unlink()
                durable.sync(folder)
            elif left.name in (NEW, OLD):
                shred(left)


def keep_only(path: Path, key: bytes, held: Callable[[str], bool]) -> frozenset[str]:
    """Write the file anew without the payloads that are not held; where those were, it takes no room. Returns the rids
    whose payloads it has still: none, and it may go. Raises Unavailable ``store.*``."""
    kept: set[str] = set()
    with translated(), _opened(path) as file:
        fresh = _create(path.with_name(NEW))
        try:
            changed = False
            for at, first, names, _ in walk(file):
                listed = open_names(key, first, os.pread(file, names, at + HEAD.size))
                left, lost = blanked(listed, lambda rid: not held(rid))
                changed = changed or lost > 0
                write_at(fresh, os.pread(file, HEAD.size, at), at)
                write_at(fresh, seal_names(key, first, left), at + HEAD.size)
                start = at + HEAD.size + names
                for begin, length in runs(left, erased=False):
                    write_at(fresh, os.pread(file, length, start + begin), start + begin)
                kept.update(name[0] for name in left if name[2] != NO_KEY)
            os.ftruncate(fresh, os.fstat(file).st_size)
            os.fsync(fresh)
        finally:
            os.close(fresh)
        if not changed or not kept:
            shred(path.with_name(NEW))
            return frozenset(kept)
        # At each moment one of the two stands under the file's name.
        os.link(path, path.with_name(OLD))
        path.with_name(NEW).rename(path)
        durable.sync(path.parent)
        shred(path.with_name(OLD))
    return frozenset(kept)


def _write_new(path: Path, data: bytes) -> None:
    file = _create(path)
    try:
        write_at(file, data, 0)
        os.fsync(file)
    finally:
        os.close(file)


def _create(path: Path) -> int:
    if path.exists():  # left by an attempt that failed
        shred(path)
    return os.open(path, os.O_RDWR | os.O_CREAT | os.O_EXCL | os.O_CLOEXEC, 0o600)


@contextmanager
def _opened(path: Path) -> Iterator[int]:
    file = os.open(path, os.O_RDWR | os.O_CLOEXEC)
    try:
        yield file
    finally:
        os.close(file)
