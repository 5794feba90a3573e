# SPDX-License-Identifier: Apache-2.0
from __future__ import annotations

import time
from typing import Any

import pytest

from tests.unit.cli.conftest import Run
from tests.unit.control.house import House


@pytest.fixture(scope="module")
def declared(house: House) -> str:
    from answerable.model import events
    from tests.redlined import incident, told_by

    fact = events.IncidentDeclared(red_line="RL1d", level="red", harms=("weights-exfiltration",))
    return str(incident(house, told_by(house, fact, "other", "officer-1")["rid"])["rid"])


def test_a_person_declares_and_it_is_there_at_once(house: House, run: Run) -> None:
    done = run("incidents", "declare", "other", "--line", "RL6", "--harm", "health", "--as", "officer-1", "--json")
    assert done.status == 0, done
    until = time.monotonic() + 10
    rows: list[Any] = []
    while not rows and time.monotonic() < until:
        listed = run("incidents", "ls", "--json").data
        rows = [each for each in listed if done.data["rid"] in each["incident"]["evidence"]]
    assert (rows[0]["incident"]["line"], rows[0]["harms"], rows[0]["incident"]["measure"]) == (
        "RL6",
        ["health"],
        "record",
    )
    assert "RL6" in run("incidents", "ls").out
    assert run("incidents", "declare", "other", "--line", "RL66", "--as", "officer-1").status == 3
    assert run("incidents", "declare", "other", "--line", "RL6", "--harm", "mood", "--as", "officer-1").status == 2


def test_the_page_of_facts_in_both_forms_and_languages(house: House, run: Run, declared: str) -> None:
    page = run("incidents", "show", declared[:8])
    assert page.status == 0
    assert page.out.startswith(f"# Incident {declared}")
    assert run("incidents", "show", declared, "--lang", "zh").out.startswith(f"# 事件 {declared}")
    assert run("incidents", "show", declared, "--format", "json").data["id"] == declared
    assert run("incidents", "show", declared, "--json").data["line"]["id"] == "RL1d"
    assert run("incidents", "show", "nothing").status == 3


def test_a_regimes_form_in_both_forms(house: House, run: Run, declared: str) -> None:
    said = run("incidents", "report", declared, "--regime", "cn-cyber-other", "--format", "md")
    assert said.status == 0
    assert said.out.startswith("# China, network security incidents")
    assert "(to be written by a person)" in said.out
    form = run("incidents", "report", declared, "--regime", "cn-cyber-other", "--format", "json").data
    assert form["regime"] == "cn-cyber-other"
    assert form["clocks"][0]["due"] - form["clocks"][0]["start"] == 4 * 3_600_000
    assert run("incidents", "report", declared, "--regime", "atlantis").status == 3


def test_clocks_and_what_ends_them(house: House, run: Run, declared: str) -> None:
    said = run("incidents", "clocks")
    assert said.status == 0
    assert "cn-cyber-other/initial" in said.out
    assert "(Asia/Shanghai)" in said.out
    assert run("incidents", "filed", declared, "--clock", "cn-cyber-other/nothing", "--as", "officer-1").status == 3
    assert run("incidents", "filed", declared, "--clock", "cn-cyber-other/initial", "--as", "officer-1").status == 0
    assert declared not in {each["incident"] for each in run("incidents", "clocks", "--json").data}


def test_a_report_that_is_late_is_no_success(house: House, run: Run, declared: str) -> None:
    """An hour that is over since yesterday."""
    yesterday = time.strftime("%Y-%m-%dT%H:%M:%SZ", time.gmtime(time.time() - 86_400))
    words = ("incidents", "classify", declared, "--harm", "cyber-breach", "--harm", "personal-data")
    assert run(*words, "--aware", "2026-11-22T08:00:00", "--as", "officer-1").status == 2, "a time without its offset"
    before = [each["incident"]["rid"] for each in run("incidents", "ls", "--json").data]
    other = next(rid for rid in before if rid != declared)
    assert (
        run("incidents", "classify", other, "--harm", "cyber-breach", "--aware", yesterday, "--as", "officer-1").status
        == 0
    )
    said = run("incidents", "clocks")
    assert said.status == 1
    assert "OVERDUE" in said.out


def test_which_regimes_bind_and_how_far_each_was_checked(house: House, run: Run) -> None:
    rows = {each["id"]: each for each in run("incidents", "regimes", "--json").data}
    assert rows["cn-cyber-other"]["binds"]
    assert not rows["eu-nis2"]["binds"]
    assert "unchecked" in rows["eu-gpai-code"]["checked"]
    assert "Art. 4" in run("incidents", "regimes", "other").out
    assert run("incidents", "regimes", "nobody").status == 3


def test_the_clocks_of_an_order_that_officers_gave_at_night(house: House, run: Run) -> None:
    """No detector saw anything: the order is shown, classified and reported on as an incident is."""
    order = run("stop", "helper", "--reason", "it lies", "--as", "officer-1", "--json").data["order"]["rid"]
    before = {each["incident"] for each in run("incidents", "clocks", "--json").data}
    assert order not in before, "no clock starts before a person says what it is"
    assert run("incidents", "classify", order, "--harm", "cyber-breach", "--as", "officer-1").status == 0
    clock = next(each for each in run("incidents", "clocks", "--json").data if each["incident"] == order)
    assert clock["clock"]["name"] == "cn-cyber-other/initial"
    assert order[:12] in run("incidents", "ls").out
    form = run("incidents", "report", order, "--regime", "cn-cyber-other", "--format", "json").data
    assert (form["report"]["harms"], form["clocks"][0]["filed"]) == (["cyber-breach"], 0)
    assert run("incidents", "filed", order, "--clock", "cn-cyber-other/initial", "--as", "officer-1").status == 0
    assert order not in {each["incident"] for each in run("incidents", "clocks", "--json").data}
    assert run("incidents", "classify", "nothing", "--harm", "death", "--as", "officer-1").status == 3
