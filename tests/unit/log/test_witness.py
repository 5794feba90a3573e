# SPDX-License-Identifier: Apache-2.0
from __future__ import annotations

import hashlib

import pytest

from answerable.errors import AnswerableError
from answerable.log import note as notes
from answerable.log.witness import (
    MAX_PROOF,
    MAX_REQUEST,
    MAX_TURNS,
    SIZE_TYPE,
    Dialogue,
    Request,
    origin_hash,
    parse,
    write,
)
from tests.witnesses import Growing, cosignature, head_note, witness_key

# The example of the specification, its checkpoint without the signatures.
EXAMPLE = (
    b"old 20852014\n"
    b"PlRNCrwHpqhGrupue0L7gxbjbMiKA9temvuZZDDpkaw=\n"
    b"jrJZDmY8Y7SyJE0MWLpLozkIVMSMZcD5kvuKxPC3swk=\n"
    b"5+pKlUdi2LeF/BcMHBn+Ku6yhPGNCswZZD1X/6QgPd8=\n"
    b"/6WVhPs2CwSsb5rYBH5cjHV/wSmA79abXAwhXw3Kj/0=\n"
    b"\n"
    b"example.com/behind-the-sofa\n20852163\nCsUYapGGPo4dkMgIAUqom/Xajj7h2fB2MPA3j2jxq2I=\n\n"
)
NOTE = notes.parse(head_note(9))
KEYS = (witness_key("a"), witness_key("b"))


def code(call: object, *args: object) -> str:
    with pytest.raises(AnswerableError) as caught:
        call(*args)  # type: ignore[operator]
    return caught.value.code


def lines(*names: str, time: int = 1_763_782_764) -> bytes:
    return "".join(cosignature(NOTE, name, time).line for name in names).encode()


def test_the_example_of_the_specification_reads_back() -> None:
    request = parse(EXAMPLE)
    assert (request.old, len(request.proof)) == (20852014, 4)
    assert write(request) == EXAMPLE
    first = Request(0, (), head_note(1))
    assert parse(write(first)) == first
    assert write(first).startswith(b"old 0\n\ntest.invalid/log\n1\n")


def test_the_origin_hash() -> None:
    assert origin_hash("example.com/log") == hashlib.sha256(b"example.com/log").hexdigest()


@pytest.mark.parametrize(
    "data",
    [
        b"",
        b"old 1\n",
        b"old 01\n\nx",
        b"old -1\n\nx",
        b"old  1\n\nx",
        b"old 1 \n\nx",
        b"old 9007199254740992\n\nx",
        "old ٣\n\nx".encode(),
        b"old 1\nAAAA\n\nx",
        b"old 1\n" + b"A" * 43 + b"\n\nx",
        b"old 1\n\xff\n\nx",
        b"old 1\r\n\r\nx",
        b"old 1\n" + EXAMPLE.split(b"\n")[1] + b"\n" + EXAMPLE.split(b"\n")[1] * MAX_PROOF + b"\n\nx",
        b"old 1\n" + (EXAMPLE.split(b"\n")[1] + b"\n") * (MAX_PROOF + 1) + b"\nx",
        b"old 1\n\n" + b"x" * MAX_REQUEST,
    ],
)
def test_what_is_no_request(data: bytes) -> None:
    assert code(parse, data) == "witness.request"


def test_63_proof_lines_are_taken() -> None:
    assert len(parse(b"old 1\n" + (EXAMPLE.split(b"\n")[1] + b"\n") * MAX_PROOF + b"\nx").proof) == MAX_PROOF


def test_a_witness_that_knows_nothing_yet() -> None:
    dialogue = Dialogue("a", KEYS, NOTE, 0)
    assert (dialogue.old, dialogue.size) == (0, 9)
    assert dialogue.request([]) == b"old 0\n\n" + NOTE.data
    assert [each.name for each in dialogue.take(200, "text/plain", lines("a", "b"))] == ["a.invalid", "b.invalid"]


def test_a_conflict_is_asked_again_from_where_the_witness_is() -> None:
    log = Growing().grow(9)
    dialogue = Dialogue("a", KEYS, NOTE, 7)
    assert dialogue.old == 7
    assert dialogue.take(409, SIZE_TYPE, b"4\n") == ()
    assert dialogue.old == 4
    assert parse(dialogue.request(log.proof(4, 9))).proof == tuple(log.proof(4, 9))
    assert dialogue.take(200, "text/plain", lines("a"))


def test_a_conflict_has_an_end() -> None:
    dialogue = Dialogue("a", KEYS, NOTE, 0)
    for size in range(1, MAX_TURNS):
        dialogue.take(409, SIZE_TYPE, f"{size}\n".encode())
    assert code(dialogue.take, 409, SIZE_TYPE, b"8\n") == "witness.answer"


def test_a_witness_that_saw_more_than_there_is() -> None:
    with pytest.raises(AnswerableError) as caught:
        Dialogue("a", KEYS, NOTE, 0).take(409, SIZE_TYPE, b"10\n")
    assert (caught.value.code, caught.value.params["size"], caught.value.params["own"]) == ("witness.ahead", 10, 9)


def test_more_than_the_log_has_is_never_asked_from() -> None:
    assert Dialogue("a", KEYS, NOTE, 12).old == 9


@pytest.mark.parametrize(
    ("status", "kind", "body", "expected"),
    [
        (400, "text/plain", b"no", "witness.request"),
        (403, "text/plain", b"no", "witness.untrusted"),
        (404, "text/plain", b"no", "witness.unknown_log"),
        (422, "text/plain", b"no", "witness.inconsistent"),
        (409, "text/plain", b"4\n", "witness.answer"),
        (409, SIZE_TYPE, b"4", "witness.answer"),
        (409, SIZE_TYPE, b"04\n", "witness.answer"),
        (409, SIZE_TYPE, b"four\n", "witness.answer"),
        (409, SIZE_TYPE, b"9" * 30 + b"\n", "witness.answer"),
        (500, "text/plain", b"", "witness.answer"),
        (301, "text/plain", b"", "witness.answer"),
        (200, "text/plain", b"", "witness.answer"),
        (200, "text/plain", b"\xff", "witness.answer"),
        (200, "text/plain", b"rubbish\n", "witness.answer"),
        (200, "text/plain", lines("c"), "witness.answer"),
        (200, "text/plain", lines("a")[:-1], "witness.answer"),
        (200, "text/plain", lines("a") * 2, "witness.answer"),
        (200, "text/plain", lines("a", time=0), "witness.answer"),
        (200, "text/plain", lines("a").replace(b"a.invalid", b"b.invalid"), "witness.answer"),
    ],
)
def test_every_other_answer(status: int, kind: str, body: bytes, expected: str) -> None:
    assert code(Dialogue("a", KEYS, NOTE, 0).take, status, kind, body) == expected


def test_a_cosignature_of_another_checkpoint_is_none() -> None:
    other = notes.parse(head_note(8))
    assert code(Dialogue("a", KEYS, NOTE, 0).take, 200, "", cosignature(other, "a").line.encode()) == "witness.answer"


def test_strangers_among_the_signatures_are_passed_over() -> None:
    found = Dialogue("a", KEYS[:1], NOTE, 0).take(200, "text/plain", lines("a", "c"))
    assert [each.name for each in found] == ["a.invalid"]
