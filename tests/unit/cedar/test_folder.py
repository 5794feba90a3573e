# SPDX-License-Identifier: Apache-2.0
"""A folder is read whole or not at all."""

from __future__ import annotations

import os
from hashlib import sha256
from pathlib import Path

import pytest

from answerable.cedar import folder as module
from answerable.cedar.folder import Files, read, signature
from answerable.errors import Refused
from tests.cedars import BASE, house, write


def refused(folder: Path) -> str:
    with pytest.raises(Refused) as refusal:
        read(folder)
    assert refusal.value.code == "policy.folder"
    return str(refusal.value.params["detail"])


def sums(folder: Path) -> None:
    lines = [
        f"{sha256(path.read_bytes()).hexdigest()}  {path.name}\n"
        for path in sorted(folder.iterdir())
        if path.name != "SHA256SUMS"
    ]
    (folder / "SHA256SUMS").write_text("".join(lines))


def test_all_of_it_in_the_order_of_names(tmp_path: Path) -> None:
    files = read(house(tmp_path))
    assert isinstance(files, Files)
    assert list(files.policies) == ["base.cedar", "house.cedar"]
    assert set(files.texts) == {"base.cedar", "house.cedar", "entities.json"}
    assert files.cases == {}


def test_cases_do_not_decide_and_are_not_in_the_digest(tmp_path: Path) -> None:
    before = read(house(tmp_path)).digest
    (tmp_path / "cases.toml").write_text("x = 1")
    after = read(tmp_path)
    assert (after.digest, after.cases) == (before, {"cases.toml": "x = 1"})
    (tmp_path / "base.cedar").write_text(BASE + "// a word more\n")
    assert read(tmp_path).digest != before


def test_what_is_beside_policies_is_passed_over(tmp_path: Path) -> None:
    before = read(house(tmp_path)).digest
    (tmp_path / ".git").mkdir()
    for name in (".base.cedar.swp", "base.cedar~", "README.md"):
        (tmp_path / name).write_text("what")
    assert read(tmp_path).digest == before


def test_a_misspelt_name_is_a_fault_and_no_silence(tmp_path: Path) -> None:
    write(tmp_path, base=BASE)
    (tmp_path / "night.ceder").write_text("forbid (principal, action, resource);")
    assert "night.ceder" in refused(tmp_path)


@pytest.mark.parametrize("kind", ["folder", "fifo", "dangling"])
def test_what_is_no_file_is_a_fault(tmp_path: Path, kind: str) -> None:
    write(tmp_path, base=BASE)
    other = tmp_path / "more.cedar"
    if kind == "folder":
        other.mkdir()
    elif kind == "fifo":
        os.mkfifo(other)  # reading one would wait for ever
    else:
        other.symlink_to(tmp_path / "nowhere")
    assert refused(tmp_path)


def test_an_empty_folder_and_none(tmp_path: Path) -> None:
    assert "refuse everything" in refused(tmp_path)
    assert refused(tmp_path / "nowhere")
    (tmp_path / "entities.json").write_text("[]")
    assert "refuse everything" in refused(tmp_path)


def test_too_large_too_many_and_not_text(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    write(tmp_path, base=BASE)
    huge = tmp_path / "huge.cedar"
    with huge.open("wb") as file:
        file.truncate(module.MAX_FILE + 1)
    assert "huge.cedar" in refused(tmp_path)
    huge.write_bytes(b"\xff\xfe")
    assert "UTF-8" in refused(tmp_path)
    huge.unlink()
    monkeypatch.setattr(module, "MAX_FILES", 0)
    assert "0 files" in refused(tmp_path)
    monkeypatch.setattr(module, "MAX_FILES", 9)
    monkeypatch.setattr(module, "MAX_ALL", 3)
    assert "3 bytes" in refused(tmp_path)


def test_a_folder_that_changes_while_it_is_read(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    write(tmp_path, base=BASE)
    real = module.signature
    asked = []

    def changes(folder: Path) -> module.Signature:
        asked.append(folder)
        if len(asked) == 2:
            write(tmp_path, more=BASE)
        return real(folder)

    monkeypatch.setattr(module, "signature", changes)
    assert "while it was read" in refused(tmp_path)


def test_a_list_of_digests_makes_it_whole_or_nothing(tmp_path: Path) -> None:
    """A file that is cut between two policies still parses; that one rule of it is gone only the list shows."""
    house(tmp_path)
    sums(tmp_path)
    whole = read(tmp_path)
    assert "SHA256SUMS" not in whole.texts
    text = (tmp_path / "house.cedar").read_text()
    (tmp_path / "house.cedar").write_text(text[: text.index('@id("publication')])
    assert "house.cedar" in refused(tmp_path)
    (tmp_path / "house.cedar").write_text(text)
    (tmp_path / "base.cedar").unlink()
    assert "base.cedar" in refused(tmp_path)
    write(tmp_path, base=BASE, more=BASE)
    assert "more.cedar" in refused(tmp_path)
    (tmp_path / "SHA256SUMS").write_text("nonsense\n")
    assert "a line that is none" in refused(tmp_path)


def test_the_signature_follows_each_file(tmp_path: Path) -> None:
    house(tmp_path)
    before = signature(tmp_path)
    assert signature(tmp_path) == before
    os.utime(tmp_path / "base.cedar", ns=(1, 1))
    assert signature(tmp_path) != before
