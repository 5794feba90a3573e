# SPDX-License-Identifier: Apache-2.0
"""`policy check|test|diff|schema|state|reload`, as a user runs them."""

from __future__ import annotations

from pathlib import Path

from tests.cedars import BASE, HOUSE, house, write
from tests.unit.cli.conftest import Run
from tests.unit.control.house import House

CASES = """
[[case]]
name = "the office is only read"
expect = "refuse"
rule = "cedar:no-writing-by-night"
action = { server = "office", tool = "note", effect = "write" }
"""


def test_a_folder_is_checked(run: Run, tmp_path: Path) -> None:
    folder = str(house(tmp_path))
    said = run("policy", "check", folder)
    assert said.status == 0
    assert "house.cedar:8" in said.out
    found = run("policy", "check", folder, "--json").data
    assert found["policies"][0]["id"] == "base"
    write(tmp_path, bad="permit (principal, action, resource);")
    said = run("policy", "check", folder)
    assert (said.status, "bad.cedar:1" in said.err) == (1, True)


def test_cases_pass_fail_or_cannot_be_read(run: Run, tmp_path: Path) -> None:
    folder = str(house(tmp_path))
    assert run("policy", "test", folder).status == 2  # there are none
    (tmp_path / "cases.toml").write_text(CASES)
    said = run("policy", "test", folder)
    assert (said.status, "ok  the office" in said.out, "publication-is-seen" in said.err) == (0, True, True)
    write(tmp_path, house=HOUSE.replace('context.facts.effect != Effect::"read"', "false"))
    said = run("policy", "test", folder, "--json")
    assert said.status == 1
    assert said.data["cases"][0] == {
        "name": "the office is only read", "expected": "refuse", "ruling": "permit", "rule": "R100", "ok": False,
    }  # fmt: skip
    assert "NOT the office" in run("policy", "test", folder).out
    (tmp_path / "cases.toml").write_text("nonsense")
    assert run("policy", "test", folder).status == 2


def test_cases_of_the_kernel_alone(run: Run, tmp_path: Path) -> None:
    cases = tmp_path / "mine.json"
    cases.write_text(
        '{"case": [{"name": "wet", "expect": "refuse", "action": {"domain": "wet_lab", "effect": "read"}}]}'
    )
    assert run("policy", "test", "-", "--cases", str(cases)).status == 0


def test_what_would_change(run: Run, tmp_path: Path) -> None:
    old, new = str(house(tmp_path / "old")), tmp_path / "new"
    assert run("policy", "diff", old, old, "--last", "0").status == 0
    write(house(new), house=HOUSE.replace('context.facts.effect != Effect::"read"', "false"), no='@id("no") '
          'forbid (principal, action == Action::"embed", resource);')  # fmt: skip
    said = run("policy", "diff", old, str(new), "--last", "0", "--json")
    assert said.status == 1
    changes = {(each["change"], each["before"], each["after"]) for each in said.data["domain"]["changes"]}
    assert ("loosened", "refuse cedar:no-writing-by-night", "permit R100") in changes
    assert ("tightened", "permit R100", "refuse cedar:no") in changes
    assert said.data["recorded"] is None
    assert "LOOSENED" in run("policy", "diff", old, str(new), "--last", "0").out
    assert run("policy", "diff", "-", old, "--last", "0").status == 1


def test_what_would_have_changed_of_what_happened(house: House, run: Run, tmp_path: Path) -> None:
    record = house.act("Seen again.")
    none = '@id("none") forbid (principal, action == Action::"generate", resource);'
    folder = str(write(tmp_path / "folder", base=BASE, none=none))
    said = run("policy", "diff", "-", folder, "--json")
    (change,) = said.data["recorded"]["changes"]
    assert (change["change"], change["after"], change["count"] >= 1) == ("tightened", "refuse cedar:none", True)
    assert said.data["recorded"]["actions"] >= 1
    assert record
    assert "recorded actions" in run("policy", "diff", "-", folder).out


def test_without_a_service_the_domain_alone_is_looked_at(run: Run, tmp_path: Path) -> None:
    folder = str(house(tmp_path / "folder"))
    nowhere = ("--store", str(tmp_path / "nowhere"))
    said = run("policy", "diff", folder, folder, *nowhere)
    assert (said.status, "not looked at" in said.err) == (0, True)
    assert run("policy", "diff", folder, folder, "--last", "9", *nowhere).status not in {0, 1}


def test_the_schema_is_told(run: Run) -> None:
    assert "entity Tool in [Server, Group]" in run("policy", "schema").out


def test_the_policy_in_force_is_asked_of_the_service(house: House, run: Run) -> None:
    assert "policy.unloaded" in run("policy", "state").err
    assert "policy.unloaded" in run("policy", "reload").err
