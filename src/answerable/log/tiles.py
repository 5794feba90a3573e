# SPDX-License-Identifier: Apache-2.0
"""The resources of a tiled log and their paths (C2SP tlog-tiles, "APIs" and "Pruning"; `docs/spec/tiles.md`).

A log is read as static resources: one checkpoint, tiles of hashes, bundles of entries. The last two never change: what
a path means is fixed by the tree alone. Paths come from strangers, so `parse` takes exactly what `path` writes.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Final

from answerable.errors import VerificationError
from answerable.log.bundle import unpack
from answerable.log.leaf import MAX_LEAF
from answerable.log.merkle import HASH_LENGTH, MAX_SIZE, TILE_HEIGHT, TILE_WIDTH

CHECKPOINT: Final = "checkpoint"
# Our own resource: the specification leaves open how a log says from where on it serves (`minimum`).
PRUNED: Final = "pruned"
# The level under which entry bundles are counted: they have no level, and stand below the leaf hashes.
ENTRIES: Final = -1
# The specification's bound; a tree of 2**53 leaves has levels 0 to 6.
MAX_LEVEL: Final = 63
MAX_TILE: Final = TILE_WIDTH * HASH_LENGTH
MAX_BUNDLE: Final = TILE_WIDTH * (2 + MAX_LEAF)
MAX_PATH: Final = 64

_PATH: Final = re.compile(
    r"tile/(?:(?P<level>0|[1-9][0-9]?)|entries)/(?P<n>(?:x[0-9]{3}/){0,5}[0-9]{3})(?:\.p/(?P<width>[1-9][0-9]{0,2}))?",
    re.ASCII,
)
_MARK: Final = re.compile(rb"(0|[1-9][0-9]{0,15})\n")


@dataclass(frozen=True, slots=True)
class Tile:
    """One resource: 256 hashes of `level`, or with `level` ENTRIES 256 entries; fewer if `width` says so."""

    level: int
    n: int
    width: int = TILE_WIDTH

    @property
    def path(self) -> str:
        return path(self.level, self.n, self.width)

    @property
    def full(self) -> bool:
        return self.width == TILE_WIDTH

    @property
    def whole(self) -> Tile:
        """The full tile of the same place."""
        return Tile(self.level, self.n)

    @property
    def span(self) -> int:
        """Leaves under one of its hashes; 1 for entries."""
        return int(1 << TILE_HEIGHT * max(self.level, 0))

    @property
    def start(self) -> int:
        """Index of the first leaf under it."""
        return self.n * TILE_WIDTH * self.span

    @property
    def end(self) -> int:
        """Index after the last leaf under it as far as it goes: a full tile's is the specification's end index."""
        return self.start + self.width * self.span

    @property
    def limit(self) -> int:
        """Bytes that it has at most."""
        return self.width * (2 + MAX_LEAF if self.level == ENTRIES else HASH_LENGTH)


def path(level: int, n: int, width: int = TILE_WIDTH) -> str:
    """The path of a resource, without a leading slash. level: ENTRIES for entry bundles. Raises ValueError for what no
    tree has."""
    if not (ENTRIES <= level <= MAX_LEVEL and 0 <= n < 10**18 and 1 <= width <= TILE_WIDTH):
        raise ValueError(f"no tile {level}/{n} of width {width}")
    digits = str(n)
    digits = digits.zfill(-(-len(digits) // 3) * 3)
    parts = [digits[at : at + 3] for at in range(0, len(digits), 3)]
    place = "/".join([*("x" + part for part in parts[:-1]), parts[-1]])
    kind = "entries" if level == ENTRIES else str(level)
    return f"tile/{kind}/{place}" if width == TILE_WIDTH else f"tile/{kind}/{place}.p/{width}"


def parse(text: str) -> Tile:
    """The resource that `text` is the one path of. Raises VerificationError ``log.path``."""
    found = _PATH.fullmatch(text) if len(text) <= MAX_PATH else None
    if found is None:
        raise VerificationError("log.path")
    level = ENTRIES if found["level"] is None else int(found["level"])
    n = int(found["n"].replace("x", "").replace("/", ""))
    width = TILE_WIDTH if found["width"] is None else int(found["width"])
    if level > MAX_LEVEL or width > TILE_WIDTH or path(level, n, width) != text:
        raise VerificationError("log.path")
    return Tile(level, n, width)


def of_tree(size: int, since: int = 0) -> Iterator[Tile]:
    """The resources of the tree of `size` leaves that the tree of `since` leaves does not have: full ones, and the
    partial one of each level. Entries come first, then levels upward, each from left to right."""
    for level in (ENTRIES, *range(MAX_LEVEL + 1)):
        height = TILE_HEIGHT * max(level, 0)
        hashes, before = size >> height, since >> height
        if not hashes:
            return
        for n in range(before // TILE_WIDTH, hashes // TILE_WIDTH):
            yield Tile(level, n)
        if hashes % TILE_WIDTH and hashes != before:
            yield Tile(level, hashes // TILE_WIDTH, hashes % TILE_WIDTH)


def in_tree(tile: Tile, size: int) -> bool:
    """Whether the tree of `size` leaves has every hash or entry of the resource."""
    return tile.end <= size


def pruned(tile: Tile, minimum: int) -> bool:
    """Whether a log whose minimum index is `minimum` may withhold the resource ("Pruning"): a full tile or bundle that
    ends at it or below. A partial one goes with the full one that replaced it."""
    return tile.whole.end <= minimum


def check(tile: Tile, data: bytes) -> list[bytes]:
    """The hashes or the entries of a resource. Raises VerificationError ``log.tile`` for another width or length,
    ``log.bundle`` for a bundle that ends inside an entry."""
    if tile.level == ENTRIES:
        found = unpack(data)
    else:
        found = [data[at : at + HASH_LENGTH] for at in range(0, len(data), HASH_LENGTH)]
        if len(data) % HASH_LENGTH:
            found = []
    if len(found) != tile.width:
        raise VerificationError("log.tile", level="entries" if tile.level == ENTRIES else tile.level, n=tile.n)
    return found


def mark(minimum: int) -> bytes:
    """The resource `pruned`: the log's minimum index, a decimal number and a newline."""
    return b"%d\n" % minimum


def parse_mark(data: bytes) -> int:
    """Raises VerificationError ``log.path`` for anything but what `mark` writes."""
    found = _MARK.fullmatch(data)
    if found is None or int(found[1]) > MAX_SIZE:
        raise VerificationError("log.path")
    return int(found[1])
