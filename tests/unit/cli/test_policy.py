# SPDX-License-Identifier: Apache-2.0
from __future__ import annotations

import msgspec

from answerable.log.leaf import decode, encode, rid
from answerable.model.leaves import OpenLeaf
from answerable.model.units import Unit
from tests.unit.cli.conftest import Run
from tests.unit.control.house import House


def test_rules_are_explained_without_a_service(run: Run) -> None:
    said = run("policy", "explain", "r004")
    assert said.status == 0
    assert said.out.startswith("R004: refuse")
    assert run("policy", "explain", "R004", "--json").data["rule"] == "R004"
    assert run("policy", "explain", "R777").status != 0
    assert "R001" in run("policy", "ls").out


def test_the_rule_behind_a_record_is_found(house: House, run: Run) -> None:
    record = house.act("Ruled.")
    said = run("policy", "explain", record)
    assert said.out.startswith(f"{record}: permit\nR100: permit")
    close = house.run(house.core.reader.close_of(record))
    assert run("policy", "explain", str(close), "--json").data["record"]["rid"] == record
    assert run("policy", "explain", house.system("base").rid).status == 3


def test_what_was_refused_before_any_rule_is_explained_by_its_code(house: House, run: Run) -> None:
    record = house.act("Ruled.")
    opened = decode(house.run(house.core.reader.prove(record)).leaf)
    assert isinstance(opened, OpenLeaf)
    refused = encode(msgspec.structs.replace(opened, dec="refuse", err="stop.system", rule="R000"))
    house.run(house.core.ledger.commit(Unit(leaves=(refused,))))
    said = run("policy", "explain", rid(refused))
    assert (said.status, said.out.splitlines()[0]) == (0, f"{rid(refused)}: refuse stop.system")
    assert "stopped by order …" in said.out
    assert run("policy", "explain", rid(refused), "--json").data["why"] == "stop.system"
