# SPDX-License-Identifier: Apache-2.0
from __future__ import annotations

from tests.unit.cli.conftest import Run
from tests.unit.control.house import House


def test_one_look_adds_up(house: House, run: Run) -> None:
    house.act("Top.")
    said = run("top", "--once")
    assert said.status == 0
    row = next(line.split() for line in said.out.splitlines() if line.startswith("small 1"))
    assert row[2:] == ["1", "0", "0", "1", "0", "3+5", "1.5"]
    assert run("top", "--json").data["systems"]
    assert "in flight" in said.out
