# SPDX-License-Identifier: Apache-2.0
from __future__ import annotations

from pathlib import Path

import pytest

from tests.unit.cli.conftest import Run
from tests.unit.control.house import OPERATOR, House

BASIS = ("--basis", "asked", "--as", "officer-1", "--as", "officer-2")


@pytest.mark.parametrize("scope", ["record", "--party", "--system"])
def test_a_hold_blocks_erasure_until_it_is_lifted(house: House, run: Run, tmp_path: Path, scope: str) -> None:
    record = house.act("Held over the command line.")
    what = {"record": [record], "--party": ["--party", OPERATOR], "--system": ["--system", "small"]}[scope]
    held = run("log", "hold", *what, "--reason", "claim 17", "--as", "officer-1", "--json")
    assert held.status == 0
    assert held.data["scope"] == scope.removeprefix("--")
    rid = held.data["rid"]
    blocked = run("log", "erase", record, *BASIS)
    assert (blocked.status, rid in blocked.err) == (1, True)
    shown = run("log", "holds")
    assert rid in shown.out
    assert "claim 17" in shown.out
    assert run("log", "unhold", rid, "--reason", "settled", "--as", "officer-1").status == 1
    draft = str(tmp_path / "h.json")
    assert run("log", "unhold", rid, "--reason", "settled", "--as", "officer-1", "--draft", draft).status == 0
    assert run("log", "unhold", "--from", draft, "--as", "officer-2").status == 0
    assert rid not in run("log", "holds").out
    assert rid in run("log", "holds", "--all").out
    assert run("log", "erase", record, *BASIS).status == 0


def test_a_hold_is_on_one_thing(house: House, run: Run) -> None:
    assert run("log", "hold", "--reason", "x", "--as", "officer-1").status == 2
    both = ("--party", OPERATOR, "--system", "small")
    assert run("log", "hold", *both, "--reason", "x", "--as", "officer-1").status == 2
    assert run("log", "hold", "--system", "nothing", "--reason", "x", "--as", "officer-1").status == 3
    assert run("log", "unhold", "a" * 32, "--reason", "x", "--as", "officer-1").status == 3
    assert run("log", "unhold", "a" * 32, "--as", "officer-1").status == 2
