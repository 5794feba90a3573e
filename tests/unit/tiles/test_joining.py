# SPDX-License-Identifier: Apache-2.0
"""Proofs from a shard into a root log, out of tiles alone."""

from __future__ import annotations

import pytest

from answerable.errors import AnswerableError
from answerable.log.head import Checkpoint
from answerable.log.joint import verify
from answerable.log.leaf import encode
from answerable.model.leaves import ShardLeaf
from answerable.tiles.joining import join
from answerable.tiles.live import Live
from tests.small_log import T0, key, nonce
from tests.tiled import Grown, entries

SHARD = Grown(entries(700), origin="shard.invalid/1")


def record(head: Checkpoint, n: str = "") -> bytes:
    return encode(ShardLeaf(n=nonce(f"{head} {n}"), origin=head.origin, root=head.root.hex(), size=head.size, t=T0))


def head_of(size: int, log: Grown = SHARD) -> Checkpoint:
    part = Grown(log.log[:size], origin=log.origin)
    return part.trust.check(part.note)


def root(*leaves: bytes) -> Grown:
    return Grown([*entries(300), *leaves, *entries(300)], origin="root.invalid", signer=key("root"))


def live(log: Grown) -> Live:
    return Live(log, log.published)


@pytest.mark.parametrize(("size", "recorded"), [(300, 700), (300, 300), (1, 257), (700, 700)])
def test_it_leads_from_any_checkpoint_into_the_root(size: int, recorded: int) -> None:
    over = root(record(head_of(1)), record(head_of(recorded)), record(Checkpoint("shard.invalid/2", 9, bytes(32))))
    joint = join(head_of(size), live(SHARD), live(over), over.trust)
    assert verify(joint, head_of(size), over.trust) == over.trust.check(over.note)
    assert joint.index == 301
    assert (joint.consistency == ()) is (size == recorded)


@pytest.mark.parametrize(
    ("leaves", "code"),
    [
        ([], "log.unjoined"),
        ([record(head_of(200))], "log.unjoined"),
        ([record(Checkpoint("shard.invalid/2", 700, bytes(32)))], "log.unjoined"),
        ([record(Checkpoint(SHARD.origin, 400, bytes(32)))], "source.wrong"),
        ([record(Checkpoint(SHARD.origin, 300, bytes(32)))], "log.proof"),
    ],
)
def test_what_does_not_lead_there(leaves: list[bytes], code: str) -> None:
    over = root(*leaves)
    with pytest.raises(AnswerableError) as caught:
        join(head_of(300), live(SHARD), live(over), over.trust)
    assert caught.value.code == code


def test_the_root_log_must_be_believed_and_be_there() -> None:
    over = root(record(head_of(300)))
    with pytest.raises(AnswerableError) as caught:
        join(head_of(300), live(SHARD), live(over), SHARD.trust)
    assert caught.value.code == "log.untrusted"
    over.note = b""
    with pytest.raises(AnswerableError) as caught:
        join(head_of(300), live(SHARD), live(over), over.trust)
    assert caught.value.code == "source.missing"
