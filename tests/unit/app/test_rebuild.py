# SPDX-License-Identifier: Apache-2.0
"""A log is built anew from a mirror, from what is left of itself, from a backup: the same tree, the rows that leaves
tell, the payloads that are still there. And when it is not."""

from __future__ import annotations

import shutil
import sqlite3
from collections.abc import Callable
from pathlib import Path

import msgspec
import pytest

from answerable.app.rebuild import rebuild
from answerable.app.repair import fsck
from answerable.config import Config, StoreConfig
from answerable.errors import AnswerableError, Refused
from answerable.model.units import Space, Unit
from answerable.sequencer.guard import Guard
from answerable.sequencer.sequencer import Sequencer
from answerable.stores.database import connect_reading
from answerable.stores.sqlite import SqliteStore
from answerable.stores.unsynced import carried
from answerable.stores.view import SqliteView
from tests.damaged import Place
from tests.ledger import TestClock, leaf, opening
from tests.small_registry import ORIGIN
from tests.whole_life import Life, whole_life


@pytest.fixture(scope="module")
def life() -> Life:
    return whole_life()


@pytest.fixture(scope="module")
def grown(life: Life, tmp_path_factory: pytest.TempPathFactory) -> Place:
    place = Place(tmp_path_factory.mktemp("grown"))
    place.grow(life.units)
    place.mirror()
    return place


@pytest.fixture
def place(grown: Place, tmp_path: Path) -> Place:
    """A copy, to be spoiled."""
    shutil.copytree(grown.path.parent, tmp_path / "it")
    return Place.at(tmp_path / "it", grown)


def head(place: Place) -> tuple[int, bytes]:
    view = SqliteView(place.path, place.keys.payload)
    found = view.head()
    view.close()
    return found


def code(place: Place, *sources: str, **options: bool) -> str:
    before = sorted((p.name, p.stat().st_size) for p in place.path.iterdir() if p.is_file())
    with pytest.raises(AnswerableError) as raised:
        rebuild(place.config, sources, **options)  # type: ignore[arg-type]
    assert sorted((p.name, p.stat().st_size) for p in place.path.iterdir() if p.is_file()) == before
    return raised.value.code


def test_what_the_rooms_wrote_is_sound(place: Place) -> None:
    place.sound()


def test_a_lost_log_comes_back_from_a_mirror_with_its_payloads(place: Place, life: Life) -> None:
    before, rows = head(place), place.rows()
    place.lose_log()
    done = rebuild(place.config, [str(place.mirrored)])
    assert (done.size, done.root) == before == head(place)
    assert (done.before, done.given_up, done.unnamed, done.aside) == (-1, 0, 0, None)
    assert done.payloads > 14
    place.sound()
    view = SqliteView(place.path, place.keys.payload)
    for unit in life.units:
        for payload in unit.payloads:
            assert view.payload(payload.rid, payload.group) == (payload.salt, payload.body)
    view.close()
    again = place.rows()
    # `sound` started it once: the action without an end is settled by whoever serves, not by the writer alone.
    for space in rows:
        if space in (Space.CHALLENGES, Space.MISC, Space.ERASING):
            continue
        for key, row in rows[space].items():
            lost = (
                {n for n, v in msgspec.json.decode(row).items() if msgspec.json.decode(again[space][key])[n] != v}
                if row.startswith(b"{")
                else set()
            )
            assert lost <= {"upstream", "locality", "process", "endpoint"}
    assert again[Space.MISC] == {k: v for k, v in rows[Space.MISC].items() if k != "demo"}


def test_a_backup_gives_what_leaves_do_not_tell(place: Place, tmp_path: Path) -> None:
    rows = place.rows()
    shutil.copytree(place.path, tmp_path / "backup")
    place.lose_log()
    rebuild(place.config, [str(place.mirrored)], backup=tmp_path / "backup")
    assert place.rows() == rows
    place.sound()


async def test_what_was_erased_does_not_come_back_with_an_older_backup(
    place: Place, life: Life, tmp_path: Path
) -> None:
    """Payload files from before the erasure are put back: the first start erases again."""
    assert life.erased is not None
    record = life.erased.record
    shutil.copytree(place.path / "payloads", tmp_path / "payloads")
    place.lose_log()
    rebuild(place.config, [str(place.mirrored)])
    for _ in range(2):
        store = SqliteStore.open(place.path, payload_key=place.keys.payload)
        sequencer = Sequencer(store, place.keys.log, ORIGIN, TestClock(), guard=Guard.open(place.guard, ORIGIN))
        await sequencer.start()
        view = store.view()
        assert view.payload(record, "in") is None
        assert list(store.rows(Space.ERASING)) == []
        view.close()
        await sequencer.close()
        shutil.rmtree(place.path / "payloads")
        shutil.copytree(tmp_path / "payloads", place.path / "payloads")
        place.mirror()
        rebuild(place.config, [])


