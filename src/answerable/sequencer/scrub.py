# SPDX-License-Identifier: Apache-2.0
"""Leaves against the tiles that they were hashed into, and tiles against those above them (RFC 6962, C2SP tlog-tiles).

A start looks at what came since the last one that did, some 3 microseconds of CPU a leaf; how far it got stands in the
guard's folder. What a disk forgets in older leaves `log fsck` finds.
"""

from __future__ import annotations

from typing import Final

from answerable.errors import Unavailable
from answerable.log.leaf import leaf_hash
from answerable.log.merkle import HASH_LENGTH, TILE_WIDTH, root_of
from answerable.ports import Store, StoreView

_STEP: Final = 8 * TILE_WIDTH  # leaves that are read together


def scrub(store: Store | StoreView, since: int, size: int) -> None:
    """Look at the tree of `size` leaves from leaf `since` on, and at the whole newest tile; at all of it where `since`
    is past the end. The right edge is taken to be verified. Raises Unavailable ``store.damaged``."""
    start = (min(since, max(size - 1, 0)) if since <= size else 0) // TILE_WIDTH * TILE_WIDTH
    for at in range(start, size, _STEP):
        end = min(at + _STEP, size)
        made = b"".join(map(leaf_hash, _leaves(store, at, end)))
        for n in range(at // TILE_WIDTH, -(-end // TILE_WIDTH)):
            begin = n * TILE_WIDTH
            width = min(TILE_WIDTH, size - begin)
            mine = made[(begin - at) * HASH_LENGTH : (begin - at + width) * HASH_LENGTH]
            if store.tile(0, n)[: width * HASH_LENGTH] != mine:
                raise Unavailable("store.damaged", detail=f"its leaves from {begin} on are not those of its tiles")
    _above(store, start, size)


def _above(store: Store | StoreView, start: int, size: int) -> None:
    """Each full tile that ends behind leaf `start` is the one that its parent was made from."""
    level, span = 0, TILE_WIDTH
    while size >= span:
        for n in range(start // span, size // span):
            tile = store.tile(level, n)
            hashes = [tile[at : at + HASH_LENGTH] for at in range(0, len(tile), HASH_LENGTH)]
            above = store.tile(level + 1, n // TILE_WIDTH)
            place = n % TILE_WIDTH * HASH_LENGTH
            if len(hashes) != TILE_WIDTH or root_of(hashes) != above[place : place + HASH_LENGTH]:
                raise Unavailable("store.damaged", detail=f"its tile {level}/{n} is not that of the tile above")
        level, span = level + 1, span * TILE_WIDTH


def _leaves(store: Store | StoreView, start: int, end: int) -> list[bytes]:
    try:
        return store.leaves(start, end)
    except Unavailable as error:
        if error.code == "store.absent":
            raise Unavailable("store.damaged", detail=f"it has no leaf {error.params['index']}") from error
        raise
