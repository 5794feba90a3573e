# SPDX-License-Identifier: Apache-2.0
"""The Merkle tree of RFC 6962 section 2.1 over C2SP tiles (tlog-tiles, "Merkle Tree").

A tile of level L holds up to 256 hashes, each of a full subtree of 256**L leaves. `Frontier` is the tree's right edge:
all that an append needs. Leaf hashes are made elsewhere (`leaf.leaf_hash`).
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from hashlib import sha256
from typing import Final

from answerable.errors import VerificationError

HASH_LENGTH: Final = 32
TILE_HEIGHT: Final = 8
TILE_WIDTH: Final = 1 << TILE_HEIGHT
EMPTY_ROOT: Final = sha256(b"").digest()
# C2SP allows levels 0 to 63; eight levels hold 2**64 leaves, more than integers of our formats count.
MAX_SIZE: Final = 2**53 - 1

ReadTile = Callable[[int, int], bytes]


def node_hash(left: bytes, right: bytes) -> bytes:
    """SHA-256(0x01 || left || right)."""
    return sha256(b"\x01" + left + right).digest()


def root_of(leaf_hashes: Sequence[bytes]) -> bytes:
    """The root over leaf hashes, straight from the definition of RFC 6962: the reference for everything else."""
    if not leaf_hashes:
        return EMPTY_ROOT
    if len(leaf_hashes) == 1:
        return leaf_hashes[0]
    split = _split(len(leaf_hashes))
    return node_hash(root_of(leaf_hashes[:split]), root_of(leaf_hashes[split:]))


class Frontier:
    """The right edge of a growing tree: `size`, the roots of its full subtrees, and its partial tiles.

    Not safe for two threads. An append costs one hash a leaf, amortised, and `root` one a set bit of the size.
    """

    __slots__ = ("_edges", "_peaks", "size")

    def __init__(self) -> None:
        self.size = 0
        # _peaks[h]: root of the rightmost full subtree of 2**h leaves while bit h of `size` is set, else b"".
        self._peaks: list[bytes] = []
        # _edges[L]: the hashes of the partial tile of level L, at most 255.
        self._edges: list[list[bytes]] = []

    @classmethod
    def from_tiles(cls, size: int, read_tile: ReadTile) -> Frontier:
        """The frontier of a tree of `size` leaves. Raises VerificationError ``log.tile`` for a tile too short."""
        frontier = cls()
        frontier.size = size
        level = 0
        while size >> TILE_HEIGHT * level:
            count = size >> TILE_HEIGHT * level
            edge = _hashes(read_tile, level, count >> TILE_HEIGHT, count % TILE_WIDTH)
            frontier._edges.append(edge)
            start = 0
            peaks = [b""] * TILE_HEIGHT
            for height in reversed(range(TILE_HEIGHT)):
                if count >> height & 1:
                    peaks[height] = _fold(edge[start : start + (1 << height)])
                    start += 1 << height
            frontier._peaks += peaks
            level += 1
        return frontier

    def append(self, leaf_hashes: Sequence[bytes]) -> dict[tuple[int, int], bytes]:
        """Add leaves on the right. Returns the tiles that changed: {(level, n): hashes}, the last of a level partial
        unless it is full. Raises VerificationError ``log.proof`` for a hash that is not 32 bytes."""
        if not {HASH_LENGTH}.issuperset(map(len, leaf_hashes)):
            raise VerificationError("log.proof", detail="a hash that is not 32 bytes")
        tiles: dict[tuple[int, int], bytes] = {}
        height = 0
        fresh = list(leaf_hashes)  # roots of the subtrees of 2**height leaves that this append completed
        while fresh:
            level, within = divmod(height, TILE_HEIGHT)
            if within == 0:
                self._extend(level, fresh, tiles)
            if height == len(self._peaks):
                self._peaks.append(b"")
            waiting = self._peaks[height]
            nodes = [waiting, *fresh] if waiting else fresh
            self._peaks[height] = nodes[-1] if len(nodes) % 2 else b""
            pairs = iter(nodes)
            fresh = [sha256(b"\x01" + left + right).digest() for left, right in zip(pairs, pairs, strict=False)]
            height += 1
        self.size += len(leaf_hashes)
        return tiles

    def root(self) -> bytes:
        """The root of the tree as it stands: 32 bytes."""
        root = b""
        for peak in self._peaks:
            if peak:
                root = node_hash(peak, root) if root else peak
        return root or EMPTY_ROOT

    def copy(self) -> Frontier:
        """An independent frontier of the same tree: to try a batch and drop it if it is not written."""
        twin = Frontier()
        twin.size = self.size
        twin._peaks = list(self._peaks)
        twin._edges = [list(edge) for edge in self._edges]
        return twin

    def _extend(self, level: int, fresh: list[bytes], tiles: dict[tuple[int, int], bytes]) -> None:
        """Put hashes into the tiles of `level`; `self.size` is still the size before them."""
        if level == len(self._edges):
            self._edges.append([])
        edge = self._edges[level]
        n = self.size >> TILE_HEIGHT * (level + 1)
        edge += fresh
        full = len(edge) - len(edge) % TILE_WIDTH
        for start in range(0, full, TILE_WIDTH):
            tiles[level, n] = b"".join(edge[start : start + TILE_WIDTH])
            n += 1
        del edge[:full]
        if edge:
            tiles[level, n] = b"".join(edge)


def inclusion_proof(read_tile: ReadTile, index: int, size: int) -> list[bytes]:
    """The audit path of RFC 6962 section 2.1.1 for leaf `index` in the tree of `size` leaves, from the leaf up.

    read_tile: hashes of tile (level, n), possibly of a later tree. Raises VerificationError ``log.proof`` for an index
    outside the tree, ``log.tile`` for a tile too short.
    """
    if not 0 <= index < size <= MAX_SIZE:
        raise VerificationError("log.proof", detail="no such leaf in a tree of this size")
    reader = _Reader(read_tile)
    path: list[bytes] = []
    start, end = 0, size
    while end - start > 1:
        middle = start + _split(end - start)
        if index < middle:
            path.append(reader.root(middle, end))
            end = middle
        else:
            path.append(reader.root(start, middle))
            start = middle
    return path[::-1]


def consistency_proof(read_tile: ReadTile, old: int, new: int) -> list[bytes]:
    """The proof of RFC 6962 section 2.1.2 that the tree of `old` leaves is a prefix of that of `new`.

    Raises VerificationError ``log.proof`` for sizes out of order or 0, ``log.tile`` for a tile too short.
    """
    if not 0 < old <= new <= MAX_SIZE:
        raise VerificationError("log.proof", detail="sizes out of order")
    reader = _Reader(read_tile)
    path: list[bytes] = []
    start, end = 0, new
    while old != end:
        middle = start + _split(end - start)
        if old <= middle:
            path.append(reader.root(middle, end))
            end = middle
        else:
            path.append(reader.root(start, middle))
            start = middle
    if start:
        path.append(reader.root(start, end))
    return path[::-1]


def verify_inclusion(leaf_hash: bytes, index: int, size: int, proof: Sequence[bytes], root: bytes) -> None:
    """Return if the proof leads from the leaf to `root` (RFC 9162 section 2.1.3.2).

    Raises VerificationError ``log.proof`` otherwise, spare nodes, wrong lengths and an empty tree included.
    """
    _check_lengths([root])
    if inclusion_root(leaf_hash, index, size, proof) != root:
        raise VerificationError("log.proof", detail="it does not lead to the root")


def inclusion_root(leaf_hash: bytes, index: int, size: int, proof: Sequence[bytes]) -> bytes:
    """The root that the proof leads to; worth as much as what vouches for that root. Raises VerificationError
    ``log.proof`` for a proof that no tree of `size` leaves has."""
    _check_lengths([leaf_hash, *proof])
    if not 0 <= index < size <= MAX_SIZE:
        raise VerificationError("log.proof", detail="no such leaf in a tree of this size")
    # Inside the full part of the path a node may be either child; along the right edge it is always the right one.
    inner = (index ^ (size - 1)).bit_length()
    if len(proof) != inner + (index >> inner).bit_count():
        raise VerificationError("log.proof", detail="the wrong number of nodes")
    node = leaf_hash
    for height, sibling in enumerate(proof):
        left = height < inner and not index >> height & 1
        node = node_hash(node, sibling) if left else node_hash(sibling, node)
    return node


def verify_consistency(old: int, old_root: bytes, new: int, new_root: bytes, proof: Sequence[bytes]) -> None:
    """Return if the tree (old, old_root) is a prefix of (new, new_root) (RFC 9162 section 2.1.4.2).

    Raises VerificationError ``log.proof`` otherwise; an empty old tree is refused, since it proves nothing.
    """
    _check_lengths([new_root])
    if consistency_root(old, old_root, new, proof) != new_root:
        raise VerificationError("log.proof", detail="it does not lead to the roots")


def consistency_root(old: int, old_root: bytes, new: int, proof: Sequence[bytes]) -> bytes:
    """The root of the tree of `new` leaves that the proof leads to from (old, old_root); worth as much as what vouches
    for it. Raises VerificationError ``log.proof`` if the proof does not start from `old_root`, or no such trees have
    it."""
    _check_lengths([old_root, *proof])
    if not 0 < old <= new <= MAX_SIZE:
        raise VerificationError("log.proof", detail="sizes out of order")
    if old == new:
        if proof:
            raise VerificationError("log.proof", detail="spare nodes")
        return old_root
    # The path starts at the root of the last full subtree of the old tree; that node is in the proof unless it is the
    # whole old tree.
    height = (old & -old).bit_length() - 1
    index, last = (old - 1) >> height, (new - 1) >> height
    nodes = iter(proof)
    old_node = new_node = old_root if old & (old - 1) == 0 else next(nodes, b"")
    for sibling in nodes:
        if not last:
            raise VerificationError("log.proof", detail="spare nodes")
        if index & 1 or index == last:
            old_node, new_node = node_hash(sibling, old_node), node_hash(sibling, new_node)
            while index and not index & 1:
                index, last = index >> 1, last >> 1
        else:
            new_node = node_hash(new_node, sibling)
        index, last = index >> 1, last >> 1
    if last or old_node != old_root:
        raise VerificationError("log.proof", detail="it does not lead to the roots")
    return new_node


class _Reader:
    """Roots of subtrees out of tiles; each tile is read and folded once."""

    def __init__(self, read_tile: ReadTile) -> None:
        self._read_tile = read_tile
        self._tiles: dict[tuple[int, int], list[bytes]] = {}

    def root(self, start: int, end: int) -> bytes:
        """Root over the leaves [start, end), where `start` is a multiple of a power of two that spans the range."""
        width = end - start
        if width & (width - 1) == 0:
            return self._full(start, width.bit_length() - 1)
        middle = start + _split(width)
        return node_hash(self.root(start, middle), self.root(middle, end))

    def _full(self, start: int, height: int) -> bytes:
        level, within = divmod(height, TILE_HEIGHT)
        first = start >> TILE_HEIGHT * level
        n, offset = divmod(first, TILE_WIDTH)
        count = 1 << within
        hashes = self._tiles.get((level, n), [])
        if len(hashes) < offset + count:
            hashes = self._tiles[level, n] = _all_hashes(self._read_tile(level, n))
        if len(hashes) < offset + count:
            raise VerificationError("log.tile", level=level, n=n)
        return _fold(hashes[offset : offset + count])


def _split(count: int) -> int:
    """The largest power of two smaller than `count`."""
    return 1 << (count - 1).bit_length() - 1


def _fold(hashes: Sequence[bytes]) -> bytes:
    """The root over a power of two of hashes."""
    nodes = list(hashes)
    while len(nodes) > 1:
        pairs = iter(nodes)
        nodes = [node_hash(left, right) for left, right in zip(pairs, pairs, strict=True)]
    return nodes[0]


def _all_hashes(tile: bytes) -> list[bytes]:
    return [tile[at : at + HASH_LENGTH] for at in range(0, len(tile) - HASH_LENGTH + 1, HASH_LENGTH)]


def _hashes(read_tile: ReadTile, level: int, n: int, count: int) -> list[bytes]:
    """The first `count` hashes of a tile."""
    if count == 0:
        return []
    hashes = _all_hashes(read_tile(level, n))
    if len(hashes) < count:
        raise VerificationError("log.tile", level=level, n=n)
    return hashes[:count]


def _check_lengths(hashes: Sequence[bytes]) -> None:
    if any(len(digest) != HASH_LENGTH for digest in hashes):
        raise VerificationError("log.proof", detail="a hash that is not 32 bytes")
