# SPDX-License-Identifier: Apache-2.0
"""The benchmark of tool calls measures what it says: real calls, counted at the server and in the log."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from benchmarks import mcp
from benchmarks.mcp import Bench, Broken, Plan, Target, result, table
from benchmarks.processes import Server, python


def test_calls_are_measured_counted_and_compared(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(mcp, "LOADS", ("agent", "one"))
    upstream = Server("server", python("benchmarks.mcp_server"), tmp_path)
    gateway = None
    try:
        url = upstream.first_line(60)["url"]
        (tmp_path / "store").mkdir()
        gateway = Server("ours", python("benchmarks.mcp_ours", "--store", str(tmp_path / "store"), url), tmp_path)
        said = gateway.first_line(60)
        ours = Target("ours", said["url"], gateway, said["key"], said["store"])
        bench = Bench(upstream, url, [Target("direct", url, upstream), ours], Plan(0.2, 1))
        bench.measure()
        found = result(bench, "test")
        assert [(row["load"], row["through"]) for row in found["rows"]] == [
            (load, name) for load in mcp.LOADS for name in ("direct", "ours")
        ]
        assert all(row["answers"] > 0 and row["p50_ms"] > 0 for row in found["rows"])
        assert [bar["bound"] for bar in found["bars"]] == [2.0]
        assert "| agent | ours |" in table(found)
        # A caller that the gateway refuses is no measurement.
        stranger = Target("ours", said["url"], gateway, "ans_nobody", said["store"])
        with pytest.raises(Broken, match="401"):
            bench._once(stranger, "one", 0.1)
    finally:
        for server in (gateway, upstream):
            if server is not None:
                server.stop()


def test_a_bar_is_missed_where_it_is(capsys: pytest.CaptureFixture[str]) -> None:
    def row(p50: float, rps: float) -> list[dict[str, float]]:
        base = {"answers": 1.0, "p99_ms": p50, "cpu_us": 1.0, "server_cpu_us": 1.0}
        return [{**base, "p50_ms": p50, "rps": rps}]

    nothing: Any = None  # no server is asked for what was measured

    def target(name: str, p50: float, rps: float) -> Target:
        rounds = {load: row(p50, rps) for load in mcp.LOADS}
        return Target(name, "", nothing, rounds=rounds)

    for p50, rps, reached in ((2.0, 50.0, True), (2.1, 49.0, False)):
        targets = [target("direct", 1, 99), target("fastmcp", 9, 10), target("ours", p50, rps)]
        bench = Bench(nothing, "", targets, Plan(1, 1))
        bars = result(bench, "test")["bars"]
        assert [bar["reached"] for bar in bars] == [reached] * 2
