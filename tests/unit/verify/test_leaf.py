# SPDX-License-Identifier: Apache-2.0
from __future__ import annotations

import dataclasses

import pytest

from answerable.errors import AnswerableError
from answerable.log import checkpoint, note
from answerable.log.proof import Proof, write
from answerable.log.trust import Trust
from answerable.model.leaves import OpenLeaf
from answerable.verify.leaf import MAX_PROOF, verify
from tests.small_log import ORIGIN, key, world

WORLD = world()
TRUST = WORLD.log.trust
PROVED = WORLD.log.proved(WORLD.log.index(WORLD.rids["open"]))
GOOD = Proof(PROVED.leaf, PROVED.index, PROVED.path, WORLD.log.checkpoint())
FILE = write(GOOD)


def code(data: bytes, trust: Trust = TRUST, leaf: bytes | None = None) -> str:
    with pytest.raises(AnswerableError) as caught:
        verify(data, trust, leaf)
    return caught.value.code


def changed(**parts: object) -> bytes:
    return write(dataclasses.replace(GOOD, **parts))  # type: ignore[arg-type]


def test_a_leaf_stands_in_a_log() -> None:
    found = verify(FILE, TRUST)
    assert (found.rid, found.origin, found.index, found.size) == (WORLD.rids["open"], ORIGIN, 13, 15)
    assert (found.data, found.root) == (PROVED.leaf, WORLD.log.frontier.root())
    assert isinstance(found.leaf, OpenLeaf)


def test_the_leaf_may_come_from_elsewhere() -> None:
    bare = changed(extra=b"")
    assert verify(bare, TRUST, PROVED.leaf).rid == WORLD.rids["open"]
    assert code(bare) == "receipt.leafless"
    assert code(bare, leaf=PROVED.leaf + b" ") == "log.proof"
    assert code(bare, leaf=b"x" * 65_536) == "receipt.malformed"


def test_every_leaf_of_the_log_has_such_a_file() -> None:
    for index, data in enumerate(WORLD.log.leaves):
        proved = WORLD.log.proved(index)
        assert verify(write(Proof(data, index, proved.path, GOOD.checkpoint)), TRUST).data == data


def test_every_flipped_byte_is_refused() -> None:
    for place in range(len(FILE)):
        for bit in (0x01, 0x80):
            broken = bytearray(FILE)
            broken[place] ^= bit
            assert code(bytes(broken))


def test_refusals() -> None:
    assert code(changed(path=PROVED.path[:-1])) == "log.proof"
    assert code(changed(path=(*PROVED.path, bytes(32)))) == "log.proof"
    assert code(changed(index=PROVED.index - 1)) == "log.proof"
    assert code(changed(extra=WORLD.log.leaves[0])) == "log.proof"
    assert code(FILE, Trust((note.VerifierKey.of(ORIGIN, key("other").public),))) == "log.untrusted"
    assert code(changed(checkpoint=checkpoint.sign(ORIGIN, 15, bytes(32), key("log")))) == "log.proof"
    assert code(FILE.ljust(MAX_PROOF + 1, b"\n")) == "receipt.malformed"


def test_what_is_no_leaf_of_ours_is_refused_though_it_stands_there() -> None:
    log = world().log
    from answerable.log.leaf import leaf_hash

    log.leaves.append(b"words")
    log.tiles.update(log.frontier.append([leaf_hash(b"words")]))
    proved = log.proved(15)
    assert code(write(Proof(b"words", 15, proved.path, log.checkpoint()))) == "log.leaf"
