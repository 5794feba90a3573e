# SPDX-License-Identifier: Apache-2.0
"""PostgreSQL: the writing process and the server are killed at random points; what was acknowledged is kept here."""

from __future__ import annotations

import asyncio
import contextlib
import os
import random
import signal
import time
from pathlib import Path

from tests.faults.checks import check, heard
from tests.faults.tally import TALLY
from tests.faults.test_kill import Victim
from tests.ledger import guard_at, unavailable
from tests.postgres import Server, running, store_at

WRITER_KILLS = int(os.environ.get("FAULT_POSTGRES_WRITER", "15"))
SERVER_KILLS = int(os.environ.get("FAULT_POSTGRES_SERVER", "8"))


def _dice() -> random.Random:
    seed = int(os.environ.get("FAULT_SEED", "0")) or random.randrange(1 << 30)
    print(f"FAULT_SEED={seed}")
    return random.Random(seed)


def test_the_writer_is_killed(tmp_path: Path, postgres: Server) -> None:
    url = postgres.url(postgres.database())
    make = store_at(url)
    make(tmp_path).close()
    guard_at(tmp_path).close()
    dice = _dice()
    victim = Victim(tmp_path, "--url", url)
    acknowledged: set[str] = set()
    size = 0
    for number in range(WRITER_KILLS):
        early = number % 5 == 4  # while it starts and recovers
        lines = victim.round(dice.uniform(0, 0.05 if early else 0.15), from_first=not early)
        records, notes = heard(lines)
        acknowledged |= records
        if number % 3 != 2:  # else the next round finds what two kills left
            after = asyncio.run(check(tmp_path, acknowledged, notes, make))
            assert after >= size
            size = after
        TALLY.count("postgres: kill -9 of the writer", acknowledged=len(records))
    victim.close()
    assert asyncio.run(check(tmp_path, acknowledged, [], make)) >= len(acknowledged) > WRITER_KILLS


def test_the_server_is_killed(tmp_path: Path, fresh_data: Path) -> None:
    """The writer lives through it: it opens the store anew, and goes on."""
    dice = _dice()
    with running(fresh_data) as server:
        make = store_at(server.url())
        make(tmp_path).close()
        guard_at(tmp_path).close()
        victim = Victim(tmp_path, "--url", server.url())
        assert victim.process.stdin is not None
        victim.process.stdin.write(b"go\n")
        pid = int(victim.wait_for("pid ", 0).split()[1])
        seen = 0
        for number in range(SERVER_KILLS):
            _until_more(victim, seen)
            time.sleep(dice.uniform(0, 0.1))
            server.stop(signal.SIGKILL if number % 2 else signal.SIGQUIT)
            before, seen = seen, len(heard(list(victim.lines))[0])
            server.start()
            TALLY.count("postgres: crash of the server", acknowledged=seen - before)
        _until_more(victim, seen)
        os.kill(pid, signal.SIGKILL)
        victim.wait_for(f"dead {pid}", 0)
        victim.close()
        acknowledged, notes = heard(victim.lines)
        assert asyncio.run(check(tmp_path, acknowledged, notes, make)) >= len(acknowledged)
        failures = {line for line in victim.lines if line.startswith("!")}
        assert failures == {"!log.stopped"}, failures


def _until_more(victim: Victim, seen: int) -> None:
    deadline = time.monotonic() + 30
    while len(heard(list(victim.lines))[0]) < seen + 20:
        assert time.monotonic() < deadline, victim.lines[-5:]
        time.sleep(0.005)


def test_two_processes_that_write_at_once(tmp_path: Path, postgres: Server) -> None:
    """Each has a folder and a guard of its own, as on two machines; sessions are ended all the time, so that the lock
    changes hands. One log comes of it, with everything that either was told is written."""
    database = postgres.database()
    url = postgres.url(database)
    make = store_at(url)
    folders = [tmp_path / "a", tmp_path / "b"]
    for folder in folders:
        folder.mkdir()
    make(folders[0]).close()
    (folders[1] / "store").mkdir()
    # Keys of payloads are shared, as on a disk that both machines have.
    (folders[1] / "store" / "payload-keys").symlink_to(folders[0] / "store" / "payload-keys")
    for folder in folders:
        guard_at(folder).close()
    victims = [Victim(folder, "--url", url) for folder in folders]
    pids = [0, 0]
    dice = _dice()
    started = time.monotonic()
    refused = 0
    end = (
        "SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE application_name = 'answerable'"
        f" AND datname = '{database}' AND random() < 0.6"
    )
    while time.monotonic() - started < 40 and min(_records(victim) for victim in victims) < 40:
        for at, victim in enumerate(victims):
            assert victim.process.stdin is not None
            if not pids[at] or f"dead {pids[at]}" in victim.lines:
                refused += bool(pids[at])
                begun = len(victim.lines)
                victim.process.stdin.write(b"go\n")
                pids[at] = int(victim.wait_for("pid ", begun).split()[1])
        time.sleep(dice.uniform(0, 0.2))
        if dice.random() < 0.5:
            postgres.sql(end)
        elif dice.random() < 0.3:
            with contextlib.suppress(ProcessLookupError):
                os.kill(pids[dice.randrange(2)], signal.SIGKILL)
    for at, victim in enumerate(victims):
        if pids[at] and f"dead {pids[at]}" not in victim.lines:
            os.kill(pids[at], signal.SIGKILL)
        victim.close()
    acknowledged: set[str] = set()
    notes: list[bytes] = []
    for victim in victims:
        records, published = heard(victim.lines)
        assert records, "both had their turns"
        acknowledged |= records
        notes += published
    for folder in folders:
        assert asyncio.run(check(folder, acknowledged, notes, make)) >= len(acknowledged)
    TALLY.count("postgres: two writers", acknowledged=len(acknowledged))


def _records(victim: Victim) -> int:
    return len(heard(list(victim.lines))[0])


def test_who_was_taken_over_from_says_so(tmp_path: Path, postgres: Server) -> None:
    url = postgres.url(postgres.database())
    make = store_at(url)
    first = make(tmp_path)
    guard_at(tmp_path).close()
    (tmp_path / "b").mkdir()
    (tmp_path / "b" / "store").mkdir()
    (tmp_path / "b" / "store" / "payload-keys").symlink_to(tmp_path / "store" / "payload-keys")
    first._session.rows("SELECT pg_advisory_unlock_all()")
    second = make(tmp_path / "b")
    second.close()
    with unavailable("store.taken"):
        first.reopen()
    first.close()
