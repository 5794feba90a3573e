# SPDX-License-Identifier: Apache-2.0
"""PostgreSQL: the primary dies and its standby takes over. One that the primary waited for has every acknowledged
record; one that lagged is found out by the guard."""

from __future__ import annotations

import asyncio
import contextlib
import signal
import subprocess
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

import asyncpg
import pytest

from answerable.errors import Unavailable
from answerable.log.leaf import rid
from answerable.ports import Store
from answerable.sequencer.sequencer import Sequencer
from tests.faults.checks import check
from tests.faults.tally import TALLY
from tests.faults.test_postgres_restore import refused
from tests.ledger import closing, guard_at, opening, recomputed, sequencer_over
from tests.postgres import Server, folder_for_all, running, store_at


@contextmanager
def standby_of(primary: Server) -> Iterator[Server]:
    """A streaming standby, caught up."""
    with folder_for_all() as folder:
        options = ["-h", primary.folder, "-U", "postgres", "-D", folder / "data", "-R", "-X", "stream", "-c", "fast"]
        subprocess.run([primary.bin / "pg_basebackup", *options], check=True, timeout=60, **primary.user)
        server = Server(folder, hot_standby="on", max_standby_streaming_delay="-1", hot_standby_feedback="on")
        try:
            yield server
        finally:
            server.close()


def caught_up(primary: Server, state: str) -> None:
    until = time.monotonic() + 20
    while primary.sql("SELECT sync_state FROM pg_stat_replication")[:1] != [(state,)]:
        assert time.monotonic() < until, primary.log()
        time.sleep(0.05)


def wait_for_nobody(server: Server) -> None:
    server.sql("ALTER SYSTEM SET synchronous_standby_names = ''")
    server.sql("SELECT pg_reload_conf()")


async def act(sequencer: Sequencer, actions: int) -> set[str]:
    acknowledged = set()
    for _ in range(actions):
        unit, its = opening()
        await sequencer.commit(unit)
        await sequencer.commit(closing(its))
        acknowledged.add(its)
    return acknowledged


async def check_beside(sequencer: Sequencer, acknowledged: set[str]) -> None:
    """Everything is there, by a reader beside the process that goes on."""
    view = sequencer._writer._store.view()
    assert acknowledged <= {rid(leaf) for leaf in view.leaves(0, 1 << 20)}
    assert recomputed(view) == view.head()  # type: ignore[arg-type]
    view.close()


def both(primary: Server, standby: Server) -> Callable[[Path], Store]:
    url = f"postgresql://postgres@/postgres?host={primary.folder},{standby.folder}&target_session_attrs=read-write"
    return store_at(url)


async def test_a_standby_that_is_waited_for_takes_over(tmp_path: Path, fresh_data: Path) -> None:
    with running(fresh_data) as primary, standby_of(primary) as standby:
        primary.sql("ALTER SYSTEM SET synchronous_standby_names = '*'")
        primary.sql("SELECT pg_reload_conf()")
        await asyncio.to_thread(caught_up, primary, "sync")
        make = both(primary, standby)
        sequencer = sequencer_over(make(tmp_path), guard_at(tmp_path))
        await sequencer.start()
        acknowledged = await act(sequencer, 30)
        primary.stop(signal.SIGKILL)
        standby.sql("SELECT pg_promote()")
        wait_for_nobody(standby)
        until = time.monotonic() + 30
        more: set[str] = set()
        while not more and time.monotonic() < until:
            with contextlib.suppress(Unavailable):
                more = await act(sequencer, 1)
            await asyncio.sleep(0.1)
        assert more, "the process goes on by itself, on the new primary"
        await check_beside(sequencer, acknowledged | more)
        TALLY.count("postgres: failover to a standby that is waited for", acknowledged=len(acknowledged))

        # The old primary comes back, and nobody fenced it: it is behind, and is not written.
        await asyncio.to_thread(primary.start)
        wait_for_nobody(primary)
        standby.stop(signal.SIGKILL)
        while sequencer.failure is None or sequencer.failure.code == "store.unreachable":
            with contextlib.suppress(Unavailable):
                await act(sequencer, 1)
                raise AssertionError("it wrote to a primary that is behind")
            assert time.monotonic() < until + 30
            await asyncio.sleep(0.1)
        assert sequencer.failure.code in ("store.taken", "store.rolled_back")
        await sequencer.close()
        await asyncio.to_thread(refused, tmp_path, make, "store.rolled_back")
        TALLY.count("postgres: an old primary that was not fenced")


