# SPDX-License-Identifier: Apache-2.0
from __future__ import annotations

from pathlib import Path

from tests.unit.cli.conftest import Run
from tests.unit.control.house import MAKER, OPERATOR, House


def test_a_sale_is_signed_by_both_one_after_the_other(house: House, run: Run, tmp_path: Path) -> None:
    words = ("transfer", "base", "--role", "provider", "--old", MAKER, "--new", OPERATOR)
    assert run(*words).status == 2, "no party's key is here"
    seller = run("party", "key", MAKER, "--out", str(tmp_path)).out.strip()
    buyer = run("party", "key", OPERATOR, "--out", str(tmp_path)).out.strip()
    assert run(*words, "--key", seller).status == 2, "one signature is none"
    draft = str(tmp_path / "sale.json")
    assert run(*words, "--key", seller, "--draft", draft).status == 0
    assert run("transfer", "--from", draft, "--key", buyer).status == 0
    assert (OPERATOR, "provider") in {
        (entry["party"]["id"], entry["role"]) for entry in run("describe", "base", "--json").data["parties"]
    }
    assert run("transfer", "--from", draft, "--key", buyer).status != 0, "a statement counts once"
    assert run("transfer", "base").status == 2


def test_keys_in_the_store_are_found(house: House, run: Run) -> None:
    for party in (MAKER, OPERATOR):
        assert run("party", "key", party).status == 0
    said = run("transfer", "small", "--role", "provider", "--old", MAKER, "--new", OPERATOR)
    assert said.status == 0, said.err
