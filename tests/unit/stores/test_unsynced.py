# SPDX-License-Identifier: Apache-2.0
from __future__ import annotations

import os
from pathlib import Path

import pytest

from answerable import durable
from answerable.errors import Unavailable
from answerable.model.units import Payload, Unit
from answerable.stores import schema
from answerable.stores.database import BUSY_MS, connect
from answerable.stores.days import DAY_MS
from answerable.stores.payload_form import HEAD, PLACE
from answerable.stores.payload_reads import PayloadReads
from answerable.stores.payloads import PayloadWriter
from answerable.stores.unsynced import Carried, carried, forget, named_by, restore, unsound

KEY = bytes(range(32))
RIDS = ["a" * 32, "b" * 32]
SALT = b"s" * 32


@pytest.fixture
def made(tmp_path: Path) -> tuple[Path, bytes, list[Carried]]:
    """A folder of payloads with one file and one record in it, its place, and what was to be carried."""
    folder = tmp_path / "payloads"
    folder.mkdir()
    writer = PayloadWriter(folder, KEY, 0)
    carry: list[Carried] = []
    units = [Unit(payloads=tuple(Payload(rid, "in", SALT, rid[:1].encode() * 900) for rid in RIDS))]
    places = writer.put(0, units, 5 * DAY_MS, bodies=True, carry=carry)
    writer.close()
    assert [place for place, _ in carry] == [places]
    return folder, places, carry


def _named(place: bytes, first: int) -> bool:
    return True


def _said(folder: Path, places: bytes, rid: str) -> bytes | None:
    found = PayloadReads(folder, KEY).get(places, 0, rid, "in")
    return found and found[1]


@pytest.mark.parametrize("lost", ["everything", "the head", "a name", "a body", "the end"])
def test_what_a_file_lost_is_written_again(made: tuple[Path, bytes, list[Carried]], lost: str) -> None:
    folder, places, carry = made
    (path,) = folder.iterdir()
    whole = path.read_bytes()
    length = len(carry[0][1])
    start, end = {
        "everything": (0, length),
        "the head": (0, HEAD.size),
        "a name": (HEAD.size + 20, HEAD.size + 60),
        "a body": (length - 700, length - 600),
        "the end": (length - 512, length),
    }[lost]
    path.write_bytes(whole[:start] + bytes(end - start) + whole[end:] if lost != "the end" else whole[:start])
    with pytest.raises(Unavailable):
        for rid in RIDS:
            _said(folder, places, rid)
    restore(folder, KEY, carry, _named)
    assert path.read_bytes() == whole
    assert [_said(folder, places, rid) for rid in RIDS] == [b"a" * 900, b"b" * 900]


def test_what_seems_to_be_there_is_written_and_synced(
    made: tuple[Path, bytes, list[Carried]], monkeypatch: pytest.MonkeyPatch
) -> None:
    """After a sync that failed the pages that a read shows may be of no disk."""
    folder, _, carry = made
    calls: list[str] = []
    pwrite, fsync = os.pwrite, os.fsync
    monkeypatch.setattr("os.pwrite", lambda *about: (calls.append("write"), pwrite(*about))[1])
    monkeypatch.setattr("os.fsync", lambda file: (calls.append("sync"), fsync(file))[1])
    restore(folder, KEY, carry, _named)
    assert calls == ["write", "sync"]


def test_what_was_erased_does_not_come_back(made: tuple[Path, bytes, list[Carried]]) -> None:
    """A log's file from before the erasure stands beside payloads from after it."""
    folder, places, carry = made
    writer = PayloadWriter(folder, KEY, 2)
    assert writer.erase(places, 0, RIDS[:1]) == 1
    writer.close()
    restore(folder, KEY, carry, _named)
    assert _said(folder, places, RIDS[0]) is None
    assert _said(folder, places, RIDS[1]) == b"b" * 900


def test_a_day_that_expired_does_not_come_back(made: tuple[Path, bytes, list[Carried]]) -> None:
    folder, _, carry = made
    writer = PayloadWriter(folder, KEY, 2)
    while writer.sweep(9 * DAY_MS):
        pass
    writer.close()
    restore(folder, KEY, carry, _named)
    assert list(folder.iterdir()) == []


def test_a_record_that_cannot_be_written_is_an_error(
    made: tuple[Path, bytes, list[Carried]], monkeypatch: pytest.MonkeyPatch
) -> None:
    folder, _, carry = made

    def full(*about: object) -> int:
        raise OSError(28, "no space")

    monkeypatch.setattr("os.pwrite", full)
    with pytest.raises(Unavailable) as error:
        restore(folder, KEY, carry, _named)
    assert error.value.code == "store.full"


@pytest.mark.parametrize("at", [3, 9, HEAD.size + 20, -700, -1])
def test_a_record_that_was_flipped_in_the_log_is_not_written_over_a_whole_one(
    made: tuple[Path, bytes, list[Carried]], at: int
) -> None:
    folder, places, carry = made
    ((place, record),) = carry
    spoiled = bytearray(record)
    spoiled[at] ^= 1
    with pytest.raises(Unavailable) as error:
        restore(folder, KEY, [(place, bytes(spoiled))], _named)
    assert error.value.code == "store.damaged"
    assert [_said(folder, places, rid) for rid in RIDS] == [b"a" * 900, b"b" * 900]


