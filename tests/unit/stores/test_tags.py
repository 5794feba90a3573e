# SPDX-License-Identifier: Apache-2.0
from __future__ import annotations

import sqlite3
from pathlib import Path

import pytest

from answerable.errors import Unavailable
from answerable.log.leaf import rid
from answerable.model.prints import Kind, Print
from answerable.stores import tags
from answerable.stores.database import connect_reading
from answerable.stores.tags import TAGS_FILE, Tags
from tests.ledger import leaf


class Source:
    """Leaves in a list; each may have tags."""

    def __init__(self, count: int) -> None:
        self.all = [leaf() for _ in range(count)]
        self.rows: list[tuple[bytes, int, str, int]] = []

    def head(self) -> tuple[int, bytes]:
        return len(self.all), b""

    def leaf(self, at: int) -> bytes:
        return self.all[at]

    def tagged(self, start: int, end: int) -> list[tuple[bytes, int, str, int]]:
        return [row for row in self.rows if start <= row[1] < end]

    def tag(self, tag: bytes, at: int, day: int = 5) -> str:
        its = rid(self.all[at])
        self.rows.append((tag, at, its, day))
        return its


def _bytes(folder: Path) -> bytes:
    return b"".join(path.read_bytes() for path in folder.iterdir())


def test_it_follows_the_log_in_steps(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(tags, "STEP", 4)
    source = Source(11)
    first, second = source.tag(b"x" * 16, 9), source.tag(b"x" * 16, 2)
    made = Tags(tmp_path, source)
    assert made.find(b"x" * 16) == [second, first]
    assert made.find(b"y" * 16) == []
    source.all.append(leaf())
    third = source.tag(b"x" * 16, 11)
    assert made.find(b"x" * 16) == [second, first, third]
    made.close()


@pytest.mark.parametrize("length", [2, 20])
def test_another_log_is_found_out(tmp_path: Path, length: int) -> None:
    source = Source(5)
    source.tag(b"x" * 16, 1)
    made = Tags(tmp_path, source)
    assert len(made.find(b"x" * 16)) == 1
    other = Source(length)
    other.tag(b"z" * 16, 1)
    made._source = other
    assert made.find(b"x" * 16) == []
    assert len(made.find(b"z" * 16)) == 1
    made.close()


def test_a_damaged_file_is_built_anew(tmp_path: Path) -> None:
    (tmp_path / TAGS_FILE).write_bytes(b"noise" * 5000)
    source = Source(3)
    its = source.tag(b"x" * 16, 1)
    made = Tags(tmp_path, source)
    assert made.find(b"x" * 16) == [its]
    made.close()


@pytest.mark.parametrize("where", ["head", "middle"])
def test_a_damaged_file_keeps_nothing_from_being_erased(tmp_path: Path, where: str) -> None:
    source = Source(3000)
    for at in range(3000):
        source.tag(b"tag-%011d-" % ((at * 7919) % 3000), at)
    made = Tags(tmp_path, source)
    made.find(b"none")
    made.close()
    path = tmp_path / TAGS_FILE
    data = path.read_bytes()
    spoilt = 0 if where == "head" else 8192
    path.write_bytes(data[:spoilt] + b"noise" * 4096 + data[spoilt + 5 * 4096 :])
    tag, _, its, _ = source.rows.pop(1500)
    tags.tidy(tmp_path, [its], (6, frozenset()))
    assert tag not in _bytes(tmp_path)
    again = Tags(tmp_path, source)
    assert again.find(tag) == []
    assert len(again.find(source.rows[0][0])) == 1
    again.close()


def test_what_is_forgotten_stands_in_no_page(tmp_path: Path) -> None:
    """Thousands of tags, so that pages were split and cells moved; the reader stays open as in a running service."""
    source = Source(6000)
    for at in range(6000):
        source.tag(b"tag-%011d-" % ((at * 7919) % 6000), at)
    made = Tags(tmp_path, source)
    made.find(b"none")
    gone = [(row[0], row[2]) for row in source.rows[1000:1003]]
    source.rows = [row for row in source.rows if (row[0], row[2]) not in gone]  # as the payloads have lost them
    assert all(tag in _bytes(tmp_path) for tag, _ in gone)
    tags.tidy(tmp_path, [its for _, its in gone], None)
    stored = _bytes(tmp_path)
    for tag, its in gone:
        assert tag not in stored
        assert its.encode() not in stored
        assert made.find(tag) == []
    assert len(made.find(source.rows[0][0])) == 1
    made.close()


def test_a_clean_up_that_was_interrupted_is_done_by_the_next(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    source = Source(3000)
    for at in range(3000):
        source.tag(b"tag-%011d-" % ((at * 7919) % 3000), at)
    made = Tags(tmp_path, source)
    made.find(b"none")
    tag, _, its, _ = source.rows.pop(1500)

    def cut(database: object) -> None:
        raise Unavailable("store.failed", detail="cut short")

    with monkeypatch.context() as patch:
        patch.setattr(tags, "flush", cut)
        with pytest.raises(Unavailable):
            tags.tidy(tmp_path, [its], None)
    assert tag in _bytes(tmp_path)  # in the write-ahead log, or a page that was not copied back
    tags.tidy(tmp_path, [its], None)
    assert tag not in _bytes(tmp_path)
    made.close()


def test_tags_expire_with_their_day_but_for_what_is_kept(tmp_path: Path) -> None:
    source = Source(6)
    for at in range(6):
        source.tag(b"tag%d" % at * 4, at, day=3 + at)
    made = Tags(tmp_path, source)
    made.find(b"none")
    tags.tidy(tmp_path, [], (6, frozenset({source.rows[1][2]})))
    left = [bool(made.find(row[0])) for row in source.rows]
    assert left == [False, True, False, True, True, True]
    reading = connect_reading(tmp_path / TAGS_FILE)
    assert reading.execute("SELECT count(*) FROM tagged").fetchone() == (4,)
    reading.close()
    made.close()


def test_nothing_is_made_where_nobody_asked(tmp_path: Path) -> None:
    tags.tidy(tmp_path, ["a" * 32], (5, frozenset()))
    assert list(tmp_path.iterdir()) == []


def test_more_leaves_than_one_statement_takes(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(tags, "AT_ONCE", 3)
    source = Source(8)
    for at in range(8):
        source.tag(b"tag%d" % at * 4, at)
    made = Tags(tmp_path, source)
    made.find(b"none")
    tags.tidy(tmp_path, [row[2] for row in source.rows[:7]], None)
    assert [bool(made.find(row[0])) for row in source.rows] == [False] * 7 + [True]
    made.close()


def test_fingerprints_follow_the_log_and_stand_apart_from_digests(tmp_path: Path) -> None:
    source = Source(9)
    one, other = Print(Kind.IMAGE, 1, (7, 8)), Print(Kind.IMAGE, 1, (6, 8))
    first, second = source.tag(one.tag(), 2), source.tag(other.tag(), 4)
    made, beside = Tags(tmp_path, source), Tags(tmp_path, source)
    for reader in (made, beside):
        assert made.near(one) == reader.near(one) == [(first, one.tag()), (second, other.tag())]
    assert made.find(one.tag()) == []
    tags.tidy(tmp_path, [first], None)
    assert made.near(one) == [(second, other.tag())]
    assert one.tag() not in _bytes(tmp_path)
    tags.tidy(tmp_path, [], (6, frozenset()))
    assert made.near(one) == []
    assert other.tag() not in _bytes(tmp_path)
    made.close()
    beside.close()


def test_two_that_catch_up_at_once_take_a_fingerprint_in_once(tmp_path: Path) -> None:
    source = Source(9)
    source.tag(Print(Kind.IMAGE, 1, (7,)).tag(), 2)
    made, late = Tags(tmp_path, source), Tags(tmp_path, source)
    made.near(Print(Kind.IMAGE, 1, (7,)))
    late._take(0, 9)  # it looked before the first wrote
    with connect_reading(tmp_path / TAGS_FILE) as database:
        assert database.execute("SELECT count(*) FROM print").fetchone() == (1,)
    made.close()
    late.close()


def test_a_file_of_an_earlier_version_is_built_anew(tmp_path: Path) -> None:
    source = Source(4)
    its = source.tag(Print(Kind.IMAGE, 1, (7,)).tag(), 2)
    with sqlite3.connect(tmp_path / TAGS_FILE) as database:  # as version 1 left it: all taken in, no fingerprints
        database.executescript(
            "CREATE TABLE tagged (tag BLOB NOT NULL, at INTEGER NOT NULL, rid TEXT NOT NULL, day INTEGER NOT NULL,"
            " PRIMARY KEY (tag, at, rid)) WITHOUT ROWID;"
            "CREATE TABLE upto (size INTEGER NOT NULL, last TEXT NOT NULL, unclean INTEGER NOT NULL);"
            f"INSERT INTO upto VALUES (4, '{rid(source.all[3])}', 0); PRAGMA user_version=1;"
        )
    database.close()
    made = Tags(tmp_path, source)
    assert [found for found, _ in made.near(Print(Kind.IMAGE, 1, (7,)))] == [its]
    made.close()


def test_records_that_share_tags_are_counted(tmp_path: Path) -> None:
    source = Source(6)
    names = [bytes([number]) * 16 for number in range(4)]
    few, many = rid(source.all[1]), rid(source.all[3])
    for name in names[:3]:
        source.tag(name, 3)
    for name in names[:2]:
        source.tag(name, 1)
    made = Tags(tmp_path, source)
    assert made.alike(names, 1) == [(many, 3), (few, 2)]
    assert made.alike(names, 3) == [(many, 3)]
    made.close()
