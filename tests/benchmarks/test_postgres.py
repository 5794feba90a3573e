# SPDX-License-Identifier: Apache-2.0
from __future__ import annotations

import json
import sys

import pytest

from benchmarks import postgres
from tests.postgres import Server


def test_both_stores_are_measured_with_the_same_work(
    capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(sys, "argv", ["postgres", "--quick", "--json", "--clients", "8"])
    postgres.main()
    said = json.loads(capsys.readouterr().out)
    assert said["floor_ms"] > 0
    rows = {(row["store"], row["what"]): row for row in said["rows"]}
    assert set(rows) == {(store, what) for store in ("sqlite", "postgres") for what in ("append", "action")}
    assert all(row["records_s"] > 0 and row["p50_ms"] <= row["p99_ms"] for row in rows.values())
    assert rows["sqlite", "append"]["records"] == rows["postgres", "append"]["records"]


def test_the_servers_own_time_is_counted(postgres: Server) -> None:
    from benchmarks.postgres import server_cpu

    before = server_cpu(postgres.pid)
    postgres.sql("SELECT count(*) FROM generate_series(1, 2000000)")
    assert server_cpu(postgres.pid) > before