def test_what_the_old_log_alone_has_of_its_payloads_is_kept_and_leaves_it(place: Place) -> None:
    """As a power cut leaves it: the files have not got the newest records."""
    unit, its = opening()
    place.grow([unit], publish=False)
    log = connect_reading(place.path / "log.db")
    (*_, (_, record)) = carried(log)
    log.close()
    for path in (place.path / "payloads").iterdir():
        path.write_bytes(path.read_bytes().replace(record, bytes(len(record))))
    made = rebuild(place.config, [])
    view = SqliteView(place.path, place.keys.payload)
    assert view.payload(its, "in") == (unit.payloads[0].salt, b"what is asked")
    view.close()
    assert made.aside is not None
    assert not any(record[40:72] in path.read_bytes() for path in made.aside.iterdir())


def test_what_lies_aside_of_a_rebuild_that_was_cut_short_keeps_no_payload(place: Place) -> None:
    unit, _ = opening()
    place.grow([unit], publish=False)
    log = connect_reading(place.path / "log.db")
    (*_, (_, record)) = carried(log)
    log.close()
    (place.path / "damaged-1").mkdir()
    shutil.copy(place.path / "log.db", place.path / "damaged-1" / "log.db")
    assert record[40:72] in (place.path / "damaged-1" / "log.db").read_bytes()
    assert rebuild(place.config, []).aside == place.path / "damaged-2"
    for path in place.path.glob("damaged-*/*"):
        assert record[40:72] not in path.read_bytes(), path


@pytest.mark.parametrize("call", range(10))
def test_a_rebuild_that_was_cut_short_is_done_again(place: Place, monkeypatch: pytest.MonkeyPatch, call: int) -> None:
    """At whichever name it changes: the old log is whole somewhere, and found without being told where."""
    store = SqliteStore.open(place.path, payload_key=place.keys.payload)  # so that there is a log written ahead
    ahead = [(path.name, path.read_bytes()) for path in place.path.glob("log.db*")]
    store.close()
    for name, data in ahead:
        (place.path / name).write_bytes(data)
    before, calls = head(place), 0

    def cut(*about: object) -> None:
        raise KeyboardInterrupt

    def counted(change: Callable[..., object]) -> Callable[..., object]:
        def changed(path: Path, *about: object, **named: object) -> object:
            nonlocal calls
            if path.is_relative_to(place.path) and ("log.db" in path.name or path.name == "aside"):
                if calls == call:
                    cut()
                calls += 1
            return change(path, *about, **named)

        return changed

    for name in ("rename", "unlink", "hardlink_to"):
        monkeypatch.setattr(Path, name, counted(getattr(Path, name)))
    with pytest.raises(KeyboardInterrupt):
        rebuild(place.config, [])
    monkeypatch.undo()
    assert rebuild(place.config, []).root == before[1]
    assert head(place) == before
    assert fsck(place.config).sound


def test_without_payloads_identifiers_stand_for_names(place: Place) -> None:
    place.lose_log()
    shutil.rmtree(place.path / "payloads")
    done = rebuild(place.config, [str(place.mirrored)])
    assert done.payloads == 0
    assert done.unnamed > 10
    parties = [msgspec.json.decode(row) for row in place.rows()[Space.PARTIES].values()]
    assert all(party["name"] == party["id"] for party in parties)
    found = fsck(place.config)
    assert set(found.found) == {"audit.payload_gone"}


@pytest.mark.parametrize(
    "spoil",
    [
        "UPDATE tile SET data = zeroblob(length(data))",
        "UPDATE segment SET data = x'0001ff' WHERE first = 0",
        "DELETE FROM segment WHERE first > 3",
        "UPDATE recent SET effects = x'90'",
        "UPDATE recent SET note = x'', root = zeroblob(32)",
    ],
)
def test_what_is_damaged_is_taken_from_the_mirror_and_the_rest_from_itself(place: Place, spoil: str) -> None:
    before = head(place)
    with sqlite3.connect(place.path / "log.db") as log:
        log.execute(spoil)
    assert not fsck(place.config).sound
    done = rebuild(place.config, [str(place.mirrored)])
    assert (done.size, done.root) == before
    assert done.aside == place.path / "damaged-1"
    assert (done.aside / "log.db").exists()
    place.sound()


def test_rows_and_tiles_are_told_again_from_its_own_leaves(place: Place) -> None:
    rows = place.rows()
    with sqlite3.connect(place.path / "log.db") as log:
        log.execute("UPDATE tile SET data = zeroblob(length(data))")
        log.execute("DELETE FROM state WHERE space = 'stops'")
        log.execute("UPDATE recent SET effects = x'90'")
    assert "audit.state" in fsck(place.config).found
    done = rebuild(place.config, [])
    assert done.source == str(place.path)
    assert place.rows()[Space.STOPS] == rows[Space.STOPS]
    place.sound()


