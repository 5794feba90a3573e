# SPDX-License-Identifier: Apache-2.0
from __future__ import annotations

from pathlib import Path

import msgspec

from answerable.log.leaf import decode, encode, rid
from answerable.model.leaves import OpenLeaf
from answerable.model.units import Unit
from tests import cedars
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


def test_a_domain_and_a_policy_of_a_folder_are_rules_too(run: Run, tmp_path: Path) -> None:
    assert "attestation:urn:answerable:attestation:wet-lab" in run("policy", "explain", "D-wet_lab").out
    assert "D-payment" in run("policy", "worlds").out
    assert {each["rule"] for each in run("policy", "worlds", "--json").data} >= {"D-general", "D-grid"}
    folder = str(cedars.house(tmp_path))
    said = run("policy", "explain", "cedar:no-agents-of-the-lab", "--folder", folder)
    assert "house.cedar:2" in said.out
    assert "not ready" in said.out
    assert run("policy", "explain", "cedar:gone", "--folder", folder).status == 3


def test_an_action_is_explained_by_rule_source_and_remedy(run: Run, tmp_path: Path) -> None:
    said = run("policy", "explain", "domain=payment", "effect=irreversible", "tier=2")
    assert said.out.startswith("refuse: R024")
    assert "kernel:R024" in said.out
    assert "[[budgets]]" in said.out
    assert "not there: envelope, budget" in said.out
    folder = str(cedars.house(tmp_path))
    words = ("server=office", "tool=note", "effect=write", "--folder", folder)
    found = run("policy", "explain", *words, "--json").data["decision"]
    assert (found["rule"], found["source"].endswith("house.cedar:8")) == ("cedar:no-writing-by-night", True)
    waits = run("policy", "explain", "domain=medical_record", "effect=write")
    assert "worlds.toml:medical_record" in waits.out


def test_an_action_comes_from_a_file_or_as_json(run: Run, tmp_path: Path) -> None:
    told = tmp_path / "action.toml"
    told.write_text('domain = "grid"\neffect = "write"\n')
    assert run("policy", "explain", str(told)).out.startswith("refuse: R020")
    assert run("policy", "explain", '{"domain": "search", "effect": "read"}').out.startswith("permit: R100")
    for wrong in (["colour=red"], ["domain=alchemy", "effect=read"], ["{"], ["[1]"], ["a", "b"], ["tier=[1"]):
        assert run("policy", "explain", *wrong).status in {2, 4}, wrong


def test_an_action_is_explained_by_the_policy_in_force(house: House, run: Run) -> None:
    said = run("policy", "explain", "domain=payment", "effect=irreversible", "--running")
    assert said.out.startswith("refuse: R024")
