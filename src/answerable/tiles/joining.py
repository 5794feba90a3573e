# SPDX-License-Identifier: Apache-2.0
"""Making the proof that a root log recorded a shard, out of both logs' tiles (`docs/spec/tiles.md`, "Root log")."""

from __future__ import annotations

from typing import Final

from answerable.errors import Unavailable, VerificationError
from answerable.log.head import Checkpoint
from answerable.log.joint import Joint, verify
from answerable.log.leaf import decode
from answerable.log.merkle import TILE_WIDTH, consistency_proof, inclusion_proof
from answerable.log.note import MAX_NOTE
from answerable.log.tiles import CHECKPOINT
from answerable.log.trust import Trust
from answerable.model.leaves import ShardLeaf
from answerable.net.source import Source
from answerable.tiles.tree import Tree

# Bundles of the root log that are read back from its end. A root records each shard once a second while it grows, so
# what is not found in so many leaves is of a shard that has not grown since.
LOOK_BACK: Final = 4096
_MARK: Final = b'"k":"shard"'


def join(head: Checkpoint, shard: Source, root: Source, trust: Trust) -> Joint:
    """The proof for a shard's checkpoint `head`. trust: believes the root log.

    Raises Unavailable ``log.unjoined`` where the root log has not recorded so much of the shard yet, ``source.*``;
    VerificationError ``source.wrong``, ``log.proof`` (the two logs tell different stories) and as `Trust.check`.
    """
    note = root.get(CHECKPOINT, MAX_NOTE)
    if note is None:
        raise Unavailable("source.missing", source=root.name, path=CHECKPOINT)
    root_head = trust.check(note)
    tree = Tree(root_head, (root,))
    index, data, leaf = _recorded(tree, head)
    recorded = Checkpoint(head.origin, leaf.size, _root(leaf))
    proof: list[bytes] = []
    if leaf.size > head.size:
        proof = consistency_proof(Tree(recorded, (shard,)).tile, head.size, leaf.size)
    joint = Joint(tuple(proof), data, index, tuple(inclusion_proof(tree.tile, index, root_head.size)), note)
    verify(joint, head, trust)
    return joint


def _recorded(tree: Tree, head: Checkpoint) -> tuple[int, bytes, ShardLeaf]:
    """The newest leaf of the shard. It covers `head`, or nothing does: what is recorded of a shard only grows."""
    last = (tree.head.size - 1) // TILE_WIDTH if tree.head.size else -1
    for n in range(last, max(-1, last - LOOK_BACK), -1):
        entries = tree.bundle(n)[1]
        for at in range(len(entries) - 1, -1, -1):
            if _MARK not in entries[at]:
                continue
            leaf = decode(entries[at])
            if isinstance(leaf, ShardLeaf) and leaf.origin == head.origin:
                if leaf.size < head.size:
                    raise Unavailable("log.unjoined", origin=head.origin, size=head.size, recorded=leaf.size)
                return n * TILE_WIDTH + at, entries[at], leaf
    raise Unavailable("log.unjoined", origin=head.origin, size=head.size, recorded=0)


def _root(leaf: ShardLeaf) -> bytes:
    try:
        return bytes.fromhex(leaf.root)
    except ValueError:
        raise VerificationError("log.joint", detail="the root log's leaf holds no root") from None
