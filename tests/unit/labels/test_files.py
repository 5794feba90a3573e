# SPDX-License-Identifier: Apache-2.0
from __future__ import annotations

import io
import os
from pathlib import Path

import pytest

from answerable.errors import Refused
from answerable.labels import files
from answerable.labels.files import Bench, Unchanged, opened, publish, target_of


class Pipe(io.RawIOBase):
    """What cannot be read twice."""

    def __init__(self, data: bytes) -> None:
        self._data = io.BytesIO(data)

    def readable(self) -> bool:
        return True

    def readinto(self, buffer: memoryview) -> int:  # type: ignore[override]
        return self._data.readinto(buffer)


def test_sources_of_every_kind(tmp_path: Path) -> None:
    (tmp_path / "a").write_bytes(b"data")
    for source in (tmp_path / "a", str(tmp_path / "a"), b"data", io.BytesIO(b"data"), io.BufferedReader(Pipe(b"data"))):
        with opened(source) as file:  # type: ignore[arg-type]
            assert file.seekable()
            assert (file.seek(0), file.read()) == (0, b"data")
    with pytest.raises(Refused) as caught, opened(tmp_path / "missing"):
        pass
    assert caught.value.code == "label.source"


@pytest.mark.parametrize("name", ["folder", "pipe", "/dev/zero", "/dev/null", "a\0b"])
def test_what_is_no_regular_file_is_refused_and_not_waited_for(name: str, tmp_path: Path) -> None:
    (tmp_path / "folder").mkdir()
    os.mkfifo(tmp_path / "pipe")
    with pytest.raises(Refused) as caught, opened(tmp_path / name):
        pass
    assert caught.value.code == "label.source"


def test_a_source_that_changes_is_known(tmp_path: Path) -> None:
    path = tmp_path / "a"
    path.write_bytes(b"1")
    before = Unchanged.of(path)
    before.checked()
    for change in (lambda: path.write_bytes(b"22"), lambda: _other(path).replace(path), path.unlink):
        change()
        with pytest.raises(Refused) as caught:
            before.checked()
        assert caught.value.code == "label.source"
    Unchanged.of(b"bytes").checked()


def _other(path: Path) -> Path:
    made = path.with_name("other")
    made.write_bytes(b"1")
    return made


def test_a_folder_that_cannot_be_written_to(tmp_path: Path) -> None:
    with Bench(tmp_path / "gone" / "a") as bench, pytest.raises(Refused) as caught:
        bench.sheet()
    assert caught.value.code == "label.target"


def test_a_target_is_a_name_that_nobody_has(tmp_path: Path) -> None:
    source, other = tmp_path / "a", tmp_path / "b"
    source.write_bytes(b"1")
    other.write_bytes(b"2")
    (tmp_path / "link").symlink_to(source)
    assert target_of(source, tmp_path / "c", in_place=False) == tmp_path / "c"
    assert target_of(source, source, in_place=True) == source
    assert target_of(source, tmp_path / "link", in_place=True) == source
    for target, in_place in ((other, False), (other, True), (source, False), (tmp_path / "no" / "x", False)):
        with pytest.raises(Refused) as caught:
            target_of(source, target, in_place=in_place)
        assert caught.value.code == "label.target"
    with pytest.raises(Refused):
        target_of(b"1", source, in_place=True)


@pytest.mark.parametrize("near", [True, False])
@pytest.mark.parametrize("in_place", [True, False])
def test_a_file_gets_its_name_last(near: bool, in_place: bool, tmp_path: Path) -> None:
    source, target = tmp_path / "a", tmp_path / ("a" if in_place else "b")
    source.write_bytes(b"old")
    source.chmod(0o640)
    with Bench(target if near else None) as bench:
        sheet = bench.sheet()
        sheet.write(b"new")
        assert os.listdir(tmp_path) == ["a"]  # noqa: PTH208  names alone
        publish(sheet, target, like=source, in_place=in_place)
    assert target.read_bytes() == b"new"
    assert target.stat().st_mode & 0o777 == 0o640
    assert source.read_bytes() == (b"new" if in_place else b"old")
    assert sorted(path.name for path in tmp_path.iterdir()) == sorted({"a", target.name})


def test_a_name_that_somebody_took_meanwhile_stays_theirs(tmp_path: Path) -> None:
    target = tmp_path / "b"
    target.write_bytes(b"theirs")
    with Bench(target) as bench:
        sheet = bench.sheet()
        sheet.write(b"ours")
        with pytest.raises(Refused) as caught:
            publish(sheet, target, like=b"", in_place=False)
    assert caught.value.code == "label.target"
    assert target.read_bytes() == b"theirs"
    assert len(list(tmp_path.iterdir())) == 1


def test_without_links_and_unnamed_files(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """As on file systems that have neither."""

    def refused(*_: object, **__: object) -> None:
        raise PermissionError(1, "Operation not permitted")

    real = os.open

    def named_only(path: str, flags: int, *more: int, **others: int) -> int:
        if flags & os.O_TMPFILE == os.O_TMPFILE:
            raise OSError(95, "Operation not supported")
        return real(path, flags, *more, **others)

    monkeypatch.setattr(files.os, "link", refused)
    monkeypatch.setattr(files.os, "open", named_only)
    target = tmp_path / "b"
    with Bench(target) as bench:
        sheet = bench.sheet()
        sheet.write(b"new")
        publish(sheet, target, like=b"", in_place=False)
        with pytest.raises(Refused):
            publish(sheet, target, like=b"", in_place=False)
    assert target.read_bytes() == b"new"
    assert len(list(tmp_path.iterdir())) == 1


def test_a_disk_that_is_full_leaves_nothing(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def full(_: int) -> None:
        raise OSError(28, "No space left on device")

    source = tmp_path / "a"
    source.write_bytes(b"old")
    with Bench(source) as bench:
        sheet = bench.sheet()
        sheet.write(b"new")
        monkeypatch.setattr(files.os, "fsync", full)
        with pytest.raises(Refused) as caught:
            publish(sheet, source, like=source, in_place=True)
    assert caught.value.params["detail"] == "No space left on device"
    assert source.read_bytes() == b"old"
    assert len(list(tmp_path.iterdir())) == 1


def test_a_sheet_gets_its_name_without_being_copied(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    with Bench(tmp_path / "a") as bench:
        sheet = bench.sheet()
        sheet.write(b"written once")
        inode = os.fstat(sheet.fileno()).st_ino
        monkeypatch.setattr(files, "copy", lambda *_: pytest.fail("copied"))
        publish(sheet, tmp_path / "a", like=b"", in_place=False)
        assert (tmp_path / "a").stat().st_ino == inode
    assert (tmp_path / "a").read_bytes() == b"written once"
    assert [path.name for path in tmp_path.iterdir()] == ["a"]


def test_the_source_itself_is_copied_and_never_gets_a_second_name(tmp_path: Path) -> None:
    (tmp_path / "source").write_bytes(b"as it was")
    with (tmp_path / "source").open("rb") as source:
        publish(source, tmp_path / "a", like=tmp_path / "source", in_place=False)
    assert (tmp_path / "source").stat().st_nlink == 1
    assert (tmp_path / "a").stat().st_ino != (tmp_path / "source").stat().st_ino
    assert (tmp_path / "a").read_bytes() == b"as it was"
