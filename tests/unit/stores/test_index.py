# SPDX-License-Identifier: Apache-2.0
from __future__ import annotations

import sqlite3
from pathlib import Path

import pytest

from answerable.log.leaf import rid
from answerable.stores import index
from answerable.stores.index import Index
from tests.ledger import encode_close, leaf


class Source:
    """Leaves in a list."""

    def __init__(self) -> None:
        self.all: list[bytes] = []

    def head(self) -> tuple[int, bytes]:
        return len(self.all), b""

    def leaf(self, at: int) -> bytes:
        return self.all[at]

    def leaves(self, start: int, end: int) -> list[bytes]:
        return self.all[start:end]


def test_it_follows_the_log_in_steps(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(index, "STEP", 4)
    source = Source()
    source.all = [leaf() for _ in range(11)]
    made = Index(tmp_path / "index.db", source)
    assert [made.find(rid(data)) for data in source.all] == list(range(11))
    assert made.find("a" * 32) is None
    its = rid(source.all[5])
    assert made.close_of(its) is None
    source.all.append(encode_close(its))
    assert made.close_of(its) == rid(source.all[11])
    made.close()
    again = Index(tmp_path / "index.db", source)
    source.leaves = lambda start, end: pytest.fail("it was built already")  # type: ignore[method-assign]
    assert again.find(its) == 5
    again.close()


@pytest.mark.parametrize("shorter", [True, False])
def test_a_log_that_was_restored_is_indexed_anew(shorter: bool) -> None:
    source = Source()
    source.all = [leaf() for _ in range(5)]
    made = Index(None, source)
    old = rid(source.all[4])
    assert made.find(old) == 4
    source.all = source.all[:2] + [leaf() for _ in range(1 if shorter else 6)]
    assert made.find(old) is None
    assert made.find(rid(source.all[2])) == 2
    made.close()


def test_a_damaged_file_is_built_anew(tmp_path: Path) -> None:
    path = tmp_path / "index.db"
    path.write_bytes(b"noise" * 5000)
    source = Source()
    source.all = [leaf()]
    made = Index(path, source)
    assert made.find(rid(source.all[0])) == 0
    made.close()


def test_the_form_that_held_tags_is_deleted_whole(tmp_path: Path) -> None:
    path = tmp_path / "index.db"
    database = sqlite3.connect(path)
    database.executescript(
        "CREATE TABLE tagged (tag BLOB); INSERT INTO tagged VALUES ('a-tag-of-old'); PRAGMA user_version=1;"
    )
    database.close()
    source = Source()
    source.all = [leaf()]
    made = Index(path, source)
    assert made.find(rid(source.all[0])) == 0
    made.close()
    assert b"a-tag-of-old" not in b"".join(each.read_bytes() for each in tmp_path.iterdir())


def test_text_that_looks_like_a_close_leaf_is_none() -> None:
    source = Source()
    source.all = [b'{"k":"shard","x":{"k":"close"},"open":"o"}', b'"k":"close" not json', b'{"k":"close"}']
    made = Index(None, source)
    assert made.find(rid(source.all[1])) == 1
    assert made.close_of("o") is None
    made.close()
