# SPDX-License-Identifier: Apache-2.0
"""From one log into another: the proof that a root log recorded a shard's checkpoint (`docs/spec/tiles.md`).

The shard's tree as a receipt knows it is a prefix of the tree that a `shard` leaf records, and that leaf stands in the
root log. So whoever believes the root log's head need not have seen the shard's.
"""

from __future__ import annotations

from dataclasses import dataclass

from answerable.errors import VerificationError
from answerable.log.head import Checkpoint
from answerable.log.leaf import decode, leaf_hash
from answerable.log.merkle import verify_consistency, verify_inclusion
from answerable.log.trust import Trust
from answerable.model.leaves import ShardLeaf


@dataclass(frozen=True, slots=True)
class Joint:
    """consistency: from the shard's tree to the one that `leaf` records, () where they are the same; leaf: the bytes of
    the shard leaf; index, path: where it stands in the root log; note: the root log's signed checkpoint."""

    consistency: tuple[bytes, ...]
    leaf: bytes
    index: int
    path: tuple[bytes, ...]
    note: bytes


def verify(joint: Joint, shard: Checkpoint, trust: Trust) -> Checkpoint:
    """The root log's head, if `trust` believes it and it covers `shard`. Whether the shard itself is signed is not
    asked: a root log records no checkpoint that it has not verified.

    Raises VerificationError ``log.joint`` for a leaf of another log or an earlier tree, ``log.proof``, ``log.leaf``,
    and what `Trust.check` raises.
    """
    head = trust.check(joint.note)
    verify_inclusion(leaf_hash(joint.leaf), joint.index, head.size, joint.path, head.root)
    leaf = decode(joint.leaf)
    if not isinstance(leaf, ShardLeaf):
        raise VerificationError("log.joint", detail="the root log's leaf records no shard")
    if leaf.origin != shard.origin or head.origin == shard.origin:
        raise VerificationError("log.joint", detail="the root log's leaf is of another log")
    if leaf.size < shard.size:
        raise VerificationError("log.joint", detail="the root log's leaf is of an earlier tree")
    try:
        root = bytes.fromhex(leaf.root)
    except ValueError:
        raise VerificationError("log.joint", detail="the root log's leaf holds no root") from None
    verify_consistency(shard.size, shard.root, leaf.size, root, joint.consistency)
    return head
