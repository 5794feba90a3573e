# SPDX-License-Identifier: Apache-2.0
from __future__ import annotations

import os
from pathlib import Path

import pytest

from answerable.errors import Unavailable
from answerable.model.units import Payload, Unit
from answerable.stores import payloads
from answerable.stores.days import DAY_MS
from answerable.stores.payload_reads import PayloadReads
from answerable.stores.payloads import PayloadWriter
from answerable.stores.unsynced import Carried

KEY = bytes(range(32))
RID = "a" * 32


def _unit(body: bytes, rid: str = RID, group: str = "in", tags: tuple[bytes, ...] = ()) -> Unit:
    return Unit(payloads=(Payload(rid, group, b"s" * 32, body, tags),))


def _everything(folder: Path) -> bytes:
    return b"".join(path.read_bytes() for path in sorted(folder.iterdir()))


def test_nothing_is_readable_in_the_file(tmp_path: Path) -> None:
    writer = PayloadWriter(tmp_path, KEY, 0)
    places = writer.put(0, [_unit(b"a secret body " * 10, tags=(b"T" * 16,))], 5 * DAY_MS, bodies=True)
    writer.close()
    stored = _everything(tmp_path)
    for plain in (b"secret", b"s" * 32, RID.encode(), b"T" * 16, KEY):
        assert plain not in stored
    assert PayloadReads(tmp_path, KEY).get(places, 0, RID, "in") == (b"s" * 32, b"a secret body " * 10)
    assert list(PayloadReads(tmp_path, KEY).tags(places, 0)) == [(b"T" * 16, RID, 5)]


def test_another_key_or_a_flipped_byte_opens_nothing(tmp_path: Path) -> None:
    writer = PayloadWriter(tmp_path, KEY, 0)
    places = writer.put(0, [_unit(b"body")], 5 * DAY_MS, bodies=True)
    writer.close()
    with pytest.raises(Unavailable) as other:
        PayloadReads(tmp_path, b"k" * 32).get(places, 0, RID, "in")
    assert other.value.code == "store.damaged"
    with pytest.raises(Unavailable):
        PayloadReads(tmp_path, KEY).get(places, 1, RID, "in")  # moved to another batch
    (path,) = tmp_path.iterdir()
    whole = path.read_bytes()
    for at in range(len(whole)):
        path.write_bytes(whole[:at] + bytes([whole[at] ^ 1]) + whole[at + 1 :])
        with pytest.raises(Unavailable):
            PayloadReads(tmp_path, KEY).get(places, 0, RID, "in")


def test_a_key_of_another_length_is_a_defect(tmp_path: Path) -> None:
    with pytest.raises(ValueError, match="32"):
        PayloadWriter(tmp_path, b"short", 0)


def test_the_file_does_not_grow_with_every_record(tmp_path: Path) -> None:
    writer = PayloadWriter(tmp_path, KEY, 0)
    writer.put(0, [_unit(b"body")], 5 * DAY_MS, bodies=True)
    (path,) = tmp_path.iterdir()
    length = path.stat().st_size
    assert length > payloads.FILL
    writer.put(1, [_unit(b"body")], 5 * DAY_MS, bodies=True)
    assert path.stat().st_size == length
    writer.close()
    assert path.stat().st_size < 1000


