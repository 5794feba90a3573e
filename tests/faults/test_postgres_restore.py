# SPDX-License-Identifier: Apache-2.0
"""PostgreSQL: a database that was set back, tampered with or copied is not signed for. The guard, on this machine, has
seen more, and the tree says what was changed."""

from __future__ import annotations

import asyncio
import shutil
import signal
import subprocess
from collections.abc import Callable
from pathlib import Path

from answerable.ports import Store
from answerable.sequencer.guard import Guard
from answerable.sequencer.recovery import examine
from tests.faults.checks import check
from tests.faults.tally import TALLY
from tests.ledger import VKEY, closing, guard_at, opening, sequencer_over, unavailable
from tests.postgres import Server, running, store_at


async def act(folder: Path, make: Callable[[Path], Store], actions: int) -> set[str]:
    sequencer = sequencer_over(make(folder), guard_at(folder))
    await sequencer.start()
    acknowledged = set()
    for _ in range(actions):
        unit, its = opening()
        await sequencer.commit(unit)
        await sequencer.commit(closing(its))
        acknowledged.add(its)
    await sequencer.close()
    return acknowledged


def refused(folder: Path, make: Callable[[Path], Store], code: str) -> None:
    store, guard = make(folder), Guard.open(folder / "guard", "test.invalid/log")
    with unavailable(code):
        examine(store, guard, [VKEY])
    store.close()
    guard.close()


def test_an_old_dump_is_caught_and_the_newest_goes_on(tmp_path: Path, postgres: Server) -> None:
    database = postgres.database()
    make = store_at(postgres.url(database))
    acknowledged = asyncio.run(act(tmp_path, make, 20))
    old = postgres.run("pg_dump", "-d", database).stdout
    acknowledged |= asyncio.run(act(tmp_path, make, 5))
    newest = postgres.run("pg_dump", "-d", database).stdout
    for dump in (old, newest):
        postgres.sql("DROP SCHEMA answerable, answerable_payloads CASCADE", database)
        postgres.run("psql", "-q", "-v", "ON_ERROR_STOP=1", "-d", database, input=dump)
        if dump is old:
            refused(tmp_path, make, "store.rolled_back")
            TALLY.count("postgres: an old dump restored")
    assert asyncio.run(check(tmp_path, acknowledged, [], make)) == 50


def test_a_copied_data_folder_is_caught(tmp_path: Path, fresh_data: Path) -> None:
    with running(fresh_data) as server:
        make = store_at(server.url())
        asyncio.run(act(tmp_path, make, 10))
        server.stop(signal.SIGINT)
        subprocess.run(["cp", "-a", server.data, server.folder / "copy"], check=True)
        server.start()
        asyncio.run(act(tmp_path, make, 1))
        server.stop(signal.SIGINT)
        shutil.rmtree(server.data)
        (server.folder / "copy").rename(server.data)
        server.start()
        refused(tmp_path, make, "store.rolled_back")
        TALLY.count("postgres: an old copy of the data folder")


def test_a_history_that_went_on_without_us_is_caught(tmp_path: Path, postgres: Server) -> None:
    """Both were one log once. The copy is as long, and says something else."""
    database = postgres.database()
    make = store_at(postgres.url(database))
    asyncio.run(act(tmp_path, make, 4))
    old = postgres.run("pg_dump", "-d", database).stdout
    shutil.copytree(tmp_path / "guard", tmp_path / "other" / "guard")
    asyncio.run(act(tmp_path, make, 3))
    second = postgres.database()
    postgres.run("psql", "-q", "-v", "ON_ERROR_STOP=1", "-d", second, input=old)
    shutil.copytree(tmp_path / "store", tmp_path / "other" / "store")
    make_second = store_at(postgres.url(second))
    asyncio.run(act(tmp_path / "other", make_second, 3))
    refused(tmp_path, make_second, "store.rewritten")
    TALLY.count("postgres: another history of as many records")


def test_a_record_that_someone_changed_is_caught(tmp_path: Path, postgres: Server) -> None:
    database = postgres.database()
    make = store_at(postgres.url(database))
    asyncio.run(act(tmp_path, make, 4))
    for change in (
        "UPDATE answerable.segment SET data = set_byte(data, 9, get_byte(data, 9) # 1) WHERE first = 7",
        "UPDATE answerable.head SET root = set_byte(root, 0, get_byte(root, 0) # 1)",
        "UPDATE answerable.head SET note = set_byte(note, 40, get_byte(note, 40) # 1)",
        "DELETE FROM answerable.segment WHERE first = 7",
        "DELETE FROM answerable.head",
    ):
        whole = postgres.run("pg_dump", "-d", database).stdout
        postgres.sql(change, database)
        if "DELETE FROM answerable.head" in change:
            with unavailable("store.damaged"):
                make(tmp_path)
        else:
            refused(tmp_path, make, "store.damaged")
        postgres.sql("DROP SCHEMA answerable, answerable_payloads CASCADE", database)
        postgres.run("psql", "-q", "-v", "ON_ERROR_STOP=1", "-d", database, input=whole)
        TALLY.count("postgres: a record or the head changed")
    asyncio.run(act(tmp_path, make, 1))
