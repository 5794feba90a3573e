# SPDX-License-Identifier: Apache-2.0
from __future__ import annotations

import shutil
from collections.abc import Callable
from pathlib import Path

import pytest

from answerable import durable
from answerable.errors import AnswerableError, Unavailable
from answerable.log import cosignature
from answerable.log import note as notes
from answerable.log.note import Note, Signature
from answerable.log.witness import Request, origin_hash, write
from answerable.witness import witness as module
from answerable.witness.evidence import kept
from answerable.witness.files import Folder
from answerable.witness.witness import Witness
from tests.ledger import ORIGIN
from tests.witnesses import LOG_KEYS, Growing, cosigned, head_note

NOW_MS = 1_763_782_764_123
HASH = origin_hash(ORIGIN)


def new(path: Path, watching: bool = True) -> Witness:
    folder = Folder.create(path / "w", "w1.invalid")
    for key in LOG_KEYS if watching else ():
        folder.watch(str(key))
    return again(path)


def again(path: Path) -> Witness:
    return Witness(Folder(path / "w"), lambda: NOW_MS)


def code(call: Callable[..., object], *args: object) -> str:
    with pytest.raises(AnswerableError) as caught:
        call(*args)
    return caught.value.code


def checked(witness: Witness, log: Growing, signatures: tuple[Signature, ...]) -> None:
    """The cosignatures are this witness's, both of them, over this head, and of now."""
    note = Note(log.head.text, signatures)
    assert notes.verified(note, witness.keys.verifiers) == witness.keys.verifiers
    assert {cosignature.time_of(each.value) for each in signatures} == {NOW_MS // 1000}


def test_it_cosigns_what_continues(tmp_path: Path) -> None:
    witness, log = new(tmp_path), Growing()
    assert witness.checkpoint(HASH) is None
    old = 0
    for size in (1, 2, 2, 7, 300):
        log.grow(size)
        checked(witness, log, witness.add(write(log.request(old))))
        served = witness.checkpoint(HASH)
        assert served is not None
        assert set(notes.verified(notes.parse(served), (*LOG_KEYS, *witness.keys.verifiers))) == {
            *LOG_KEYS,
            *witness.keys.verifiers,
        }
        old = size
    assert witness.checkpoint("0" * 64) is None
    witness.close()


def test_it_forgets_nothing_when_it_ends(tmp_path: Path) -> None:
    witness, log = new(tmp_path), Growing().grow(5)
    witness.add(write(log.request(0)))
    witness.close()
    witness = again(tmp_path)
    assert code(witness.add, write(log.request(0))) == "witness.conflict"
    fork = Growing("other").grow(9, shared=4)
    assert code(witness.add, write(fork.request(5))) == "witness.inconsistent"
    witness.add(write(log.grow(9).request(5)))
    witness.close()


def test_the_cosignatures_of_others_are_not_kept(tmp_path: Path) -> None:
    witness, log = new(tmp_path), Growing().grow(5)
    witness.add(write(Request(0, (), cosigned(log.note, "ab"))))
    served = notes.parse(witness.checkpoint(HASH) or b"")
    assert {each.name for each in served.signatures} == {ORIGIN, "w1.invalid"}
    witness.close()


def test_two_faces_are_kept_as_evidence_whatever_the_answer_is(tmp_path: Path) -> None:
    witness, log = new(tmp_path), Growing().grow(5)
    witness.add(write(log.request(0)))
    fork = Growing("other").grow(5, shared=4)
    assert code(witness.add, write(Request(0, (), fork.note))) == "witness.conflict"
    assert code(witness.add, write(Request(5, (), fork.note))) == "witness.inconsistent"
    ((_, found),) = kept(tmp_path / "w" / "evidence")
    assert found.conclusive
    found.check(LOG_KEYS)
    assert [head.root for head in found.heads] == [log.head.root, fork.head.root]
    assert witness.checkpoint(HASH) != fork.note
    checked(witness, log, witness.add(write(Request(5, (), log.note))))
    witness.close()


def test_a_later_head_of_another_history_is_kept_with_its_proof(tmp_path: Path) -> None:
    witness, log = new(tmp_path), Growing().grow(5)
    witness.add(write(log.request(0)))
    fork = Growing("other").grow(8, shared=4)
    assert code(witness.add, write(fork.request(5))) == "witness.inconsistent"
    ((_, found),) = kept(tmp_path / "w" / "evidence")
    assert (found.conclusive, found.old, len(found.proof)) == (False, 5, len(fork.proof(5, 8)))
    found.check(LOG_KEYS)
    witness.close()


def test_nothing_is_kept_of_what_no_log_signed(tmp_path: Path) -> None:
    witness, log = new(tmp_path), Growing().grow(5)
    witness.add(write(log.request(0)))
    assert code(witness.add, write(Request(5, (), head_note(5).replace(b"\n5\n", b"\n6\n")))) == "witness.untrusted"
    assert code(witness.add, write(Request(3, (), log.note))) == "witness.conflict"
    assert code(witness.add, b"old 5\nrubbish") == "witness.request"
    assert kept(tmp_path / "w" / "evidence") == []
    witness.close()


def test_a_log_that_it_does_not_watch(tmp_path: Path) -> None:
    witness, log = new(tmp_path, watching=False), Growing().grow(1)
    assert code(witness.add, write(log.request(0))) == "witness.unknown_log"
    Folder(tmp_path / "w").watch(str(LOG_KEYS[0]))  # while it runs
    assert witness.add(write(log.request(0)))
    witness.close()


def test_what_it_saw_is_on_the_disk_before_it_signs(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    witness, log = new(tmp_path), Growing().grow(5)
    request = write(log.request(0))

    class Killed(BaseException):
        pass

    def killed(*_: object) -> None:
        raise Killed

    with monkeypatch.context() as patch:
        patch.setattr(module.notes, "cosign", killed)
        with pytest.raises(Killed):
            witness.add(request)
    assert notes.parse((tmp_path / "w" / "seen" / HASH).read_bytes()).text == log.head.text
    witness.close()
    # Started again it knows what it saw, and has signed no other history meanwhile.
    witness = again(tmp_path)
    fork = Growing("other").grow(5, shared=4)
    assert code(witness.add, write(Request(0, (), fork.note))) == "witness.conflict"
    assert notes.parse(witness.checkpoint(HASH) or b"").text == log.head.text
    checked(witness, log, witness.add(write(Request(5, (), log.note))))
    witness.close()


@pytest.mark.parametrize("moment", [0, 1])
def test_what_it_cannot_keep_it_does_not_sign(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, moment: int) -> None:
    witness, log = new(tmp_path), Growing().grow(5)
    witness.add(write(log.request(0)))
    log.grow(9)
    calls = iter(range(10))
    write_it = durable.replace

    def failing(path: Path, data: bytes) -> None:
        if next(calls) == moment:
            raise OSError(28, "no space left on device")
        write_it(path, data)

    with monkeypatch.context() as patch:
        patch.setattr(durable, "replace", failing)
        assert code(witness.add, write(log.request(5))) == "witness.state"
    checked(witness, log, witness.add(write(log.request(9 if moment else 5))))
    witness.close()


def test_someone_else_wrote_its_state(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    witness, log = new(tmp_path), Growing().grow(5)
    witness.add(write(log.request(0)))
    seen = tmp_path / "w" / "seen" / HASH
    judge = module.judge

    def meanwhile(*args: object) -> None:
        judge(*args)  # type: ignore[arg-type]
        seen.write_bytes(log.grow(7).note)

    request = write(log.grow(6).request(5))
    monkeypatch.setattr(module, "judge", meanwhile)
    assert code(witness.add, request) == "witness.state"
    witness.close()


def test_a_state_that_no_log_signed_is_never_taken_for_none(tmp_path: Path) -> None:
    witness, log = new(tmp_path), Growing().grow(5)
    witness.add(write(log.request(0)))
    seen = tmp_path / "w" / "seen" / HASH
    seen.write_bytes(seen.read_bytes()[:-9])
    assert code(witness.add, write(log.request(0))) == "witness.state"
    witness.close()
    assert code(again, tmp_path) == "witness.state"


def test_an_older_state_beside_what_was_served_is_found(tmp_path: Path) -> None:
    witness, log = new(tmp_path), Growing().grow(5)
    witness.add(write(log.request(0)))
    seen = tmp_path / "w" / "seen" / HASH
    shutil.copy(seen, tmp_path / "backup")
    witness.add(write(log.grow(9).request(5)))
    witness.close()
    shutil.copy(tmp_path / "backup", seen)
    with pytest.raises(Unavailable, match="rolled back"):
        again(tmp_path)
    seen.unlink()
    with pytest.raises(Unavailable, match="rolled back"):
        again(tmp_path)
    served = seen.with_name(f"{HASH}.cosigned")
    served.write_bytes(served.read_bytes()[:40])
    with pytest.raises(Unavailable, match="no checkpoint"):
        again(tmp_path)


def test_one_process_at_a_time(tmp_path: Path) -> None:
    witness = new(tmp_path)
    assert code(again, tmp_path) == "witness.state"
    witness.close()
    witness.close()
    again(tmp_path).close()
