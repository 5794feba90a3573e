# SPDX-License-Identifier: Apache-2.0
from __future__ import annotations

import os
from pathlib import Path

import pytest

from answerable.errors import Refused
from answerable.guard.folder import Folder


def test_files_are_whole_and_closed_to_others(tmp_path: Path) -> None:
    folder = Folder(tmp_path / "a" / "evidence")
    assert folder.path.stat().st_mode & 0o777 == 0o700
    path = folder.write("stop.json", b"{}")
    assert path == folder.path / "stop.json"
    assert path.read_bytes() == b"{}"
    assert path.stat().st_mode & 0o777 == 0o600
    folder.append("states", b"1\n")
    folder.append("states", b"2\n")
    assert (folder.path / "states").read_bytes() == b"1\n2\n"
    folder.append("states", b"3\n", anew=True)
    assert (folder.path / "states").read_bytes() == b"3\n"
    folder.close()
    assert folder.write("late.json", b"") is None


def test_what_takes_its_place_gets_nothing(tmp_path: Path) -> None:
    """A program that may change the folder above moves it away and puts links to files of the guard's user there."""
    precious = tmp_path / "precious"
    precious.write_text("as it was")
    folder = Folder(tmp_path / "evidence")
    folder.path.rename(tmp_path / "moved")
    folder.path.mkdir()
    for name in ("receipt", "receipt.new", "states"):
        (folder.path / name).symlink_to(precious)
    folder.write("receipt", b"{}")
    folder.append("states", b"{}\n")
    assert precious.read_text() == "as it was"
    assert (tmp_path / "moved" / "receipt").read_bytes() == b"{}"
    assert (tmp_path / "moved" / "states").read_bytes() == b"{}\n"


def test_no_link_inside_is_followed(tmp_path: Path) -> None:
    precious = tmp_path / "precious"
    precious.write_text("as it was")
    folder = Folder(tmp_path / "evidence")
    for name in ("receipt.new", "states"):
        (folder.path / name).symlink_to(precious)
    assert folder.write("receipt", b"{}") is None
    folder.append("states", b"{}\n")
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
    assert Folder(theirs, uid=os.getuid() + 1, gids=(theirs.stat().st_gid,)).write("x", b"") is not None


def test_where_there_can_be_none_nothing_is_held_up(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "file").write_text("")
    monkeypatch.chdir(tmp_path)
    folder = Folder(tmp_path / "file" / "under")
    assert folder.write("x", b"") is None
    folder.append("y", b"")
    assert sorted(path.name for path in tmp_path.iterdir()) == ["file"]
