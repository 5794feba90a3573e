# SPDX-License-Identifier: Apache-2.0
from __future__ import annotations

from pathlib import Path

import pytest

from answerable.app import keys
from answerable.crypto import mldsa
from answerable.errors import AnswerableError


def test_keys_are_made_once_and_found_again(tmp_path: Path) -> None:
    made = keys.create(tmp_path)
    again = keys.load(tmp_path)
    assert (again.log.public, again.warrant.public) == (made.log.public, made.warrant.public)
    assert (again.index, again.payload) == (made.index, made.payload)
    assert len({made.log.public, made.warrant.public, made.index, made.payload}) == 4, "one key for one purpose"
    with pytest.raises(AnswerableError):
        keys.create(tmp_path)


def test_nobody_else_can_read_them(tmp_path: Path) -> None:
    keys.create(tmp_path)
    folder = tmp_path / keys.FOLDER
    assert folder.stat().st_mode & 0o077 == 0
    assert all(file.stat().st_mode & 0o777 == 0o600 for file in folder.iterdir())


@pytest.mark.parametrize("name", ["log.key", "warrant.key", "index.secret", "payload.secret"])
@pytest.mark.parametrize("harm", ["missing", "short", "open"])
def test_a_key_that_is_missing_damaged_or_open_to_others_is_no_start(tmp_path: Path, name: str, harm: str) -> None:
    keys.create(tmp_path)
    file = tmp_path / keys.FOLDER / name
    if harm == "missing":
        file.unlink()
    elif harm == "short":
        file.write_bytes(file.read_bytes()[:10])
    else:
        file.chmod(0o644)
    with pytest.raises(AnswerableError) as caught:
        keys.load(tmp_path)
    assert caught.value.code in {"log.key", "store.failed"}


def test_mode_and_bytes_are_of_the_same_open_file(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    keys.create(tmp_path)
    file = tmp_path / keys.FOLDER / "index.secret"

    def looked_up(self: Path) -> object:
        raise AssertionError(f"{self} may be another file by now")

    file.chmod(0o604)
    monkeypatch.setattr(Path, "stat", looked_up)
    with pytest.raises(AnswerableError, match=r"log\.key"):
        keys.read_private(file, 64)


def test_a_forgotten_key_of_a_copy_does_not_come_back(tmp_path: Path) -> None:
    keys.create(tmp_path)
    before = keys.copy_key(tmp_path, "app").public
    keys.forget_copy_key(tmp_path, "app")
    keys.forget_copy_key(tmp_path, "other")
    assert keys.copy_key(tmp_path, "app").public != before


def test_a_key_of_one_purpose_is_none_for_another(tmp_path: Path) -> None:
    keys.create(tmp_path)
    folder = tmp_path / keys.FOLDER
    (folder / "log.key").unlink()
    (folder / "warrant.key").rename(folder / "log.key")
    with pytest.raises(AnswerableError, match=r"log\.key"):
        keys.load(tmp_path)


def test_a_copys_key_is_made_at_first_use(tmp_path: Path) -> None:
    keys.create(tmp_path)
    assert keys.copy_key(tmp_path, "app").public == keys.copy_key(tmp_path, "app").public
    assert keys.copy_key(tmp_path, "app").public != keys.copy_key(tmp_path, "other").public


def test_keys_hide_themselves(tmp_path: Path) -> None:
    assert "hidden" in repr(keys.create(tmp_path))


def test_a_store_of_before_gets_its_second_log_key(tmp_path: Path) -> None:
    made = keys.create(tmp_path)
    assert made.safe is not None
    file = tmp_path / keys.FOLDER / keys.SAFE_FILE
    file.unlink()
    again = keys.load(tmp_path)
    assert again.safe is not None
    assert again.safe.public != made.safe.public
    assert mldsa.Key.load(file, purpose=keys.LOG).public == again.safe.public
    assert keys.load(tmp_path).safe.public == again.safe.public  # type: ignore[union-attr]


def test_where_no_key_can_be_kept_none_is_used(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    keys.create(tmp_path)
    (tmp_path / keys.FOLDER / keys.SAFE_FILE).unlink()
    monkeypatch.setattr(keys, "SAFE_FILE", "none/log-mldsa.key")
    assert keys.load(tmp_path).safe is None


@pytest.mark.parametrize("harm", ["short", "open"])
def test_a_second_key_that_is_damaged_or_open_to_others_is_no_start(tmp_path: Path, harm: str) -> None:
    keys.create(tmp_path)
    file = tmp_path / keys.FOLDER / keys.SAFE_FILE
    if harm == "short":
        file.write_bytes(file.read_bytes()[:10])
    else:
        file.chmod(0o644)
    with pytest.raises(AnswerableError, match=r"log\.key"):
        keys.load(tmp_path)


def test_the_feeds_key_is_made_once(tmp_path: Path) -> None:
    (tmp_path / "keys").mkdir(mode=0o700)
    made = keys.feed_key(tmp_path)
    assert keys.feed_key(tmp_path).public == made.public
    assert (tmp_path / "keys" / "feed.key").stat().st_mode & 0o777 == 0o600


def test_what_is_made_at_first_use_is_found_again_and_is_of_its_purpose_alone(tmp_path: Path) -> None:
    (tmp_path / keys.FOLDER).mkdir(mode=0o700)
    makers = (keys.feed_key, keys.detector_key, keys.canary_key, lambda store: keys.copy_key(store, "app"))
    made = [make(tmp_path).public for make in makers]
    assert [make(tmp_path).public for make in makers] == made
    assert len(set(made)) == len(made)
    folder = tmp_path / keys.FOLDER
    assert {each.name for each in folder.iterdir()} == {"feed.key", "detector.key", "canary.key", "copy-app.key"}
    for one, other in (("feed", "detector"), ("detector", "canary"), ("canary", "copy-app"), ("copy-app", "feed")):
        (folder / "kept").write_bytes((folder / f"{one}.key").read_bytes())
        (folder / f"{one}.key").write_bytes((folder / f"{other}.key").read_bytes())
        with pytest.raises(AnswerableError, match=r"log\.key"):
            makers[("feed", "detector", "canary", "copy-app").index(one)](tmp_path)
        (folder / f"{one}.key").write_bytes((folder / "kept").read_bytes())


def test_the_keys_of_labels_are_made_at_first_use_and_no_others(tmp_path: Path) -> None:
    (tmp_path / keys.FOLDER).mkdir(mode=0o700)
    assert keys.label_key(tmp_path).public == keys.label_key(tmp_path).public
    secret = keys.watermark_key(tmp_path)
    assert secret == keys.watermark_key(tmp_path)
    assert len(secret) == keys.SECRET_BYTES
    folder = tmp_path / keys.FOLDER
    assert {each.name: each.stat().st_mode & 0o777 for each in folder.iterdir()} == {
        "label.key": 0o600,
        "watermark.secret": 0o600,
    }
    (folder / "label.key").unlink()
    keys.canary_key(tmp_path)
    (folder / "canary.key").rename(folder / "label.key")
    with pytest.raises(AnswerableError, match=r"log\.key"):
        keys.label_key(tmp_path)
