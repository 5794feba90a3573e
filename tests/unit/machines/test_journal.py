# SPDX-License-Identifier: Apache-2.0
from __future__ import annotations

import resource
from pathlib import Path

import pytest

from answerable.errors import Unavailable, VerificationError
from answerable.machines.journal import FIRST, Journal, read
from tests.small_site import COPY_KEY, DEVICE, DEVICE_KEY


def filled(path: Path) -> bytes:
    journal = Journal(path, DEVICE, DEVICE_KEY)
    journal.write("stop", 5, {"why": "x"})
    journal.write("standstill", 6, {"x": -1})
    journal.close()
    return path.read_bytes()


def test_it_goes_on_where_it_ended(tmp_path: Path) -> None:
    path = tmp_path / "journal"
    filled(path)
    again = Journal(path, DEVICE, DEVICE_KEY)
    again.write("lease", 7, {})
    again.close()
    entries = read(path.read_bytes(), DEVICE_KEY.public)
    assert [(e.num, e.what, e.at) for e in entries] == [(0, "stop", 5), (1, "standstill", 6), (2, "lease", 7)]
    assert entries[0].prev == FIRST
    assert path.stat().st_mode & 0o077 == 0


def test_what_is_changed_or_gone_is_seen(tmp_path: Path) -> None:
    data = filled(tmp_path / "journal")
    first, second = data.splitlines(keepends=True)
    for bad, code in (
        (data.replace(b'"stop"', b'"halt"'), "device.forged"),
        (second, "device.malformed"),
        (first + first, "device.malformed"),
        (b"{}\n", "device.malformed"),
        (b"x" * 9_000, "device.malformed"),
    ):
        with pytest.raises(VerificationError) as error:
            read(bad, DEVICE_KEY.public)
        assert error.value.code == code
    with pytest.raises(VerificationError):
        read(data, COPY_KEY.public)


def test_a_full_disk_is_counted_and_told_when_it_has_room() -> None:
    journal = Journal(Path("/dev/full"), DEVICE, DEVICE_KEY)
    for _ in range(2):
        with pytest.raises(Unavailable) as error:
            journal.write("stop", 1, {})
        assert error.value.code == "device.unrecorded"
    assert journal.missed == 2
    journal.close()


def test_half_a_line_is_none(tmp_path: Path) -> None:
    """A disk that is full takes the beginning of a line, and says how much; later it has room again."""
    path = tmp_path / "journal"
    filled(path)
    limits = resource.getrlimit(resource.RLIMIT_FSIZE)
    journal = Journal(path, DEVICE, DEVICE_KEY)
    resource.setrlimit(resource.RLIMIT_FSIZE, (path.stat().st_size + 50, limits[1]))
    try:
        with pytest.raises(Unavailable):
            journal.write("stop", 7, {})
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, limits)
    journal.write("stop", 8, {})
    journal.close()
    assert [(e.num, e.at, e.missed) for e in read(path.read_bytes(), DEVICE_KEY.public)][2:] == [(2, 8, 1)]


def test_a_line_that_a_loss_of_power_tore_is_counted_as_missed(tmp_path: Path) -> None:
    path = tmp_path / "journal"
    whole = filled(path)
    path.write_bytes(whole + whole.splitlines()[0][:40])
    again = Journal(path, DEVICE, DEVICE_KEY)
    again.write("lease", 7, {})
    again.close()
    assert [(e.num, e.missed) for e in read(path.read_bytes(), DEVICE_KEY.public)] == [(0, 0), (1, 0), (2, 1)]


def test_it_remembers_what_the_machine_was_left_in(tmp_path: Path) -> None:
    path = tmp_path / "journal"

    def after(*entries: tuple[str, dict[str, str | int]]) -> tuple[str, str]:
        journal = Journal(path, DEVICE, DEVICE_KEY)
        for what, facts in entries:
            journal.write(what, 1, facts)
        journal.close()
        again = Journal(path, DEVICE, DEVICE_KEY)
        again.close()
        return again.order, again.person

    assert after(("stop", {"why": "device.told"})) == ("", "")
    assert after(("stop", {"order": "o1"}), ("stop", {"why": "device.told"}), ("standstill", {})) == ("o1", "")
    assert after(("takeover", {"hand": "take", "person": "dora"})) == ("o1", "dora")
    assert after(("takeover", {"hand": "give", "person": "dora"})) == ("o1", "")
    assert after(("takeover", {"hand": "reset", "person": "dora", "speed": 9})) == ("o1", ""), "it moved: no reset"
    assert after(("takeover", {"hand": "reset", "person": "dora", "speed": 0})) == ("", "")


def test_the_gap_stands_in_the_next_entry(tmp_path: Path) -> None:
    path = tmp_path / "journal"
    journal = Journal(path, DEVICE, DEVICE_KEY)
    journal.missed = 3
    journal.write("stop", 1, {})
    journal.close()
    assert read(path.read_bytes(), DEVICE_KEY.public)[0].missed == 3


def test_a_journal_that_cannot_be_opened(tmp_path: Path) -> None:
    with pytest.raises(Unavailable):
        Journal(tmp_path / "none" / "journal", DEVICE, DEVICE_KEY)
