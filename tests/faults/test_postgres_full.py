# SPDX-License-Identifier: Apache-2.0
"""PostgreSQL: the server's disk is full. Actions are refused, a stop order is written, and all goes on when there is
space again. Where the write-ahead log has no room the server stops: then nothing is acknowledged, and nothing lost."""

from __future__ import annotations

import asyncio
import contextlib
import signal
import time
from pathlib import Path

import asyncpg
import pytest

from answerable.errors import AnswerableError
from answerable.model.units import Lane, Unit
from answerable.sequencer.sequencer import Sequencer
from tests.faults.checks import check
from tests.faults.tally import TALLY
from tests.ledger import guard_at, opening, recomputed, sequencer_over
from tests.postgres import Server, running, store_at


def fill(server: Server, path: Path) -> None:
    """By the server itself, which alone sees that disk."""
    for size in (1 << 20, 1 << 12):
        for number in range(64):
            name = path.with_name(f"filler-{size}-{number}")
            with contextlib.suppress(asyncpg.DiskFullError, asyncpg.PostgresError):
                server.sql(f"COPY (SELECT repeat('x', {size}) FROM generate_series(1, 8)) TO '{name}'")
                continue
            break


def empty(server: Server, path: Path) -> None:
    for size in (1 << 20, 1 << 12):
        for number in range(64):
            with contextlib.suppress(asyncpg.PostgresError):
                server.sql(f"COPY (SELECT 1 WHERE false) TO '{path.with_name(f'filler-{size}-{number}')}'")


async def outcome(sequencer: Sequencer, unit: Unit) -> str:
    try:
        await sequencer.commit(unit)
    except AnswerableError as error:
        return f"{error.code} {error.params.get('detail', '')}"
    return "written"


async def written(sequencer: Sequencer, lane: Lane) -> int:
    """How many are, until the disk has no room for one more."""
    count = 0
    while await outcome(sequencer, opening(lane, body=bytes(200_000))[0]) == "written":
        count += 1
        assert count < 200, "the disk was not full"
    return count


@pytest.mark.system("unshare")
async def test_a_full_disk_keeps_nobody_from_stopping(tmp_path: Path, fresh_data: Path) -> None:
    with running(fresh_data, disk=(".", "80m")) as server:
        make = store_at(server.url())
        store = make(tmp_path)
        sequencer = sequencer_over(store, guard_at(tmp_path))
        await sequencer.start()
        assert await outcome(sequencer, opening()[0]) == "written"
        await asyncio.to_thread(fill, server, server.data / "filler")
        body = bytes(100_000)
        acted = []
        for _ in range(40):  # until what was allocated in advance is used up
            acted.append(await outcome(sequencer, opening(body=body)[0]))
            if acted[-1] != "written":
                break
        assert acted[-1] == "log.stopped store.full", acted
        assert await outcome(sequencer, opening(Lane.STOP, body=body)[0]) == "written"
        assert await outcome(sequencer, opening(body=body)[0]) in ("written", "log.stopped store.full")
        await asyncio.to_thread(empty, server, server.data / "filler")
        assert await outcome(sequencer, opening()[0]) == "written"
        assert recomputed(store) == store.head()
        await sequencer.close()
        await check(tmp_path, set(), [], make)
        TALLY.count("postgres: full disk")


@pytest.mark.system("unshare")
async def test_a_disk_that_fills_up_again_keeps_nobody_from_stopping(
    tmp_path: Path, fresh_data: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """What was kept for the first order is kept again for the second, as soon as there is room."""
    monkeypatch.setattr("answerable.stores.postgres.reserve.PAUSE_S", 0.0)
    with running(fresh_data, disk=(".", "112m")) as server:
        store = store_at(server.url())(tmp_path)
        sequencer = sequencer_over(store, guard_at(tmp_path))
        await sequencer.start()
        for _ in range(2):
            await asyncio.to_thread(fill, server, server.data / "filler")
            acted = [await written(sequencer, Lane.ACTION), await written(sequencer, Lane.STOP)]
            assert acted[1] >= 5, acted
            await asyncio.to_thread(empty, server, server.data / "filler")
            assert await outcome(sequencer, opening()[0]) == "written"
        assert recomputed(store) == store.head()
        await sequencer.close()
        TALLY.count("postgres: full disk, twice")


@pytest.mark.system("unshare")
async def test_no_room_for_the_write_ahead_log(
    tmp_path: Path, fresh_data: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("answerable.sequencer.sequencer.RETRY_MS", 50)
    options = {"min_wal_size": "32MB", "max_wal_size": "32MB"}
    with running(fresh_data, disk=("pg_wal", "72m"), **options) as server:
        make = store_at(server.url())
        store = make(tmp_path)
        sequencer = sequencer_over(store, guard_at(tmp_path))
        await sequencer.start()
        await asyncio.to_thread(fill, server, server.data / "pg_wal" / "filler")
        acknowledged = []
        until = time.monotonic() + 30
        while True:
            unit, its = opening(body=bytes(1_000_000))
            if await outcome(sequencer, unit) != "written":
                break
            acknowledged.append(its)
            assert time.monotonic() < until, "the log never filled its disk"
        assert await outcome(sequencer, opening(Lane.STOP)[0]) != "written", "nothing is said to be written"
        await asyncio.to_thread(_wait_for_the_end, server)
        for filler in _fillers(server):
            filler.unlink()
        server.start()
        await asyncio.to_thread(_wait_until_it_writes, sequencer)
        assert await outcome(sequencer, opening()[0]) == "written", "it goes on by itself"
        assert recomputed(store) == store.head()
        view = store.view()
        assert all(view.find(its) is not None for its in acknowledged)
        view.close()
        await sequencer.close()
        await check(tmp_path, set(), [], make)
        TALLY.count("postgres: no room for the write-ahead log", acknowledged=len(acknowledged))


def _wait_for_the_end(server: Server) -> None:
    """It ends by itself: it can neither go on nor recover."""
    until = time.monotonic() + 20
    while server.running and time.monotonic() < until:
        time.sleep(0.05)
    server.stop(signal.SIGQUIT)


def _wait_until_it_writes(sequencer: Sequencer) -> None:
    until = time.monotonic() + 20
    while sequencer.failure is not None and time.monotonic() < until:
        time.sleep(0.05)


def _fillers(server: Server) -> list[Path]:
    return list(server.seen(server.data / "pg_wal").glob("filler-*"))
