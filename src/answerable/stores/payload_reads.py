# SPDX-License-Identifier: Apache-2.0
"""Reading payloads, beside whoever writes and erases them."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Final

from answerable.crypto.sealing import unseal
from answerable.errors import Unavailable, VerificationError
from answerable.ports.stores import Derive
from answerable.stores.database import translated
from answerable.stores.payload_form import (
    HEAD,
    MAGIC,
    NO_KEY,
    PLACE,
    Name,
    head_of,
    listed,
    open_names,
    path_of,
    placed,
    walk,
)

SALT_LENGTH: Final = 32
# A record that is being erased beside us is read again: while its names are overwritten they open for nobody.
_TRIES: Final = 3


def _body(key: bytes, sealed: bytes, rid: str, group: str) -> bytes:
    """b"" for what does not open: it may be erased beside us, and what is damaged is told to who reads it."""
    try:
        return unseal(key, sealed, f"{rid}/{group}".encode())[SALT_LENGTH:]
    except VerificationError:
        return b""


class PayloadReads:
    """Raises Unavailable ``store.damaged`` for what does not open with the key."""

    def __init__(self, folder: Path, key: bytes, carried: Callable[[bytes], bytes | None] | None = None) -> None:
        """folder: of the files; key: 32 bytes, the store's payload key; carried: the record of a place that the log
        carries too (`unsynced`): after a power cut, until the store is opened to be written, it alone may be whole."""
        self._folder = folder
        self._key = key
        self._carried = carried

    def get(self, places: bytes, first: int, rid: str, group: str) -> tuple[bytes, bytes | None] | None:
        """(salt, body) of a payload of the batch that begins at leaf `first`; None if it is not there any more."""
        tries = 0
        while True:
            tries += 1
            try:
                return self._get(places, first, rid, group, carried=tries > _TRIES)
            except Unavailable as error:
                if error.code != "store.damaged" or tries > _TRIES or (tries == _TRIES and self._carried is None):
                    raise

    def _get(
        self, places: bytes, first: int, rid: str, group: str, *, carried: bool
    ) -> tuple[bytes, bytes | None] | None:
        for _, names, body in self._read(places, first, carried=carried):
            at = 0
            for its_rid, its_group, key, length, bodies, _ in names:
                if (its_rid, its_group) == (rid, group):
                    if key == NO_KEY:
                        return None
                    try:
                        plain = unseal(key, body[at : at + length], f"{rid}/{group}".encode())
                    except VerificationError:
                        raise Unavailable("store.damaged", detail=f"payload {group} of {rid}") from None
                    return plain[:SALT_LENGTH], plain[SALT_LENGTH:] if bodies else None
                at += length
        return None

    def kept(self) -> list[tuple[int, int, int]]:
        """`ports.StoreView.kept`."""
        found: dict[int, tuple[int, int]] = {}
        for day, _, path in listed(self._folder):
            with translated():
                try:
                    file = os.open(path, os.O_RDONLY | os.O_CLOEXEC)
                except FileNotFoundError:  # expired meanwhile
                    continue
                try:
                    for at, first, names, _ in walk(file):
                        for _, _, key, length, _, _ in self._names(file, at, first, names):
                            if key != NO_KEY:
                                count, size = found.get(day, (0, 0))
                                found[day] = (count + 1, size + length)
                finally:
                    os.close(file)
        return [(day, *found[day]) for day in sorted(found)]

    def _names(self, file: int, at: int, first: int, length: int) -> list[Name]:
        tries = 0
        while True:
            tries += 1
            try:
                return open_names(self._key, first, os.pread(file, length, at + HEAD.size))
            except Unavailable:
                if tries >= _TRIES:
                    raise

    def tags(
        self, places: bytes, first: int, derive: Derive | None = None, only: str = ""
    ) -> Iterator[tuple[bytes, str, int]]:
        """(tag, rid, day of expiry) of the payloads of the batch that begins at leaf `first`. only: of the leaf with
        that rid."""
        for day, names, body in self._read(places, first):
            at = 0
            for rid, group, key, length, bodies, tags in names:
                if key != NO_KEY and only in ("", rid):
                    for tag in tags:
                        yield tag, rid, day
                    if derive is not None and bodies:
                        for tag in derive(group, _body(key, body[at : at + length], rid, group)):
                            yield tag, rid, day
                at += length

    def _read(self, places: bytes, first: int, *, carried: bool = False) -> Iterator[tuple[int, list[Name], bytes]]:
        for day, generation, at in placed(places, first):
            if carried and self._carried is not None:
                record = self._carried(PLACE.pack(day, generation, at))
                if record is not None:
                    yield day, *self._opened(record[: HEAD.size], record[HEAD.size :], first)
                    continue
            with translated():
                try:
                    file = os.open(path_of(self._folder, day, generation), os.O_RDONLY | os.O_CLOEXEC)
                except FileNotFoundError:  # expired
                    continue
                try:
                    length = os.fstat(file).st_size
                    head = os.pread(file, HEAD.size, min(at, length))
                    _, _, names, body = head_of(head)
                    whole = at + HEAD.size + names + body <= length
                    data = os.pread(file, names + body, at + HEAD.size) if whole else b""
                finally:
                    os.close(file)
            yield day, *self._opened(head, data, first)

    def _opened(self, head: bytes, data: bytes, first: int) -> tuple[list[Name], bytes]:
        magic, its_first, names, body = head_of(head)
        if magic != MAGIC or its_first != first:
            raise Unavailable("store.damaged", detail=f"payloads of the batch at {first}")
        listed = open_names(self._key, first, data[:names])
        if sum(length for _, _, _, length, _, _ in listed) != body:
            raise Unavailable("store.damaged", detail=f"payloads of the batch at {first}")
        return listed, data[names:]
