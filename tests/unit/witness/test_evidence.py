# SPDX-License-Identifier: Apache-2.0
from __future__ import annotations

from pathlib import Path

import msgspec
import pytest

from answerable.crypto.ed25519 import Key
from answerable.errors import Unavailable, VerificationError
from answerable.log import note as notes
from answerable.log.note import VerifierKey
from answerable.witness import evidence
from answerable.witness.evidence import Evidence, keep, kept
from tests.ledger import ORIGIN
from tests.witnesses import LOG_KEYS, head_note

SEEN, SHOWN = head_note(5, b"\x01" * 32), head_note(5, b"\x02" * 32)


def found(seen: bytes = SEEN, shown: bytes = SHOWN, at: int = 1, conclusive: bool = True) -> Evidence:
    return Evidence(
        at=at, conclusive=conclusive, old=5, origin=ORIGIN, proof=[], seen=seen.decode(), shown=shown.decode()
    )


def test_both_checkpoints_are_kept_and_convict_the_log(tmp_path: Path) -> None:
    path = keep(tmp_path, found(), notes.parse(SHOWN))
    assert path is not None
    ((where, read),) = kept(tmp_path)
    assert (where, read) == (path, found())
    read.check(LOG_KEYS)
    assert [head.root[:1] for head in read.heads] == [b"\x01", b"\x02"]


def test_one_contradiction_is_kept_once(tmp_path: Path) -> None:
    assert keep(tmp_path, found(), notes.parse(SHOWN)) is not None
    assert keep(tmp_path, found(at=2), notes.parse(SHOWN)) is None
    assert [entry.at for _, entry in kept(tmp_path)] == [1]


def test_no_log_fills_the_disk_with_its_guilt(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(evidence, "MAX_KEPT", 2)
    for n in range(4):
        shown = head_note(5, bytes((9, n)) * 16)
        keep(tmp_path, found(shown=shown, at=n), notes.parse(shown))
    assert [entry.at for _, entry in kept(tmp_path)] == [0, 1]


def test_what_anybody_can_bring_about_takes_no_place_from_what_convicts(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(evidence, "MAX_KEPT", 2)
    for size in (6, 7, 8):
        shown = head_note(size, b"\x02" * 32)
        keep(tmp_path, found(shown=shown, at=size, conclusive=False), notes.parse(shown))
    # The same checkpoint that came with a bad proof first is met again when it contradicts by itself.
    keep(tmp_path, found(seen=head_note(7), shown=head_note(7, b"\x02" * 32)), notes.parse(head_note(7, b"\x02" * 32)))
    assert [entry.conclusive for _, entry in kept(tmp_path)] == [True, False, False]


@pytest.mark.parametrize(
    ("entry", "code"),
    [
        (found(conclusive=False), "log.checkpoint"),
        (found(shown=head_note(6)), "log.checkpoint"),
        (found(shown=SEEN), "log.checkpoint"),
        (msgspec.structs.replace(found(), origin="other.invalid"), "log.untrusted"),
        (found(shown=SHOWN.replace(b"\n5\n", b"\n6\n")), "log.signature"),
    ],
)
def test_what_convicts_nobody(entry: Evidence, code: str) -> None:
    with pytest.raises(VerificationError) as caught:
        entry.check(LOG_KEYS)
    assert caught.value.code == code


def test_a_log_is_not_convicted_by_the_key_of_another(tmp_path: Path) -> None:
    with pytest.raises(VerificationError) as caught:
        found().check((VerifierKey.of(ORIGIN, Key.from_seed(b"\x09" * 32).public),))
    assert caught.value.code == "log.untrusted"
    found(shown=head_note(6), conclusive=False).check(LOG_KEYS)


def test_a_file_that_cannot_be_read_is_said(tmp_path: Path) -> None:
    (tmp_path / "a-b.json").write_text('{"at": 1}')
    with pytest.raises(Unavailable) as caught:
        kept(tmp_path)
    assert caught.value.code == "witness.state"
