# SPDX-License-Identifier: Apache-2.0
from __future__ import annotations

import os
import time
from pathlib import Path

import pytest

from answerable.errors import Refused
from answerable.guard.folder import MOST, Folder


def put(folder: Folder, name: str, data: bytes) -> bool:
    return folder.put(name, data).result(5)


def append(folder: Folder, name: str, data: bytes, *, anew: bool = False) -> bool:
    return folder.append(name, data, anew=anew).result(5)


def test_files_are_whole_and_closed_to_others(tmp_path: Path) -> None:
    folder = Folder(tmp_path / "a" / "evidence")
    assert folder.path.stat().st_mode & 0o777 == 0o700
    assert put(folder, "stop.json", b"{}")
    path = folder.path / "stop.json"
    assert path.read_bytes() == b"{}"
    assert path.stat().st_mode & 0o777 == 0o600
    large = os.urandom(3_000_000)
    assert put(folder, "large", large)
    assert (folder.path / "large").read_bytes() == large
    assert append(folder, "states", b"1\n")
    assert append(folder, "states", b"2\n")
    assert (folder.path / "states").read_bytes() == b"1\n2\n"
    assert append(folder, "states", b"3\n", anew=True)
    assert (folder.path / "states").read_bytes() == b"3\n"
    assert folder.close()
    assert not put(folder, "late.json", b"")


def test_what_takes_its_place_gets_nothing(tmp_path: Path) -> None:
    """A program that may change the folder above moves it away and puts links to files of the guard's user there."""
    precious = tmp_path / "precious"
    precious.write_text("as it was")
    folder = Folder(tmp_path / "evidence")
    folder.path.rename(tmp_path / "moved")
    folder.path.mkdir()
    for name in ("receipt", "receipt.new", "states"):
        (folder.path / name).symlink_to(precious)
    put(folder, "receipt", b"{}")
    append(folder, "states", b"{}\n")
    assert precious.read_text() == "as it was"
    assert (tmp_path / "moved" / "receipt").read_bytes() == b"{}"
    assert (tmp_path / "moved" / "states").read_bytes() == b"{}\n"


def test_no_link_inside_is_followed(tmp_path: Path) -> None:
    precious = tmp_path / "precious"
    precious.write_text("as it was")
    folder = Folder(tmp_path / "evidence")
    for name in ("receipt.new", "states"):
        (folder.path / name).symlink_to(precious)
    assert not put(folder, "receipt", b"{}")
    assert not append(folder, "states", b"{}\n")
    assert precious.read_text() == "as it was"


def test_a_folder_that_the_program_may_write_in_is_none(tmp_path: Path) -> None:
    theirs = tmp_path / "theirs"
    theirs.mkdir()
    with pytest.raises(Refused, match=r"guard\.exposed"):
        Folder(theirs, uid=os.getuid(), gids=(os.getgid(),))
    for mode in (0o702, 0o720):
        theirs.chmod(mode)
        with pytest.raises(Refused, match=r"guard\.exposed"):
            Folder(theirs, uid=os.getuid() + 1, gids=(theirs.stat().st_gid,))
    theirs.chmod(0o755)
    assert put(Folder(theirs, uid=os.getuid() + 1, gids=(theirs.stat().st_gid,)), "x", b"")


def test_where_there_can_be_none_nothing_is_held_up(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "file").write_text("")
    monkeypatch.chdir(tmp_path)
    folder = Folder(tmp_path / "file" / "under")
    assert not put(folder, "x", b"")
    assert not append(folder, "y", b"")
    assert folder.close()
    assert sorted(path.name for path in tmp_path.iterdir()) == ["file"]


def test_nobody_waits_for_a_disk_that_hangs(tmp_path: Path) -> None:
    """To open a pipe that nobody reads takes for ever: as a disk that hangs."""
    folder = Folder(tmp_path)
    os.mkfifo(tmp_path / "states", 0o600)
    began = time.monotonic()
    waiting = [folder.append("states", b"x") for _ in range(2 * MOST)]
    assert time.monotonic() - began < 1.0
    assert not waiting[0].done()
    assert waiting[-1].result(0) is False, "what waits is bounded"
    began = time.monotonic()
    assert folder.close(0.1) is False
    assert time.monotonic() - began < 0.5
    reading = os.open(tmp_path / "states", os.O_RDONLY | os.O_NONBLOCK)  # the disk is back
    (tmp_path / "states").unlink()
    assert waiting[0].result(5) is True
    folder._thread.join(10)
    assert not folder._thread.is_alive()
    os.close(reading)


def test_what_was_said_is_written_though_the_guard_is_killed(tmp_path: Path) -> None:
    """The other process ends what it was told."""
    pid = os.fork()
    if pid == 0:
        folder = Folder(tmp_path / "kept")
        folder.put("first", b"1").result(5)
        folder.append("last", b"2")
        time.sleep(0.2)
        os._exit(0)
    os.waitpid(pid, 0)
    assert (tmp_path / "kept" / "last").read_bytes() == b"2"