def test_an_older_backup_gets_its_missing_tail_from_the_mirror(place: Place, life: Life, tmp_path: Path) -> None:
    """The guard catches the backup; nothing is signed for it until the tail is there."""
    shutil.copytree(place.path, tmp_path / "backup")
    place.grow([Unit(leaves=(leaf(), leaf())) for _ in range(300)])
    place.mirror()
    before = head(place)
    for file in place.path.glob("*.db*"):
        file.unlink()
    shutil.copy(tmp_path / "backup" / "log.db", place.path)
    with pytest.raises(AnswerableError) as refused:
        place.writer()
    assert refused.value.code == "store.rolled_back"
    done = rebuild(place.config, [str(place.mirrored)])
    assert (done.size, done.root, done.before) == (*before, before[0] - 600)
    place.sound()


def test_acknowledged_records_that_nobody_has_are_given_up_only_when_told(place: Place) -> None:
    place.grow([Unit(leaves=(leaf(),)) for _ in range(4)], publish=False)
    place.lose_log()
    assert code(place, str(place.mirrored)) == "rebuild.unpublished"
    done = rebuild(place.config, [str(place.mirrored)], give_up=True)
    assert done.given_up == 4
    place.sound()


def test_a_mirror_that_is_behind_what_was_published_is_not_enough(place: Place) -> None:
    place.grow([Unit(leaves=(leaf(),))])
    place.lose_log()
    assert code(place, str(place.mirrored)) == "rebuild.behind"
    assert code(place, str(place.mirrored), give_up=True) == "rebuild.behind"


def test_its_own_newer_tail_counts_although_an_old_part_is_lost(place: Place) -> None:
    place.grow([Unit(leaves=(leaf(),)) for _ in range(4)], publish=False)
    before = head(place)
    with sqlite3.connect(place.path / "log.db") as log:
        log.execute("UPDATE segment SET data = x'0001ff' WHERE first = 0")
    done = rebuild(place.config, [str(place.mirrored)])
    assert (done.size, done.root, done.given_up) == (*before, 0)
    place.sound()


def test_another_history_is_not_taken(place: Place, tmp_path: Path) -> None:
    """Two stores of one log grew apart: the guard knows which is its own."""
    twin = tmp_path / "twin"
    shutil.copytree(place.path.parent, twin)
    other = Place.at(twin, place)
    place.grow([Unit(leaves=(leaf(), leaf()))])
    other.grow([Unit(leaves=(leaf(),)) for _ in range(3)])
    false = other.mirror("false")
    place.mirror()
    before = head(place)
    place.lose_log()
    assert code(place, false) == "store.rewritten"
    done = rebuild(place.config, [false, str(place.mirrored)])
    assert (done.size, done.root) == before
    place.lose_log()
    shutil.rmtree(place.guard)
    assert code(place, false, str(place.mirrored)) == "store.unguarded"
    assert code(place, false, str(place.mirrored), new_guard=True) == "rebuild.forked"


def test_a_lost_guard_begins_anew_only_when_told(place: Place) -> None:
    place.lose_log()
    shutil.rmtree(place.guard)
    assert code(place, str(place.mirrored)) == "store.unguarded"
    done = rebuild(place.config, [str(place.mirrored)], new_guard=True)
    guard = Guard.open(place.guard, ORIGIN)
    assert (guard.size, guard.root) == (done.size, done.root)
    assert guard.published == (place.mirrored / "checkpoint").read_bytes()
    guard.close()
    place.sound()


def test_nothing_to_build_from(place: Place, tmp_path: Path) -> None:
    place.lose_log()
    assert code(place) == "rebuild.nothing"
    (tmp_path / "empty").mkdir()
    assert code(place, str(tmp_path / "empty")) == "rebuild.nothing"
    for file in place.mirrored.rglob("*"):
        if file.is_file() and "entries" in str(file):
            file.write_bytes(b"\x00\x01x")
    assert code(place, str(place.mirrored)) in ("source.wrong", "rebuild.nothing")


def test_a_served_store_is_left_alone(place: Place) -> None:
    writer = place.writer()
    assert code(place, str(place.mirrored)) == "store.locked"
    writer.close()


def test_a_database_is_restored_by_its_own_means(place: Place) -> None:
    config = Config(store=StoreConfig(path=str(place.path), url="postgresql:///x"))
    with pytest.raises(Refused) as refused:
        rebuild(config, [])
    assert refused.value.code == "config.value"
