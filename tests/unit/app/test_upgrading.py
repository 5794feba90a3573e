# SPDX-License-Identifier: Apache-2.0
"""A store that a version from before the members of today made (`tests/golden/stores/rows-1.tar.gz`): three systems, a
copy, a suspension that became a termination, and one that was released."""

from __future__ import annotations

import base64
import json
import tarfile
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

import msgspec
import pytest

from answerable.app import upgrading
from answerable.app.core import Core, open_core
from answerable.app.keys import load
from answerable.app.repair import fsck
from answerable.app.stores import open_store
from answerable.app.upgrading import KEY, ROWS, upgrade
from answerable.config import Config
from answerable.errors import Unavailable
from answerable.model.records import Copy, Stop, System
from answerable.model.units import Put, Space, Unit
from answerable.ports import Store
from tests.ledger import append
from tests.postgres import Server, postgres_store
from tests.unit.app.small_store import config as config_at
from tests.unit.app.small_store import made

OLD = Path(__file__).parents[2] / "golden" / "stores" / "rows-1.tar.gz"


@pytest.fixture
def old(tmp_path: Path) -> Config:
    with tarfile.open(OLD) as file:
        file.extractall(tmp_path, filter="data")
    return config_at(tmp_path)


@asynccontextmanager
async def opened(config: Config) -> AsyncIterator[Core]:
    core = await open_core(config)
    try:
        yield core
    finally:
        await core.close()


def rows(store: Store, space: Space) -> list[dict[str, object]]:
    return [json.loads(value) for _, value in store.rows(space)]


async def test_opening_brings_its_rows_up_to_date(old: Config) -> None:
    before = fsck(old)
    assert before.found["audit.state"] >= 7, "its rows lack members, and fsck says so"
    async with opened(old) as core:
        assert core.ledger.failure is None
        stops = [msgspec.json.decode(raw, type=Stop) for _, raw in core.book.rows(Space.STOPS)]
        by_change = sorted(stops, key=lambda stop: stop.epoch)
        assert [(stop.epoch, stop.changed, stop.kind) for stop in by_change] == [
            (1, 0, "suspend"), (2, 0, "terminate"), (3, 4, "suspend"),
        ]  # fmt: skip
        assert {stop.reason for stop in stops} == {"old order", "mistake"}
    after = fsck(old)
    assert after.sound, after.findings
    assert (after.size, after.root)[0] >= before.size


async def test_what_is_replaced_is_kept_first(old: Config) -> None:
    store = open_store(old, load(old.store_path).payload)
    kinds = {"systems": System, "copies": Copy, "stops": Stop}
    was = {space: dict(store.rows(Space(space))) for space in kinds}
    people = {space: dict(store.rows(space)) for space in (Space.PARTIES, Space.ADMINS)}
    head, note = store.head(), store.checkpoint()
    count = upgrade(old.store_path, store)
    renamed = [
        (json.loads(row)["name"], json.loads(now[key])["name"])
        for space, rows_ in people.items()
        for now in (dict(store.rows(space)),)
        for key, row in rows_.items()
        if row != now[key]
    ]
    assert renamed
    assert all(after.startswith("PERSON-") and not before.startswith("PERSON-") for before, after in renamed)
    assert count == sum(map(len, was.values())) + len(renamed)
    assert (store.head(), store.checkpoint()) == (head, note), "leaves are never touched"
    kept = old.store_path / "rows-1.jsonl"
    assert kept.stat().st_mode & 0o777 == 0o600
    lines = [json.loads(line) for line in kept.read_text().splitlines()]
    assert len(lines) == count - len(renamed), "names of persons are kept nowhere"
    for space, key, value in lines:
        assert base64.b64decode(value) == was[space][key]
        msgspec.json.decode(dict(store.rows(Space(space)))[key], type=kinds[space])
    # What leaves do not tell is as it was: where a copy is served, what the configuration calls a model.
    (copy,), (copy_was,) = rows(store, Space.COPIES), [json.loads(each) for each in was["copies"].values()]
    assert copy == {**copy_was, "node": ""}
    assert copy["endpoint"] == "http://127.0.0.1:9/"
    assert upgrade(old.store_path, store) == 0
    assert len(list(old.store_path.glob("rows-*"))) == 1
    store.close()


async def test_one_that_was_cut_short_is_done_again(old: Config, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(upgrading, "BATCH", 2)
    store = open_store(old, load(old.store_path).payload)
    written: list[object] = []
    real = upgrading._write

    def cut(store: Store, effects: list[Put]) -> None:
        if len(written) == 2:
            raise Unavailable("store.failed", detail="cut")
        written.append(effects)
        real(store, effects)

    with monkeypatch.context() as patch:
        patch.setattr(upgrading, "_write", cut)
        with pytest.raises(Unavailable, match=r"store\.failed"):
            upgrade(old.store_path, store)
    first = (old.store_path / "rows-1.jsonl").read_bytes()
    assert upgrade(old.store_path, store) > 0
    assert (old.store_path / "rows-1.jsonl").read_bytes() == first, "it has them as they first were"
    store.close()
    assert fsck(old).sound


async def test_leaves_that_are_not_the_heads_change_nothing(old: Config, monkeypatch: pytest.MonkeyPatch) -> None:
    store = open_store(old, load(old.store_path).payload)
    was = rows(store, Space.STOPS)
    monkeypatch.setattr(upgrading, "decode", lambda data: (_ for _ in ()).throw(LookupError("not ours")))
    with pytest.raises(Unavailable, match=r"store\.damaged"):
        upgrade(old.store_path, store)
    assert rows(store, Space.STOPS) == was
    store.close()
    async with opened(old) as core:
        assert core.ledger.failure is not None, "nothing is signed over it"
        assert core.ledger.failure.code == "store.damaged"


async def test_a_full_disk_keeps_no_store_from_opening(old: Config, monkeypatch: pytest.MonkeyPatch) -> None:
    def full(*_: object) -> None:
        raise OSError(28, "No space left on device")

    with monkeypatch.context() as patch:
        patch.setattr(upgrading.durable, "replace", full)
        async with opened(old) as core:
            assert core.ledger.failure is None
            assert not core.book.raw(Space.MISC, KEY)
    async with opened(old) as core:
        assert core.book.raw(Space.MISC, KEY) == b"%d" % ROWS


async def test_rows_of_a_newer_version_are_refused_and_a_new_store_needs_nothing(tmp_path: Path) -> None:
    core = await made(tmp_path)
    assert core.book.raw(Space.MISC, KEY) == b"%d" % ROWS
    config = core.config
    await core.ledger.commit(Unit(effects=(Put(Space.MISC, KEY, b"%d" % (ROWS + 1)),)))
    await core.close()
    with pytest.raises(Unavailable, match=r"store\.newer"):
        await open_core(config)
    assert not list(config.store_path.glob("rows-*"))


def test_a_database_is_brought_up_to_date_as_a_folder_is(old: Config, tmp_path: Path, postgres: Server) -> None:
    """What stood in the old store, in a database. Texts are not in it, and stay as they were."""
    was = open_store(old, load(old.store_path).payload)
    database = postgres_store(postgres, postgres.database())(tmp_path / "database")
    append(
        database,
        Unit(
            leaves=tuple(was.leaves(0, was.head()[0])),
            effects=tuple(Put(space, key, bytes(value)) for space in Space for key, value in was.rows(space)),
        ),
    )
    assert upgrade(tmp_path, database) == upgrade(old.store_path, was)
    for space in Space:
        assert dict(database.rows(space)) == dict(was.rows(space)), space
    was.close()
    database.close()
