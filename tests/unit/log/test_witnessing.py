# SPDX-License-Identifier: Apache-2.0
from __future__ import annotations

import pytest

from answerable.crypto.b64 import b64
from answerable.errors import Refused
from answerable.log import note as notes
from answerable.log.head import Checkpoint
from answerable.log.witness import Request
from answerable.log.witnessing import judge, shown, two_faces
from tests.ledger import ORIGIN, SIGNER
from tests.witnesses import LOG_KEYS, Growing, cosigned, head_note, signer

LOGS = {ORIGIN: LOG_KEYS}


def code(call: object, *args: object) -> str:
    with pytest.raises(Refused) as caught:
        call(*args)  # type: ignore[operator]
    return caught.value.code


def test_a_checkpoint_of_a_known_log_with_its_own_signatures_alone() -> None:
    found = shown(Request(0, (), cosigned(head_note(5), "ab")), LOGS)
    assert (found.head.origin, found.head.size) == (ORIGIN, 5)
    assert [each.name for each in found.note.signatures] == [ORIGIN, ORIGIN]
    one = shown(Request(0, (), head_note(5)), {ORIGIN: LOG_KEYS[:1]})
    assert len(one.note.signatures) == 1


@pytest.mark.parametrize(
    ("note", "expected"),
    [
        (b"", "witness.request"),
        (b"rubbish\n", "witness.request"),
        (notes.sign("words\n", "other.invalid", SIGNER), "witness.unknown_log"),
        (notes.sign(f"{ORIGIN}\nwords\n", ORIGIN, SIGNER), "witness.request"),
        (notes.sign(f"{ORIGIN}\n5\n{b64(bytes(32))}\nextension\n", ORIGIN, SIGNER), "witness.request"),
        (notes.sign(f"{ORIGIN}\n5\n{b64(bytes(32))}\n", ORIGIN, signer("a")), "witness.untrusted"),
        (notes.sign(f"{ORIGIN}\n5\n{b64(bytes(32))}\n", "other.invalid", SIGNER), "witness.untrusted"),
        (head_note(5).replace(b"\n5\n", b"\n6\n"), "witness.untrusted"),
        (notes.sign(f"{ORIGIN}\n0\n{b64(bytes(32))}\n", ORIGIN, SIGNER), "witness.inconsistent"),
    ],
)
def test_what_is_not_taken(note: bytes, expected: str) -> None:
    assert code(shown, Request(0, (), note), LOGS) == expected


def test_each_next_one_continues_the_one_before() -> None:
    log, seen = Growing(), None
    for size in (1, 2, 3, 8, 8, 9, 200, 600):
        log.grow(size)
        judge(seen, log.request(seen.size if seen else 0), log.head)
        seen = log.head


def test_the_old_size_must_be_what_was_seen() -> None:
    log = Growing().grow(8)
    seen = log.head
    log.grow(12)
    for old in (0, 7, 9):
        with pytest.raises(Refused) as caught:
            judge(seen, log.request(old), log.head)
        assert (caught.value.code, caught.value.params["size"]) == ("witness.conflict", 8)
    with pytest.raises(Refused) as caught:
        judge(None, log.request(3), log.head)
    assert (caught.value.code, caught.value.params["size"]) == ("witness.conflict", 0)


def test_an_old_size_beyond_the_new_is_no_request() -> None:
    log = Growing().grow(8)
    assert code(judge, log.head, Request(9, (), log.note), log.head) == "witness.request"


def test_what_does_not_follow() -> None:
    log = Growing().grow(8)
    seen = log.head
    log.grow(12)
    fork = Growing("other").grow(12, shared=7)
    assert code(judge, seen, fork.request(8), fork.head) == "witness.inconsistent"
    assert code(judge, seen, Request(8, (), log.note), log.head) == "witness.inconsistent"
    spare = (*log.request(8).proof, bytes(32))
    assert code(judge, seen, Request(8, spare, log.note), log.head) == "witness.inconsistent"
    assert code(judge, None, Request(0, spare, log.note), log.head) == "witness.inconsistent"


def test_one_size_has_one_root() -> None:
    log, fork = Growing().grow(8), Growing("other").grow(8, shared=7)
    assert code(judge, log.head, Request(8, (), fork.note), fork.head) == "witness.inconsistent"
    judge(log.head, Request(8, (), log.note), log.head)
    assert code(judge, log.head, Request(8, (bytes(32),), log.note), log.head) == "witness.inconsistent"


def test_two_faces_are_one_size_with_two_roots() -> None:
    log, fork = Growing().grow(8), Growing("other").grow(8, shared=7)
    assert two_faces(log.head, fork.head)
    assert not two_faces(log.head, log.head)
    assert not two_faces(None, log.head)
    assert not two_faces(log.head, fork.grow(9).head)
    assert not two_faces(log.head, Checkpoint("other.invalid", 8, bytes(32)))
