# SPDX-License-Identifier: Apache-2.0
"""The log benchmark measures what it says: real records, durable, proven out of the log that was written."""

from __future__ import annotations

import json
import subprocess
import sys
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
import uvloop

from answerable.errors import Unavailable
from answerable.log import bundle
from answerable.log.leaf import decode, rid
from answerable.model.leaves import CloseLeaf, OpenLeaf
from benchmarks import log, log_peers, log_work
from tests.house.tree import ROOT


def test_an_action_is_an_open_and_its_close() -> None:
    ((first, second),) = log_work.actions(1)
    opened, closed = decode(first.leaves[0]), decode(second.leaves[0])
    assert isinstance(opened, OpenLeaf)
    assert isinstance(closed, CloseLeaf)
    assert closed.open == rid(first.leaves[0]) == second.expect[0].key
    assert [len(unit.payloads) for unit in (first, second)] == [1, 1]
    assert not log_work.appends(1)[0][0].payloads


def test_every_record_that_is_measured_is_in_the_log(tmp_path: Path) -> None:
    async def measured() -> None:
        async with log_work.running(tmp_path) as running:
            row = await log_work.measure(running.sequencer, "append", log_work.appends(300), 32)
            assert (row.records, await running.reader.size()) == (300, 300)
            assert row.cpu_us > 0 < row.p50_ms <= row.p99_ms
            assert await log_work.grow(running.sequencer, 5_000) >= 5_000
            leaves = await running.reader.tail(0, 1000)
            assert len({rid(leaf) for leaf in leaves}) == len(leaves)
            proof = await log.proofs(running, 5_000)
            # 12 or 13 nodes of 32 bytes.
            assert proof["nodes_bytes"] in (384, 416)
            assert proof["path_us"] < proof["whole_us"]

    uvloop.run(measured())


def test_the_command_tells_all_parts(tmp_path: Path) -> None:
    done = subprocess.run(
        [sys.executable, "-m", "benchmarks.log", "--quick", "--json", "--clients", "1,8", "--only",
         "append,tree,chain,growth,proof", "--growth", "20000", "--dir", str(tmp_path)],
        cwd=ROOT, capture_output=True, text=True, timeout=100, check=True,
    )  # fmt: skip
    said = json.loads(done.stdout)
    assert [row["what"] for row in said["rows"]][-2:] == ["at 10,000 leaves", "at 20,000 leaves"]
    assert set(said["ratios"]) == {
        "append, × chain", "CPU a record, µs", "growth of CPU", "proof, bytes", "proof, µs",
    }  # fmt: skip
    assert 0 < said["sync_ms"] < 10_000
    assert list(tmp_path.iterdir()) == []


