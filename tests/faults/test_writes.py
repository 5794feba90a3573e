# SPDX-License-Identifier: Apache-2.0
"""A fault at each write of an append, and at syncs: nothing acknowledged is lost, nothing half written stays."""

from __future__ import annotations

import asyncio
import resource
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from answerable.errors import AnswerableError
from answerable.model.units import Unit
from answerable.sequencer.lanes import Entry
from answerable.sequencer.writer import Retention, Writer
from tests.faults.checks import check, heard
from tests.faults.tally import TALLY
from tests.ledger import (
    ORIGIN,
    SIGNER,
    TestClock,
    append,
    closing,
    guard_at,
    leaf,
    opening,
    recomputed,
    sqlite_store,
    unavailable,
)

ROOT = Path(__file__).parents[2]


@contextmanager
def files_no_longer_than(size: int) -> Iterator[None]:
    """Each write past that offset of any file fails, in the middle of a page where it has to (EFBIG)."""
    soft, hard = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (size, hard))
    try:
        yield
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, (soft, hard))


def outcomes(writer: Writer, *units: Unit) -> list[int | str]:
    loop = asyncio.new_event_loop()
    entries = [Entry(unit, loop.create_future(), 1) for unit in units]
    writer.write(entries)
    loop.close()
    return [e.outcome.code if isinstance(e.outcome, AnswerableError) else e.outcome for e in entries]


@pytest.mark.parametrize("with_payloads", [True, False])
def test_a_write_that_fails_anywhere(tmp_path: Path, with_payloads: bool) -> None:
    """The limit moves up in steps smaller than a page, so that every write of the append fails once, some half done."""
    store, guard = sqlite_store(tmp_path), guard_at(tmp_path)
    writer = Writer(store, SIGNER, ORIGIN, TestClock(), guard, Retention())
    writer.open()
    failed = succeeded = 0
    step, limit = (40_000, 0) if with_payloads else (700, 0)
    while succeeded < 3:
        unit, its = opening()
        if not with_payloads:
            unit = Unit(leaves=(*unit.leaves, *(leaf() for _ in range(120))), effects=unit.effects)
        size = store.head()[0]
        acknowledged = False
        with files_no_longer_than(limit):
            entries_before = writer.broken
            acknowledged = outcomes(writer, unit) == [size]
        if writer.broken is not None:
            assert writer.recover(), "it opens again when the fault is gone"
        assert entries_before is None
        assert recomputed(store) == store.head() == (guard.size, guard.root)
        there = store.head()[0] > size
        assert there or not acknowledged, "acknowledged and lost"
        assert dict(writer.rows.space("opens")).get(its) == (b"1763782764123" if there else None)  # type: ignore[arg-type]
        failed += not acknowledged
        succeeded += acknowledged
        limit += step
        assert limit < 4 << 20
    assert failed > (6 if with_payloads else 20)
    writer.close()


@pytest.mark.system("strace")
@pytest.mark.parametrize(
    "fault",
    [
        "fdatasync,fsync:error=EIO:when=9+7",
        "pwrite64:error=EIO:when=40+23",
        "pwrite64:error=ENOSPC:when=40+31",
        "pwrite64:signal=SIGKILL:when=61",
        "pwrite64:signal=SIGKILL:when=150",
        "fdatasync:signal=SIGKILL:when=12",
    ],
)
def test_faults_of_the_system_calls(tmp_path: Path, fault: str) -> None:
    sqlite_store(tmp_path).close()
    guard_at(tmp_path).close()
    trace = ["strace", "-f", "-qq", "-o", str(tmp_path / "trace"), "-e", "trace=pwrite64,fdatasync,fsync"]
    done = subprocess.run(
        [*trace, "-e", f"inject={fault}", sys.executable, "-m", "tests.faults.victim", str(tmp_path), "--once", "150"],
        cwd=ROOT,
        capture_output=True,
        timeout=60,
        check=False,
    )
    assert "INJECTED" in (tmp_path / "trace").read_text() or done.returncode < 0
    acknowledged, notes = heard([line for line in done.stdout.decode().split("\n")[:-1] if line])
    assert asyncio.run(check(tmp_path, acknowledged, notes)) >= len(acknowledged)
    TALLY.count("faults again and again, under load", acknowledged=len(acknowledged))


def test_a_flipped_or_torn_write_ahead_log_is_never_signed_over(tmp_path: Path) -> None:
    """SQLite goes back silently to the last whole transaction; the guard knows better."""
    from answerable.sequencer.recovery import examine
    from tests.ledger import VKEY

    store, guard = sqlite_store(tmp_path), guard_at(tmp_path)
    for _ in range(12):
        append(store, Unit(leaves=(leaf(), leaf())))
    guard.advance(*store.head())
    head = store.head()
    main = (tmp_path / "store" / "log.db").read_bytes()
    ahead = (tmp_path / "store" / "log.db-wal").read_bytes()
    store.close()
    caught = 0
    for number in range(40):
        at = 32 + (len(ahead) - 33) * number // 39
        for spoiled in (ahead[:at] + bytes([ahead[at] ^ 0x40]) + ahead[at + 1 :], ahead[:at]):
            (tmp_path / "store" / "log.db").write_bytes(main)
            (tmp_path / "store" / "log.db-wal").write_bytes(spoiled)
            (tmp_path / "store" / "log.db-shm").unlink(missing_ok=True)
            again = sqlite_store(tmp_path)
            if again.head() == head:
                examine(again, guard, [VKEY])
            else:
                caught += 1
                TALLY.count("torn or flipped write-ahead log, detected")
                with unavailable("store.rolled_back"):
                    examine(again, guard, [VKEY])
            again.close()
    assert caught > 60
    guard.close()


def test_an_old_log_does_not_take_newer_payloads_with_it(tmp_path: Path) -> None:
    """A log that was rolled back knows nothing of the newest payloads. Before anybody has compared it with the guard
    they are not orphans: the tail may come back from a mirror."""
    store, guard = sqlite_store(tmp_path), guard_at(tmp_path)
    writer = Writer(store, SIGNER, ORIGIN, TestClock(), guard, Retention())
    writer.open()
    outcomes(writer, opening()[0])
    writer.close()
    older = (tmp_path / "store" / "log.db").read_bytes()
    store, guard = sqlite_store(tmp_path), guard_at(tmp_path)
    writer = Writer(store, SIGNER, ORIGIN, TestClock(), guard, Retention())
    writer.open()
    unit, its = opening()
    outcomes(writer, unit)
    writer.close()
    newer = (tmp_path / "store" / "log.db").read_bytes()
    (tmp_path / "store" / "log.db").write_bytes(older)
    store, guard = sqlite_store(tmp_path), guard_at(tmp_path)
    with unavailable("store.rolled_back"):
        Writer(store, SIGNER, ORIGIN, TestClock(), guard, Retention()).open()
    store.close()
    guard.close()
    (tmp_path / "store" / "log.db").write_bytes(newer)
    store = sqlite_store(tmp_path)
    view = store.view()
    assert view.payload(its, "in") == (unit.payloads[0].salt, b"what is asked")
    view.close()
    store.close()


def test_closing_leaves_nothing_behind(tmp_path: Path) -> None:
    store = sqlite_store(tmp_path)
    unit, its = opening()
    append(store, unit)
    append(store, closing(its))
    store.close()
    assert not (tmp_path / "store" / "log.db-wal").exists()