def test_an_expired_day_is_overwritten_and_deleted(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    writer = PayloadWriter(tmp_path, KEY, 0)
    old = writer.put(0, [_unit(b"old")], 5 * DAY_MS, bodies=True)
    new = writer.put(1, [_unit(b"new", group="out")], 6 * DAY_MS, bodies=True)
    lasting = writer.put(2, [_unit(b"name", group="name")], 5 * DAY_MS, bodies=True)
    seen: list[bytes] = []
    unlink = Path.unlink
    monkeypatch.setattr(Path, "unlink", lambda path, **named: (seen.append(path.read_bytes()), unlink(path, **named)))
    assert writer.sweep(5 * DAY_MS) == 0  # its day is not over
    assert writer.sweep(6 * DAY_MS) == 1
    assert writer.sweep(6 * DAY_MS) == 0
    assert len(seen) == 1
    assert not any(seen[0])
    reads = PayloadReads(tmp_path, KEY)
    assert reads.get(old, 0, RID, "in") is None
    assert reads.get(new, 1, RID, "out") == (b"s" * 32, b"new")
    assert reads.get(lasting, 2, RID, "name") == (b"s" * 32, b"name")
    assert writer.put(3, [_unit(b"late")], 5 * DAY_MS, bodies=True)  # a clock that was set back
    writer.close()


def test_each_payload_goes_on_its_own_day(tmp_path: Path) -> None:
    writer = PayloadWriter(tmp_path, KEY, 0)
    unit = Unit(
        payloads=(
            Payload("b" * 32, "in", b"s" * 32, b"short", expires=3 * DAY_MS),
            Payload("c" * 32, "in", b"s" * 32, b"long", expires=9 * DAY_MS),
            Payload("d" * 32, "in", b"s" * 32, b"as the store says"),
        )
    )
    places = [writer.put(first, [unit], 5 * DAY_MS, bodies=True) for first in range(3)]
    assert {path.name for path in tmp_path.iterdir()} == {"3-1", "5-1", "9-1"}  # they stay open side by side
    reads = PayloadReads(tmp_path, KEY)
    for today, left in ((4, "cd"), (6, "c"), (10, "")):
        while writer.sweep(today * DAY_MS):
            pass
        for first, place in enumerate(places):
            there = [letter for letter in "bcd" if reads.get(place, first, letter * 32, "in") is not None]
            assert there == list(left)
    writer.close()


def test_few_files_are_open_at_a_time(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(payloads, "OPEN_DAYS", 3)
    before = len(list(Path("/proc/self/fd").iterdir()))
    writer = PayloadWriter(tmp_path, KEY, 0)
    places = [writer.put(first, [_unit(b"body")], (first + 1) * DAY_MS, bodies=True) for first in range(10)]
    assert len(list(Path("/proc/self/fd").iterdir())) <= before + 3
    writer.close()
    reads = PayloadReads(tmp_path, KEY)
    assert all(reads.get(place, first, RID, "in") for first, place in enumerate(places))


@pytest.mark.parametrize("kept", [0, 1, 2])
def test_orphans_are_cut_off_by_the_first_sweep(tmp_path: Path, kept: int) -> None:
    writer = PayloadWriter(tmp_path, KEY, 0)
    places = [writer.put(first, [_unit(b"body %d" % first)], 5 * DAY_MS, bodies=True) for first in range(2)]
    # No close: the process dies here, zeros written ahead and all.
    (path,) = tmp_path.iterdir()
    before = path.read_bytes()
    again = PayloadWriter(tmp_path, KEY, kept)
    assert path.read_bytes() == before, "not before the log was compared with the guard"
    assert again.sweep(0) == 0
    again.close()
    after = path.read_bytes()
    assert before.startswith(after)
    reads = PayloadReads(tmp_path, KEY)
    for first in range(kept):
        assert reads.get(places[first], first, RID, "in") == (b"s" * 32, b"body %d" % first)
    assert len(after) == (0 if kept == 0 else len(before.rstrip(b"\x00")) if kept == 2 else len(after))
    writer.close()


def test_a_record_that_was_not_written_whole_is_cut_off(tmp_path: Path) -> None:
    writer = PayloadWriter(tmp_path, KEY, 0)
    places = writer.put(0, [_unit(b"whole")], 5 * DAY_MS, bodies=True)
    writer.put(1, [_unit(b"torn")], 5 * DAY_MS, bodies=True)
    writer.close()
    (path,) = tmp_path.iterdir()
    os.truncate(path, path.stat().st_size - 1)
    again = PayloadWriter(tmp_path, KEY, 2)
    again.sweep(0)
    again.close()
    assert PayloadReads(tmp_path, KEY).get(places, 0, RID, "in") == (b"s" * 32, b"whole")
    assert path.stat().st_size < 300


def test_every_opening_and_every_full_file_begin_a_new_one(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(payloads, "FILE_BYTES", 2000)
    writer = PayloadWriter(tmp_path, KEY, 0)
    places = {}
    for first in range(6):
        places[first] = writer.put(first, [_unit(b"b" * 900), _unit(b"n", group="name")], 5 * DAY_MS, bodies=True)
    writer.close()
    writer = PayloadWriter(tmp_path, KEY, 6)
    places[6] = writer.put(6, [_unit(b"b" * 900)], 5 * DAY_MS, bodies=True)
    writer.close()
    assert len({path.name.partition("-")[2] for path in tmp_path.iterdir()}) >= 3
    reads = PayloadReads(tmp_path, KEY)
    for first, place in places.items():
        assert reads.get(place, first, RID, "in") == (b"s" * 32, b"b" * 900)
        assert reads.get(place, first, RID, "name") == ((b"s" * 32, b"n") if first < 6 else None)


def test_short_records_are_carried_and_long_ones_synced(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    synced: list[int] = []
    fdatasync = os.fdatasync
    monkeypatch.setattr("os.fdatasync", lambda file: (synced.append(file), fdatasync(file))[1])
    writer = PayloadWriter(tmp_path, KEY, 0)
    carry: list[Carried] = []
    short = writer.put(0, [_unit(b"short")], 5 * DAY_MS, bodies=True, carry=carry)
    assert [place for place, _ in carry] == [short]
    assert not synced
    assert PayloadReads(tmp_path, KEY).get(short, 0, RID, "in") == (b"s" * 32, b"short")
    long = writer.put(1, [_unit(os.urandom(payloads.SHORT))], 5 * DAY_MS, bodies=True, carry=carry)
    assert len(carry) == 1
    assert len(synced) == 1
    assert long != short
    writer.sync()
    assert len(synced) == 1, "the sync of the long one was one of the file"
    writer.put(2, [_unit(b"short")], 5 * DAY_MS, bodies=True, carry=carry)
    writer.put(2, [_unit(b"short")], 6 * DAY_MS, bodies=True, carry=carry)
    writer.sync()
    assert len(synced) == 3, "one for each day"
    writer.sync()
    assert len(synced) == 3
    writer.put(3, [_unit(b"short")], 5 * DAY_MS, bodies=True)
    assert len(synced) == 4, "nobody carries it"
    writer.close()


def test_a_file_is_synced_before_the_next_one_is_begun(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(payloads, "FILE_BYTES", 100)
    synced: list[int] = []
    fdatasync = os.fdatasync
    monkeypatch.setattr("os.fdatasync", lambda file: (synced.append(file), fdatasync(file))[1])
    writer = PayloadWriter(tmp_path, KEY, 0)
    carry: list[Carried] = []
    writer.put(0, [_unit(b"short")], 5 * DAY_MS, bodies=True, carry=carry)
    assert not synced
    writer.put(1, [_unit(b"short")], 5 * DAY_MS, bodies=True, carry=carry)
    assert len(list(tmp_path.iterdir())) == 2
    assert len(synced) == 1
    writer.close()