def test_a_peer_reads_the_same_leaves(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    leaves = [log_work.opening()[0] for _ in range(5)]
    assert log_peers.leaves(bundle.pack(leaves), 3) == leaves[:3]
    assert log.peer(sys.executable, "pymerkle", "pymerkle", tmp_path, leaves) is None
    assert "left out" in capsys.readouterr().err


def program(folder: Path, line: str) -> str:
    """A program that writes down how it was called, runs `line`, and fails if it is given no bundle."""
    path = folder / "program"
    path.write_text(f'#!/bin/sh\necho "$@" >> {folder}/calls\ntest -s "$1" || exit 3\n{line}\n')
    path.chmod(0o700)
    return str(path)


SAID = """echo '{"records":60000,"cpu_s":1.5,"took_s":3.0,"p50_ms":54.5,"p99_ms":201.7}'"""


def test_tessera_says_what_it_did_for_each_size_of_batch(tmp_path: Path) -> None:
    home = tmp_path / "home"
    home.mkdir()
    rows = log.tessera(program(tmp_path, SAID), home, 64, [b"x" * 100])
    assert [row.what for row in rows] == [f"Tessera POSIX, 20 ms or {batch}" for batch in ("256", "1,024", "4,096")]
    assert {replace(row, what="") for row in rows} == {log.Row("", 64, 60_000, 25.0, 20_000.0, 54.5, 201.7)}
    calls = [line.split()[2:] for line in (tmp_path / "calls").read_text().splitlines()]
    assert calls == [["64", "3", "256"], ["64", "3", "1024"], ["64", "3", "4096"]]
    assert list(home.iterdir()) == []


def test_tessera_is_left_out_where_it_is_not(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert log.tessera(str(tmp_path / "none"), tmp_path, 8, [b"x" * 100]) == []
    assert log.tessera(program(tmp_path, "echo 9 records are kept of 10 >&2; exit 1"), tmp_path, 8, [b"x" * 100]) == []
    said = capsys.readouterr().err
    assert said.count("left out") == 6
    assert "9 records are kept of 10" in said


def test_ours_is_held_against_the_best_of_tessera() -> None:
    ours = log.Row("append", 1_024, 10, cpu_us=8.0, records_s=90_000.0, p50_ms=9.0, p99_ms=60.0)
    small = log.Row("Tessera POSIX, 20 ms or 256", 1_024, 10, 16.0, 9_000.0, 100.0, 200.0)
    large = log.Row("Tessera POSIX, 20 ms or 4,096", 1_024, 10, 18.0, 30_000.0, 50.0, 200.0)
    said = log.ratios([ours, small, large], {})
    assert (said["append, × Tessera"], said["CPU, Tessera × ours"]) == (3.0, 2.0)
    assert {*said} <= {*log.AIMS}


def test_tessera_takes_turns_with_ours(tmp_path: Path) -> None:
    done = subprocess.run(
        [sys.executable, "-m", "benchmarks.log", "--quick", "--json", "--clients", "8", "--only", "append,tessera",
         "--tessera", program(tmp_path, SAID), "--dir", str(tmp_path)],
        cwd=ROOT, capture_output=True, text=True, timeout=100, check=True,
    )  # fmt: skip
    said = json.loads(done.stdout)
    assert [row["what"].split(",")[0] for row in said["rows"]] == ["append"] + ["Tessera POSIX"] * 3
    assert len((tmp_path / "calls").read_text().splitlines()) == 6
    assert said["ratios"]["append, × Tessera"] > 0


def test_the_hash_chain_holds_every_leaf(tmp_path: Path) -> None:
    leaves = [b"one", b"two"]
    assert log.chain(tmp_path, leaves).records == 2
    assert (tmp_path / "chain").stat().st_size == sum(32 + 4 + len(leaf) for leaf in leaves)


def test_records_that_are_acknowledged_and_not_kept_are_an_error(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    measure = log_work.measure

    async def more(*given: Any) -> log.Row:
        row = await measure(*given)
        return replace(row, records=row.records + 1)

    monkeypatch.setattr(log, "measure", more)
    with pytest.raises(RuntimeError, match="2001 records were acknowledged, and the log has 2000"):
        uvloop.run(log.ours(tmp_path, ["append"], [], 600, 1, []))


def test_a_peer_that_keeps_less_than_was_counted_is_an_error(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "bundle").write_bytes(bundle.pack([b"one", b"two"]))
    kept: list[bytes] = []
    monkeypatch.setattr(sys, "argv", ["log_peers", "pymerkle", str(tmp_path / "bundle"), str(tmp_path), "2"])
    monkeypatch.setitem(log_peers.PEERS, "pymerkle", lambda folder: (kept.append, lambda: len(kept)))
    assert log_peers.main() == 0
    monkeypatch.setitem(log_peers.PEERS, "pymerkle", lambda folder: (kept.append, lambda: 3))
    with pytest.raises(SystemExit, match="3 records are kept of 2"):
        log_peers.main()


def test_syncs_are_timed_one_by_one_after_an_append(tmp_path: Path) -> None:
    took = log_work.syncs(tmp_path, 7)
    assert len(took) == 7
    assert min(took) > 0
    assert (tmp_path / "syncs").stat().st_size == 7 * len(log_work.opening()[0])


def test_the_best_round_is_told() -> None:
    slow = log.Row("x", 1, 10, cpu_us=9.0, records_s=5.0, p50_ms=3.0, p99_ms=4.0)
    fast = log.Row("x", 1, 10, cpu_us=11.0, records_s=7.0, p50_ms=1.0, p99_ms=2.0)
    assert log.best([slow, fast]) == log.Row("x", 1, 10, 9.0, 7.0, 1.0, 2.0)


def test_what_is_not_acknowledged_is_not_counted(tmp_path: Path) -> None:
    async def stopped() -> None:
        async with log_work.running(tmp_path) as running:
            await running.sequencer.close()
            with pytest.raises(Unavailable):
                await log_work.measure(running.sequencer, "append", log_work.appends(1), 1)

    uvloop.run(stopped())
