# SPDX-License-Identifier: Apache-2.0
from __future__ import annotations

import os
from pathlib import Path

import pytest

from answerable import durable


def test_a_file_is_replaced_whole_with_its_mode(tmp_path: Path) -> None:
    path = tmp_path / "file"
    durable.replace(path, b"one" * 100_000)
    durable.replace(path, b"two", 0o644)
    assert path.read_bytes() == b"two"
    assert path.stat().st_mode & 0o777 == 0o644 & ~_umask()
    assert [each.name for each in tmp_path.iterdir()] == ["file"]


def test_a_write_that_fails_leaves_the_old_bytes(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    path = tmp_path / "file"
    durable.replace(path, b"old")
    write = os.write
    taken = iter((2, 0))

    def full(file: int, data: memoryview) -> int:
        count = next(taken)
        if not count:
            raise OSError(28, "No space left on device")
        return write(file, data[:count])

    monkeypatch.setattr(os, "write", full)
    with pytest.raises(OSError, match="No space"):
        durable.replace(path, b"fresh")
    assert path.read_bytes() == b"old"


def test_a_short_write_goes_on_where_it_ended(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    write = os.write
    monkeypatch.setattr(os, "write", lambda file, data: write(file, data[:3]))
    durable.replace(tmp_path / "file", b"0123456789")
    assert (tmp_path / "file").read_bytes() == b"0123456789"


def test_bytes_then_name_then_folder_reach_the_disk(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    synced: list[str] = []
    fsync = os.fsync

    def seen(file: int) -> None:
        synced.append(Path(f"/proc/self/fd/{file}").readlink().name)
        fsync(file)

    monkeypatch.setattr(os, "fsync", seen)
    durable.replace(tmp_path / "file", b"data")
    assert synced == ["file.new", tmp_path.name]


def test_a_link_in_the_drafts_place_is_not_followed(tmp_path: Path) -> None:
    elsewhere = tmp_path / "elsewhere"
    elsewhere.write_bytes(b"mine")
    (tmp_path / "file.new").symlink_to(elsewhere)
    with pytest.raises(OSError):
        durable.write(tmp_path / "file", b"data")
    assert elsewhere.read_bytes() == b"mine"


def _umask() -> int:
    mask = os.umask(0)
    os.umask(mask)
    return mask
