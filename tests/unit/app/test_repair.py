# SPDX-License-Identifier: Apache-2.0
from __future__ import annotations

import sqlite3
from pathlib import Path

import pytest

from answerable.app.repair import fsck, glance
from answerable.errors import AnswerableError
from answerable.model.units import Unit
from answerable.stores.database import connect
from answerable.stores.unsynced import forget
from tests.damaged import Place
from tests.ledger import leaf
from tests.whole_life import whole_life

SIZE = len(whole_life().leaves)


@pytest.fixture
def place(tmp_path: Path) -> Place:
    made = Place(tmp_path)
    made.grow(whole_life().units)
    return made


def code(place: Place) -> str:
    with pytest.raises(AnswerableError) as raised:
        glance(place.config)
    return raised.value.code


def test_a_sound_store_beside_its_writer(place: Place) -> None:
    writer = place.writer()
    size = glance(place.config)
    found = fsck(place.config)
    assert found.sound, found.findings
    assert found.size == size == SIZE
    assert found.counts["payloads"] > 25
    assert fsck(place.config, payloads=False, state=False).counts.keys() <= {"leaves", "tiles"}
    writer.close()


def test_what_a_start_would_find(place: Place) -> None:
    (place.path / "log.db").rename(place.path / "kept")
    assert code(place) == "store.missing"
    (place.path / "log.db").write_bytes(b"not a database at all, and long enough to be looked at" * 40)
    assert code(place) in ("store.damaged", "store.foreign")
    found = fsck(place.config)
    assert not found.sound
    assert found.findings[0].code in ("store.damaged", "store.foreign", "audit.engine")
    (place.path / "log.db").unlink()
    (place.path / "kept").rename(place.path / "log.db")
    assert glance(place.config) == SIZE
    (place.guard / "head").unlink()
    assert code(place) == "store.unguarded"
    assert set(fsck(place.config).found) == {"store.unguarded"}


def test_a_payload_that_was_exchanged_is_a_finding(place: Place) -> None:
    """Each file of payloads with one byte flipped: named, or of a record that nobody can read any more."""
    for file in (place.path / "payloads").iterdir():
        data = bytearray(file.read_bytes())
        data[len(data.rstrip(b"\0")) - 3] ^= 1
        file.write_bytes(data)
    assert fsck(place.config, state=False).sound, "the log carries the newest until their files are synced"
    log = connect(place.path / "log.db")
    forget(log)
    log.close()
    found = fsck(place.config, state=False)
    assert set(found.found) == {"audit.payload"}
    groups = {"in", "pri", "name", "reason", "basis", "evidence", "facts"}
    assert {finding.params["group"] for finding in found.findings} <= groups


def test_a_row_that_was_changed_is_a_finding(place: Place) -> None:
    place.grow([Unit(leaves=(leaf(),)) for _ in range(200)])  # until it is folded into the table
    with sqlite3.connect(place.path / "log.db") as log:
        log.execute("UPDATE state SET value = CAST(replace(value, 'declared', 'proven') AS BLOB) WHERE space='parties'")
        log.execute(
            "DELETE FROM state WHERE space = 'stops' AND key = (SELECT min(key) FROM state WHERE space='stops')"
        )
    found = fsck(place.config)
    assert set(found.found) == {"audit.state"}
    assert {(f.params["space"], f.params["members"]) for f in found.findings} == {
        ("parties", "standing"),
        ("stops", "it is missing"),
    }
