# SPDX-License-Identifier: Apache-2.0
from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path
from types import SimpleNamespace

import pytest

from answerable.errors import Unavailable
from answerable.stores.hold import Lock, Reserve


def test_one_holder_at_a_time(tmp_path: Path) -> None:
    lock = Lock(tmp_path / "lock")
    with pytest.raises(Unavailable) as held:
        Lock(tmp_path / "lock")
    assert held.value.code == "store.locked"
    lock.release()
    lock.release()
    Lock(tmp_path / "lock").release()


def test_a_dead_process_holds_nothing(tmp_path: Path) -> None:
    code = (
        "import os, pathlib, sys; from answerable.stores.hold import Lock;Lock(pathlib.Path(sys.argv[1])); os._exit(9)"
    )
    held = [sys.executable, "-c", code, str(tmp_path / "lock")]
    assert subprocess.run(held, timeout=30, check=False).returncode == 9
    Lock(tmp_path / "lock").release()


def test_the_reserve_is_real_space_and_is_spent_once(tmp_path: Path) -> None:
    reserve = Reserve(tmp_path / "reserve", 1 << 16)
    assert (tmp_path / "reserve").stat().st_blocks * 512 >= 1 << 16
    assert reserve.spend()
    assert not (tmp_path / "reserve").exists()
    assert not reserve.spend()
    Reserve(tmp_path / "reserve", 1 << 16)
    assert (tmp_path / "reserve").stat().st_size == 1 << 16


def test_a_reserve_that_was_spent_is_laid_in_again_when_there_is_room(tmp_path: Path) -> None:
    reserve = Reserve(tmp_path / "reserve", 1 << 16)
    reserve.again()
    assert reserve.spend()
    reserve.again()
    assert (tmp_path / "reserve").stat().st_size == 1 << 16
    assert reserve.spend()


def test_a_spent_reserve_waits_for_room(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    reserve = Reserve(tmp_path / "reserve", 1 << 16)
    assert reserve.spend()
    real = os.statvfs(tmp_path)
    full = SimpleNamespace(f_bavail=(2 << 16) // real.f_frsize - 1, f_frsize=real.f_frsize)
    monkeypatch.setattr(os, "statvfs", lambda _: full)
    reserve.again()
    assert not reserve.spend()


def test_a_disk_without_room_for_it_still_opens(tmp_path: Path) -> None:
    assert not Reserve(tmp_path / "reserve", 1 << 50).spend()
    assert not (tmp_path / "reserve").exists()
