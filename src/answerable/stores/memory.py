# SPDX-License-Identifier: Apache-2.0
"""A store that forgets when its process ends, for tests and for trying things out. It keeps every rule but one."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from hashlib import sha256

from answerable.errors import Unavailable
from answerable.model import prints
from answerable.model.prints import Print
from answerable.model.units import LASTING, Put, Space, Unit
from answerable.ports import Held
from answerable.ports.stores import Derive
from answerable.stores.days import DAY_MS
from answerable.stores.index import Index
from answerable.stores.near import MOST
from answerable.stores.tags import MOST_ALIKE


@dataclass(frozen=True, slots=True)
class _Kept:
    expires: int
    salt: bytes
    body: bytes | None
    tags: tuple[bytes, ...]


@dataclass(slots=True)
class _Data:
    """What store and views share."""

    leaves: list[bytes] = field(default_factory=list)
    tiles: dict[tuple[int, int], bytes] = field(default_factory=dict)
    root: bytes = sha256(b"").digest()
    note: bytes = b""
    state: dict[str, dict[str, bytes]] = field(default_factory=dict)
    # By index of the batch's first leaf, then by (rid, group).
    payloads: dict[int, dict[tuple[str, str], _Kept]] = field(default_factory=dict)


class _Reads:
    def __init__(self, data: _Data) -> None:
        self._data = data

    def head(self) -> tuple[int, bytes]:
        return len(self._data.leaves), self._data.root

    def checkpoint(self) -> bytes:
        return self._data.note

    def leaf(self, index: int) -> bytes:
        if not 0 <= index < len(self._data.leaves):
            raise Unavailable("store.absent", index=index)
        return self._data.leaves[index]

    def leaves(self, start: int, end: int) -> list[bytes]:
        return self._data.leaves[start:end]

    def tile(self, level: int, n: int) -> bytes:
        return self._data.tiles.get((level, n), b"")


class MemoryStore(_Reads):
    """`ports.Store`."""

    def __init__(self) -> None:
        super().__init__(_Data())

    def append(
        self,
        first: int,
        leaves: Sequence[bytes],
        tiles: Mapping[tuple[int, int], bytes],
        checkpoint: bytes,
        expect: tuple[int, bytes],
        root: bytes,
        units: Sequence[Unit],
    ) -> None:
        data = self._data
        if self.head() != expect or first != expect[0]:
            raise Unavailable("store.forked", expected=expect[0], found=len(data.leaves))
        for unit in units:
            for effect in unit.effects:
                rows = data.state.setdefault(effect.space, {})
                if isinstance(effect, Put):
                    rows[effect.key] = effect.value
                else:
                    rows.pop(effect.key, None)
        data.tiles.update(tiles)
        data.note = checkpoint
        data.leaves += leaves
        data.root = root

    def put_payloads(self, units: Sequence[Unit], expires: int, *, bodies: bool = True) -> None:
        batch: dict[tuple[str, str], _Kept] = {}
        for unit in units:
            for p in unit.payloads:
                lasting = p.group in LASTING
                body = p.body if bodies or lasting else None
                batch[p.rid, p.group] = _Kept(0 if lasting else p.expires or expires, p.salt, body, p.tags)
        if batch:
            self._data.payloads[len(self._data.leaves)] = batch

    def sweep(self, now: int, held: Held | None = None) -> int:
        def stays(rid: str, expires: int) -> bool:
            return not 0 < expires <= now or (held is not None and held(rid))

        gone = 0
        for first, batch in list(self._data.payloads.items()):
            orphan = first >= len(self._data.leaves)
            left = {} if orphan else {name: kept for name, kept in batch.items() if stays(name[0], kept.expires)}
            if len(left) == len(batch):
                continue
            gone += 1
            if left:
                self._data.payloads[first] = left
            else:
                del self._data.payloads[first]
        return gone

    def erase(self, leaves: Sequence[tuple[int, str]]) -> int:
        rids = {rid for _, rid in leaves}
        gone = 0
        for batch in self._data.payloads.values():
            for name in [name for name in batch if name[0] in rids]:
                del batch[name]
                gone += 1
        return gone

    def tidy(self, rids: Sequence[str] = ()) -> None:
        """Its tags lie with the payloads."""

    def rows(self, space: Space) -> Iterable[tuple[str, bytes]]:
        return list(self._data.state.get(space, {}).items())

    def view(self, derive: Derive | None = None) -> MemoryView:
        return MemoryView(self._data, derive)

    def reopen(self) -> None:
        """Nothing can have failed."""

    def spend_reserve(self) -> bool:
        return False

    def close(self) -> None:
        """Nothing is held."""


class MemoryView(_Reads):
    """`ports.StoreView`."""

    def __init__(self, data: _Data, derive: Derive | None = None) -> None:
        super().__init__(data)
        self._derive = derive
        self._index = Index(None, self)

    def find(self, rid: str) -> int | None:
        return self._index.find(rid)

    def close_of(self, rid: str) -> str | None:
        return self._index.close_of(rid)

    def by_tag(self, tag: bytes) -> list[str]:
        return [rid for rid, tags in self._tagged() if tag in tags]

    def alike(self, tags: Sequence[bytes], least: int) -> list[tuple[str, int]]:
        wanted = set(tags)
        counted = [
            (rid, len(wanted & set(its)), at)
            for at, (rid, its) in enumerate(self._tagged())
            if len(wanted & set(its)) >= max(least, 1)
        ]
        return [(rid, shared) for rid, shared, _ in sorted(counted, key=lambda each: (-each[1], -each[2]))[:MOST_ALIKE]]

    def near(self, wanted: Print) -> list[tuple[str, Print]]:
        found: list[tuple[int, int, str, Print]] = []
        for at, (rid, tags) in enumerate(self._tagged()):
            for its in filter(None, map(prints.read, tags)):
                far = prints.distance(wanted, its)
                if far is not None and far[0] <= prints.RADIUS:
                    found.append((far[0], -at, rid, its))
        return [(rid, its) for _, _, rid, its in sorted(found, key=lambda each: each[:2])[:MOST]]

    def tags(self, rid: str) -> list[bytes]:
        return [tag for its, tags in self._tagged() if its == rid for tag in tags]

    def _tagged(self) -> list[tuple[str, tuple[bytes, ...]]]:
        size = len(self._data.leaves)
        batches = sorted((first, batch) for first, batch in list(self._data.payloads.items()) if first < size)
        return [(rid, self._all(group, kept)) for _, batch in batches for (rid, group), kept in batch.items()]

    def _all(self, group: str, kept: _Kept) -> tuple[bytes, ...]:
        if self._derive is None or kept.body is None:
            return kept.tags
        return (*kept.tags, *self._derive(group, kept.body))

    def payload(self, rid: str, group: str) -> tuple[bytes, bytes | None] | None:
        at = self._index.find(rid)
        if at is None:
            return None
        first = max((first for first in list(self._data.payloads) if first <= at), default=-1)
        kept = self._data.payloads.get(first, {}).get((rid, group))
        return (kept.salt, kept.body) if kept else None

    def kept(self) -> list[tuple[int, int, int]]:
        found: dict[int, tuple[int, int]] = {}
        for batch in list(self._data.payloads.values()):
            for each in batch.values():
                count, size = found.get(each.expires // DAY_MS, (0, 0))
                found[each.expires // DAY_MS] = (count + 1, size + len(each.salt) + len(each.body or b""))
        return [(day, *found[day]) for day in sorted(found)]

    def state(self) -> tuple[int, dict[str, dict[str, bytes]]]:
        return len(self._data.leaves), {space: dict(rows) for space, rows in self._data.state.items()}

    def integrity(self) -> list[str]:
        return []

    def close(self) -> None:
        self._index.close()
