# SPDX-License-Identifier: Apache-2.0
"""Records of labelled files in a real store, by their tags alone: what tracing looks through."""

from __future__ import annotations

import hashlib
from collections.abc import Iterable, Iterator, Sequence
from itertools import islice
from types import SimpleNamespace
from typing import Any, Final

from answerable.crypto.random import leaf_nonce
from answerable.log.leaf import decode, encode, rid
from answerable.model.leaves import CloseLeaf
from answerable.model.prints import Print
from answerable.model.terms import Outcome
from answerable.model.units import Payload, Unit
from answerable.ports import Store

BATCH: Final = 64
EXPIRES: Final = 1 << 45  # ms: not while this runs


def fill(store: Store, records: Iterable[tuple[str, tuple[bytes, ...]]]) -> int:
    """Write a close leaf and its payload for each (record, tags), in batches; returns how many there were."""
    size, root = store.head()
    start, every = size, iter(records)
    while batch := list(islice(every, BATCH)):
        leaves, units = [], []
        for record, tags in batch:
            leaf = encode(CloseLeaf(n=leaf_nonce(), open=record, st=Outcome.DONE, t=size))
            units.append(Unit((leaf,), payloads=(Payload(rid(leaf), "out", bytes(32), b"{}", tags),)))
            leaves.append(leaf)
        store.put_payloads(units, EXPIRES)
        following = hashlib.sha256(root).digest()
        store.append(size, leaves, {}, b"-", (size, root), following, units)
        size, root = size + len(leaves), following
    return size - start


def names() -> Iterator[str]:
    """Record ids that nobody has: 32 characters each."""
    number = 0
    while True:
        yield hashlib.sha256(number.to_bytes(8)).hexdigest().translate(_ID)[:32]
        number += 1


_ID: Final = str.maketrans("0123456789abcdef", "abcdefghijklmnop")


class Reader:
    """The part of `control.services.Reader` that tracing asks, over a store's view."""

    def __init__(self, store: Store) -> None:
        self._view = store.view()

    def services(self, index_key: bytes) -> Any:
        return SimpleNamespace(reader=self, index_key=index_key)

    async def find(self, name: str) -> bytes | None:
        at = self._view.find(name)
        return None if at is None else self._view.leaf(at)

    async def close_of(self, name: str) -> str | None:
        return self._view.close_of(name)

    async def by_tag(self, tag: bytes) -> list[str]:
        return self._view.by_tag(tag)

    async def alike(self, tags: Sequence[bytes], least: int) -> list[tuple[str, int]]:
        return self._view.alike(tags, least)

    async def near(self, wanted: Print) -> list[tuple[str, Print]]:
        return self._view.near(wanted)

    async def tags(self, name: str) -> list[bytes]:
        return self._view.tags(name)

    def close_leaf(self, name: str) -> str:
        """rid of the close leaf, by which the record is named here: there are no open leaves."""
        closing = self._view.close_of(name)
        if closing is None or not isinstance(decode(self._view.leaf(self._view.find(closing) or 0)), CloseLeaf):
            raise LookupError(name)
        return closing

    def close(self) -> None:
        self._view.close()