async def test_a_standby_that_lagged_is_found_out(tmp_path: Path, fresh_data: Path) -> None:
    with running(fresh_data) as primary, standby_of(primary) as standby:
        await asyncio.to_thread(caught_up, primary, "async")
        make = both(primary, standby)
        sequencer = sequencer_over(make(tmp_path), guard_at(tmp_path))
        await sequencer.start()
        await act(sequencer, 5)
        await asyncio.to_thread(_has, standby, 10)
        standby.sql("SELECT pg_wal_replay_pause()")
        standby.stop(signal.SIGKILL)
        await act(sequencer, 5)
        primary.stop(signal.SIGKILL)
        await asyncio.to_thread(standby.start)
        standby.sql("SELECT pg_promote()")
        await sequencer.close()
        await asyncio.to_thread(refused, tmp_path, make, "store.rolled_back")
        TALLY.count("postgres: failover to a standby that lagged")


def _has(standby: Server, size: int) -> None:
    until = time.monotonic() + 20
    while time.monotonic() < until:
        with contextlib.suppress(asyncpg.PostgresError):  # a query on a standby gives way to what is replayed
            if standby.sql("SELECT size FROM answerable.head") == [(size,)]:
                return
        time.sleep(0.05)
    raise AssertionError("the standby never had it")


async def test_a_wait_for_a_standby_that_someone_cancels_is_no_acknowledgement(
    tmp_path: Path, fresh_data: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """PostgreSQL then says that all went well, with a warning: the record is on the primary alone."""
    monkeypatch.setattr("answerable.stores.postgres.session.STATEMENT_S", 1.0)
    monkeypatch.setattr("answerable.sequencer.sequencer.RETRY_MS", 100)
    with running(fresh_data) as primary:
        make = store_at(primary.url())
        sequencer = sequencer_over(make(tmp_path), guard_at(tmp_path))
        await sequencer.start()
        await act(sequencer, 1)
        primary.sql("ALTER SYSTEM SET synchronous_standby_names = '*'")
        primary.sql("SELECT pg_reload_conf()")
        unit, _ = opening()
        committing = asyncio.ensure_future(sequencer.commit(unit))
        cancelled = await asyncio.to_thread(_cancel_the_wait, primary)
        assert cancelled
        with pytest.raises(Unavailable):
            await committing
        wait_for_nobody(primary)
        more: set[str] = set()
        until = time.monotonic() + 20
        while not more and time.monotonic() < until:
            with contextlib.suppress(Unavailable):
                more = await act(sequencer, 1)
            await asyncio.sleep(0.1)
        assert more, sequencer.failure
        await sequencer.close()
        assert await check(tmp_path, more, [], make) == 6, "it stands, and was settled, though nobody was told so"
        TALLY.count("postgres: a wait for a standby cancelled", acknowledged=len(more))


def _cancel_the_wait(primary: Server) -> int:
    """How many waits for a standby were cancelled."""
    until = time.monotonic() + 10
    while time.monotonic() < until:
        found = primary.sql(
            "SELECT pg_cancel_backend(pid) FROM pg_stat_activity"
            " WHERE wait_event = 'SyncRep' AND query LIKE '%segment%'"
        )
        if found:
            return len(found)
        time.sleep(0.01)
    return 0
