# SPDX-License-Identifier: Apache-2.0
from __future__ import annotations

import os
from pathlib import Path

import pytest

from answerable import durable
from answerable.crypto import ed25519
from answerable.errors import AnswerableError, Unavailable, VerificationError
from answerable.log.note import Kind, VerifierKey
from answerable.witness import files
from answerable.witness.files import Folder, guarded
from tests.witnesses import LOG_KEYS


def code(call: object, *args: object) -> str:
    with pytest.raises(AnswerableError) as caught:
        call(*args)  # type: ignore[operator]
    return caught.value.code


def test_a_new_witness_has_two_keys_of_its_own_and_watches_nothing(tmp_path: Path) -> None:
    folder = Folder.create(tmp_path / "w", "w1.example.com")
    keys = folder.keys()
    assert [key.kind for key in keys.verifiers] == [Kind.COSIGNATURE, Kind.MLDSA]
    assert {key.name for key in keys.verifiers} == {"w1.example.com"}
    assert Folder(tmp_path / "w").keys().verifiers == keys.verifiers
    assert folder.logs().logs == ()
    for path in (tmp_path / "w" / "keys").iterdir():
        assert path.stat().st_mode & 0o777 == 0o600
    assert (tmp_path / "w").stat().st_mode & 0o777 == 0o700


def test_it_is_never_made_over_another(tmp_path: Path) -> None:
    Folder.create(tmp_path / "w", "w1.example.com")
    before = Folder(tmp_path / "w").keys().verifiers
    assert code(Folder.create, tmp_path / "w", "w1.example.com") == "witness.exists"
    assert Folder(tmp_path / "w").keys().verifiers == before
    assert code(Folder, tmp_path / "none") == "witness.missing"


@pytest.mark.parametrize("name", ["", "a b", "a+b", "n" * 256])
def test_a_name_that_no_key_bears(tmp_path: Path, name: str) -> None:
    assert code(Folder.create, tmp_path / "w", name) == "log.note"
    assert not (tmp_path / "w").exists()


def test_logs_are_added_once_and_kept(tmp_path: Path) -> None:
    folder = Folder.create(tmp_path / "w", "w1.example.com")
    folder.watch(str(LOG_KEYS[0]), "https://log.example.com")
    folder.watch(str(LOG_KEYS[1]))
    assert set(folder.logs().logs) == set(LOG_KEYS)
    assert folder.logs().urls == {str(LOG_KEYS[0]): "https://log.example.com"}
    for wrong in (str(LOG_KEYS[0]), str(folder.keys().verifiers[0]), "rubbish", f"{LOG_KEYS[0]}\nquorum none"):
        assert code(folder.watch, wrong) == "log.trust"
    assert set(folder.logs().logs) == set(LOG_KEYS)


def test_one_process_signs(tmp_path: Path) -> None:
    folder = Folder.create(tmp_path / "w", "w1.example.com")
    held = folder.hold()
    assert code(folder.hold) == "witness.state"
    os.close(held)
    os.close(folder.hold())


def test_a_file_is_replaced_whole_and_on_the_disk(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "f").write_bytes(b"old")
    synced: list[str] = []
    fsync = os.fsync
    monkeypatch.setattr(
        os, "fsync", lambda file: (synced.append(os.path.realpath(f"/proc/self/fd/{file}")), fsync(file))
    )
    durable.replace(tmp_path / "f", b"new")
    assert (tmp_path / "f").read_bytes() == b"new"
    assert synced == [str(tmp_path / "f.new"), str(tmp_path)]
    monkeypatch.setattr(os, "write", lambda _file, data: len(data) - 1)
    with pytest.raises(OSError, match="space"):
        durable.replace(tmp_path / "f", b"newer")
    assert (tmp_path / "f").read_bytes() == b"new"


def test_what_the_disk_does_not_do_is_said(tmp_path: Path) -> None:
    with pytest.raises(Unavailable) as caught:
        guarded(tmp_path, (tmp_path / "none").read_bytes)
    assert caught.value.code == "witness.state"
    assert files.PURPOSE == "witness"


def test_a_log_whose_name_no_cosignature_holds_is_not_watched(tmp_path: Path) -> None:
    """Else its first checkpoint would be written, never signed, and keep the witness from starting again."""
    folder = Folder.create(tmp_path / "w", "w.invalid")
    key = ed25519.Key.generate()
    folder.watch(str(VerifierKey.of("l" * 255, key.public)))
    with pytest.raises(VerificationError) as caught:
        folder.watch(str(VerifierKey.of("l" * 256, ed25519.Key.generate().public)))
    assert caught.value.code == "log.note"
    assert [each.name for each in folder.logs().logs] == ["l" * 255]
