# SPDX-License-Identifier: Apache-2.0
from __future__ import annotations

import asyncio
from pathlib import Path

from answerable.log.trust import parse
from tests.unit.app.small_store import made
from tests.unit.cli.conftest import Run


def test_a_rotation_by_hand(run: Run, tmp_path: Path) -> None:
    async def make() -> None:
        await (await made(tmp_path)).close()

    asyncio.run(make())
    store = tmp_path / "store"
    said = run("log", "rotate-key", "--store", str(store), "--json")
    assert said.status == 0
    assert said.data["trust"] == str(store / "trust.txt")
    assert {said.data["key"], said.data["former"]} <= {
        str(key) for key in parse((store / "trust.txt").read_bytes()).logs
    }
    assert run("log", "monitor", "--store", str(store)).status == 0
    assert "is withdrawn by" in run("log", "rotate-key", "--store", str(store)).out


def test_without_a_store(run: Run, tmp_path: Path) -> None:
    assert run("log", "rotate-key", "--store", str(tmp_path / "none")).status == 3