def test_what_would_not_be_written_is_told_beforehand(made: tuple[Path, bytes, list[Carried]]) -> None:
    """`log fsck` says what keeps the store from opening."""
    folder, places, carry = made
    database = connect(folder.parent / "log.db")
    schema.make(database, schema.LOG)
    database.execute("INSERT INTO segment VALUES (0, ?, x'')", (places,))
    ((place, record),) = carry
    database.execute("INSERT INTO unsynced (place, record) VALUES (?,?)", (place, record))
    assert unsound(database, KEY) == []
    database.execute("UPDATE unsynced SET record = ?", (record[:-1] + bytes([record[-1] ^ 1]),))
    assert unsound(database, KEY) == [
        f"the log carries a record of payloads for the place {place.hex()} that does not open"
    ]
    database.close()


def test_a_record_is_written_nowhere_but_where_its_batch_says(made: tuple[Path, bytes, list[Carried]]) -> None:
    folder, places, carry = made
    ((place, record),) = carry
    (path,) = folder.iterdir()
    whole = path.read_bytes()
    path.write_bytes(b"")
    day, generation, at = PLACE.unpack(place)
    database = connect(folder.parent / "log.db")
    schema.make(database, schema.LOG)
    database.execute("INSERT INTO segment VALUES (0, ?, x'')", (b"q" * 16 + places,))
    named = named_by(database)
    assert named(place, 0)
    assert not named(place, 1)
    assert not named(place, 1 << 63)
    elsewhere = PLACE.pack(day, generation, at + 5)
    with pytest.raises(Unavailable) as error:
        restore(folder, KEY, [(elsewhere, record), (b"short", record), (place, record)], named)
    assert error.value.code == "store.damaged"
    assert error.value.params == {"detail": "2 records of payloads that the log carries"}
    assert path.read_bytes() == whole, "the others are written all the same"
    database.close()


def test_no_byte_of_a_record_is_left_in_the_logs_files(tmp_path: Path) -> None:
    database = connect(tmp_path / "log.db")
    schema.make(database, schema.LOG)
    rows = [(b"p" * 16, bytes([65 + n]) * 6000) for n in range(3)]
    for row in rows:
        database.execute("INSERT INTO unsynced (place, record) VALUES (?,?)", row)
    assert carried(database) == rows
    database.execute("PRAGMA wal_checkpoint(PASSIVE)")  # so that they stand in both files
    assert b"A" * 64 in (tmp_path / "log.db").read_bytes()
    assert b"C" * 64 in (tmp_path / "log.db-wal").read_bytes()
    forget(database)
    assert carried(database) == []
    for path in tmp_path.iterdir():
        for letter in (b"A", b"B", b"C", b"p"):
            assert letter * 16 not in path.read_bytes(), path.name
    database.close()


def test_the_cut_of_the_log_written_ahead_is_synced(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Or a power cut takes it back, and the frames with what was erased."""
    database = connect(tmp_path / "log.db")
    schema.make(database, schema.LOG)
    database.execute("INSERT INTO unsynced (place, record) VALUES (x'00', x'00')")
    synced: list[tuple[str, int]] = []
    sync = durable.sync
    monkeypatch.setattr(durable, "sync", lambda path: (synced.append((path.name, path.stat().st_size)), sync(path)))
    forget(database)
    assert synced == [("log.db-wal", 0)]
    database.close()


def test_a_reader_that_stands_in_the_way_is_told(tmp_path: Path) -> None:
    database, reader = connect(tmp_path / "log.db"), None
    schema.make(database, schema.LOG)
    database.execute("PRAGMA busy_timeout=50")
    reader = connect(tmp_path / "log.db")
    reader.execute("BEGIN")
    reader.execute("SELECT * FROM recent").fetchall()
    database.execute("INSERT INTO unsynced (place, record) VALUES (x'00', x'00')")
    with pytest.raises(Unavailable) as error:
        forget(database)
    assert error.value.code == "store.busy"
    assert database.execute("PRAGMA busy_timeout").fetchone() == (BUSY_MS,)
    reader.execute("COMMIT")
    forget(database)
    reader.close()
    database.close()


def test_a_file_of_the_first_version_carries_nothing(tmp_path: Path) -> None:
    database = connect(tmp_path / "log.db")
    schema.make(database, schema.Schema(schema.LOG.application, schema.LOG.tables))
    assert carried(database) == []
    forget(database)
    database.close()


def test_the_rows_of_one_place(tmp_path: Path) -> None:
    database = connect(tmp_path / "log.db")
    schema.make(database, schema.LOG)
    rows = [(bytes([n]) * 16, b"record %d" % n) for n in range(3)]
    database.executemany("INSERT INTO unsynced (place, record) VALUES (?,?)", rows)
    assert carried(database, rows[1][0]) == [rows[1]]
    assert carried(database, b"elsewhere") == []
    database.close()


def test_rows_that_cannot_have_been_written_are_damage(tmp_path: Path) -> None:
    database = connect(tmp_path / "log.db")
    schema.make(database, schema.LOG)
    database.execute("INSERT INTO unsynced (place, record) VALUES ('place', 1)")
    with pytest.raises(Unavailable) as error:
        carried(database)
    assert error.value.code == "store.damaged"
    database.close()
