# SPDX-License-Identifier: Apache-2.0
"""Payload files without the log that said where things stand in them: found again by walking the files.

Each record names the leaf at which its batch begins and, sealed, the leaves whose payloads it holds. That is enough to
give them their places in a log that is built anew.
"""

from __future__ import annotations

import os
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path

from answerable.errors import Unavailable
from answerable.stores.database import translated
from answerable.stores.payload_form import HEAD, PLACE, listed, open_names, walk


@dataclass(frozen=True, slots=True)
class Found:
    """A record: its place, as a batch's row has it, and the leaves (rid) that it is about."""

    place: bytes
    rids: frozenset[str]


class Salvage:
    """What the files of a folder hold. damaged: records that do not open with the key."""

    def __init__(self, folder: Path, key: bytes) -> None:
        """key: 32 bytes, the store's payload key. Raises Unavailable ``store.*``."""
        self._found: dict[int, list[Found]] = {}
        self.damaged = 0
        with translated():
            for day, generation, path in listed(folder) if folder.is_dir() else []:
                file = os.open(path, os.O_RDONLY | os.O_CLOEXEC)
                try:
                    for at, first, names, _ in walk(file):
                        self._take(first, PLACE.pack(day, generation, at), os.pread(file, names, at + HEAD.size), key)
                finally:
                    os.close(file)
        self.starts: Sequence[int] = sorted(self._found)  # leaves at which batches with payloads begin

    def _take(self, first: int, place: bytes, sealed: bytes, key: bytes) -> None:
        try:
            rids = frozenset(name[0] for name in open_names(key, first, sealed))
        except Unavailable:
            self.damaged += 1
            return
        self._found.setdefault(first, []).append(Found(place, rids))

    def at(self, first: int) -> frozenset[str]:
        """The leaves that records of the batch at `first` are about; some may be of a batch that was never written."""
        return frozenset().union(*(found.rids for found in self._found.get(first, ())))

    def places(self, first: int, rids: Iterable[str]) -> bytes:
        """For the row of the batch at `first` that holds the leaves `rids`: where its payloads stand. A record about
        any other leaf is one of a batch that failed."""
        there = frozenset(rids)
        return b"".join(found.place for found in self._found.get(first, ()) if found.rids <= there)
