# SPDX-License-Identifier: Apache-2.0
"""Finding records by what they are called and by what they say: the same over every kind of store, since index and tags
lie beside it on this machine."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Sequence
from typing import Final

from answerable.model import prints
from answerable.model.prints import Print
from answerable.stores.index import Index
from answerable.stores.tags import Tags

INDEX_FILE: Final = "index.db"


class Found(ABC):
    """Part of a `ports.StoreView`. Of what was erased the tags may stand a while longer: a payload that is gone is not
    found by them. Raises Unavailable ``store.*``."""

    _index: Index
    _tags: Tags

    @abstractmethod
    def segment_of(self, index: int) -> int:
        """The first leaf of the batch in which leaf `index` stands."""

    @abstractmethod
    def tagged(self, start: int, end: int, only: str = "") -> list[tuple[bytes, int, str, int]]:
        """(tag, first leaf of the batch, rid, day of expiry) of what is kept of the batches that begin there; only: of
        that rid alone."""

    def find(self, rid: str) -> int | None:
        return self._index.find(rid)

    def close_of(self, rid: str) -> str | None:
        return self._index.close_of(rid)

    def by_tag(self, tag: bytes) -> list[str]:
        return [rid for rid in self._tags.find(tag) if tag in self.tags(rid)]

    def alike(self, tags: Sequence[bytes], least: int) -> list[tuple[str, int]]:
        if not tags:
            return []
        wanted = set(tags)
        counted = [(rid, len(wanted & set(self.tags(rid)))) for rid, _ in self._tags.alike(list(wanted), least)]
        return [(rid, shared) for rid, shared in counted if shared >= least]

    def near(self, wanted: Print) -> list[tuple[str, Print]]:
        found = [(rid, tag, prints.read(tag)) for rid, tag in self._tags.near(wanted)]
        return [(rid, its) for rid, tag, its in found if its is not None and tag in self.tags(rid)]

    def tags(self, rid: str) -> list[bytes]:
        at = self._index.find(rid)
        if at is None:
            return []
        first = self.segment_of(at)
        return [tag for tag, _, _, _ in self.tagged(first, first + 1, rid)]
