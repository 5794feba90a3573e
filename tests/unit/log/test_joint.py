# SPDX-License-Identifier: Apache-2.0
"""From a shard's tree into a root log: every link is asked for."""

from __future__ import annotations

from dataclasses import replace

import pytest

from answerable.errors import VerificationError
from answerable.log.head import Checkpoint
from answerable.log.joint import Joint, verify
from answerable.log.leaf import encode
from answerable.log.merkle import consistency_proof, inclusion_proof
from answerable.log.trust import Trust
from answerable.model.leaves import RefusalsLeaf, ShardLeaf
from tests.small_log import T0, key, nonce
from tests.tiled import Grown, entries

SHARD = Grown(entries(300), origin="shard.invalid/1")
EARLY = SHARD.trust.check(SHARD.note)
SHARD.grow(entries(400, 300))
LATE = SHARD.trust.check(SHARD.note)


def shard_leaf(head: Checkpoint, **changes: object) -> bytes:
    members = {"origin": head.origin, "root": head.root.hex(), "size": head.size, **changes}
    return encode(ShardLeaf(n=nonce("shard"), t=T0, **members))  # type: ignore[arg-type]


def root_over(leaf: bytes) -> Grown:
    return Grown([*entries(40), leaf, *entries(7)], origin="root.invalid", signer=key("root"))


def joint(leaf: bytes, old: int = EARLY.size, new: int = LATE.size) -> tuple[Joint, Trust]:
    root = root_over(leaf)
    proof = tuple(consistency_proof(SHARD.tile, old, new)) if old != new else ()
    return Joint(proof, leaf, 40, tuple(inclusion_proof(root.tile, 40, 48)), root.note), root.trust


def test_a_shards_tree_is_a_prefix_of_what_the_root_recorded() -> None:
    made, trust = joint(shard_leaf(LATE))
    head = verify(made, EARLY, trust)
    assert (head.origin, head.size) == ("root.invalid", 48)
    same, trust = joint(shard_leaf(LATE), LATE.size)
    assert verify(same, LATE, trust) == head


@pytest.mark.parametrize(
    ("leaf", "code"),
    [
        (shard_leaf(LATE, origin="shard.invalid/2"), "log.joint"),
        (shard_leaf(LATE, size=299), "log.joint"),
        (shard_leaf(LATE, root="zz"), "log.joint"),
        (shard_leaf(LATE, root="00" * 32), "log.proof"),
        (shard_leaf(LATE, root="00"), "log.proof"),
        (encode(RefusalsLeaf(n=nonce("x"), num={}, t=T0, t0=T0)), "log.joint"),
        (b"no leaf", "log.leaf"),
    ],
)
def test_a_leaf_that_says_something_else(leaf: bytes, code: str) -> None:
    made, trust = joint(leaf)
    with pytest.raises(VerificationError) as caught:
        verify(made, EARLY, trust)
    assert caught.value.code == code


def test_every_part_counts() -> None:
    made, trust = joint(shard_leaf(LATE))
    for changed in (
        replace(made, consistency=()),
        replace(made, consistency=made.consistency[::-1]),
        replace(made, consistency=(*made.consistency, bytes(32))),
        replace(made, index=41),
        replace(made, path=made.path[:-1]),
        replace(made, leaf=shard_leaf(LATE, x={"a": 1})),
    ):
        with pytest.raises(VerificationError) as caught:
            verify(changed, EARLY, trust)
        assert caught.value.code == "log.proof"
    with pytest.raises(VerificationError) as caught:
        verify(made, EARLY, SHARD.trust)
    assert caught.value.code == "log.untrusted"


def test_a_log_is_not_its_own_root() -> None:
    leaf = shard_leaf(Checkpoint("root.invalid", LATE.size, LATE.root))
    made, trust = joint(leaf)
    with pytest.raises(VerificationError) as caught:
        verify(made, Checkpoint("root.invalid", EARLY.size, EARLY.root), trust)
    assert caught.value.code == "log.joint"
