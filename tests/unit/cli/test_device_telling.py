# SPDX-License-Identifier: Apache-2.0
from __future__ import annotations

from pathlib import Path
from typing import Any

from answerable.cli.device_telling import fact
from answerable.crypto.b64 import b64u
from answerable.log.leaf import decode
from answerable.machines.journal import Journal, read
from answerable.model.events import DeviceTakeover, DeviceUnsafe
from answerable.model.leaves import EventLeaf
from tests.small_site import DEVICE, DEVICE_KEY
from tests.unit.cli.conftest import Run
from tests.unit.control.house import House


def journal(folder: Path, at: int) -> Path:
    path = folder / "journal"
    made = Journal(path, DEVICE, DEVICE_KEY)
    made.write("lease", at, {"copy": "c"})
    made.write("takeover", at + 1, {"hand": "take", "person": "dora", "x": 1, "speed": 2})
    made.write("unsafe", at + 2, {"why": "no_stop", "copy": "c", "ms": 900, "limit": 800})
    made.close()
    return path


def test_what_others_must_know_is_recorded_and_counts_once(house: House, run: Run, tmp_path: Path) -> None:
    path = journal(tmp_path, house.core.now)
    words = ("device", "journal", str(path), "--key", b64u(DEVICE_KEY.public), "--tell", "other", "--as", "admin")
    assert (told := run(*words, "--json")).status == 0, told.err
    assert told.data == {"told": 2}
    assert run(*words, "--json").data == {"told": 0}
    tail: Any = house.run(house.core.reader.tail(0, 1_000))
    events = [leaf for data in tail if isinstance(leaf := decode(data), EventLeaf)]
    assert [leaf.what for leaf in events][-2:] == ["device.takeover", "device.unsafe"]


def test_entries_in_the_words_of_events(tmp_path: Path) -> None:
    path = journal(tmp_path, 5)
    lines = path.read_bytes().splitlines()
    _, takeover, unsafe = read(path.read_bytes(), DEVICE_KEY.public)
    told = fact(takeover, lines[1])
    assert isinstance(told, DeviceTakeover)
    assert (told.device, told.mode, told.person, told.at, told.record) == (DEVICE, "take", "dora", 6, lines[1].decode())
    red = fact(unsafe, lines[2])
    assert isinstance(red, DeviceUnsafe)
    assert (red.why, red.ms, red.limit) == ("no_stop", 900, 800)
    assert fact(unsafe, b"x" * 3_000).record == ""
