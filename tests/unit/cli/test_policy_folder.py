# SPDX-License-Identifier: Apache-2.0
"""`policy check|test|diff|schema|state|reload`, as a user runs them."""

from __future__ import annotations

import asyncio
import json
from pathlib import Path
from typing import Any

import pytest

from answerable.cli import main
from answerable.log.leaf import encode, rid
from tests.cedars import BASE, HOUSE, house, write
from tests.tool_gate import gate
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


async def test_what_would_have_changed_of_tool_calls_that_happened(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    """Two real calls through the gate: of the one that writes the ruling differs between OLD and NEW, both ways."""
    monkeypatch.setenv("ANSWERABLE_LANG", "en")
    shut = '@id("shut") forbid (principal, action == Action::"call", resource in Server::"desk") when { '
    folder = str(write(tmp_path / "folder", base=BASE, shut=shut + 'context.facts.effect != Effect::"read" };'))
    async with gate(tmp_path, journal=tmp_path / "journal") as it:
        for name, arguments in (("weather", {"city": "Bonn"}), ("note", {"text": "once"})):
            answer = await it.modern("desk", "tools/call", {"name": name, "arguments": arguments})
            assert not answer.json()["result"].get("isError"), answer.text
        read, wrote = await it.opens()
        assert (read.dec, wrote.dec, wrote.act) == ("permit", "permit", "tool_call")
        store = ("--store", str(it.core.config.store_path))

        async def diff(old: str, new: str) -> Any:
            status = await asyncio.to_thread(main, [*store, "policy", "diff", old, new, "--json", "--as", "admin"])
            said = json.loads(capsys.readouterr().out)["recorded"]
            return status, said["actions"], said["changes"]

        tight = await diff("-", folder)
        loose = await diff(folder, "-")
        assert await diff(folder, folder) == (0, 2, [])
    assert tight[:2] == loose[:2] == (1, 2)
    (change,), (back,) = tight[2], loose[2]
    assert (change["change"], change["after"], change["count"]) == ("tightened", "refuse cedar:shut", 1)
    assert (back["change"], back["before"], back["count"]) == ("loosened", "refuse cedar:shut", 1)
    assert change["example"] == back["example"] == rid(encode(wrote))
    assert change["before"] == back["after"] == f"permit {wrote.rule}"
