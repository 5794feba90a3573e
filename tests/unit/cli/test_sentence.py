# SPDX-License-Identifier: Apache-2.0
from __future__ import annotations

from dataclasses import replace

import pytest

from answerable.cli.sentence import as_json, party, sentence
from answerable.control.receipts import assemble
from answerable.log import trust
from answerable.verify.receipt import verify
from answerable.verify.report import Report
from tests.unit.control.house import OPERATOR, House


@pytest.fixture
def report(house: House, monkeypatch: pytest.MonkeyPatch) -> Report:
    monkeypatch.setenv("ANSWERABLE_LANG", "en")
    made = house.run(assemble(house.core.reader, house.core.book, house.act("Said.")))
    return verify(made.receipt, trust.parse(house.core.trust))


def test_it_says_who_which_when_under_what_and_with_which_proof(report: Report) -> None:
    said = sentence(report)
    for word in (
        f"Operator Ltd ({OPERATOR}, vouched) answers", "made by small 1 (of Maker Lab)", "asked for by helper 1",
        report.warrant.rid, report.record, "demo.invalid",
    ):  # fmt: skip
        assert word in said


def test_it_says_so_in_chinese(report: Report, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("ANSWERABLE_LANG", "zh")
    assert "负责" in sentence(report)
    assert "经登记机构担保" in sentence(report)


def test_how_it_ended_is_never_made_better(report: Report) -> None:
    assert report.closing is not None
    for outcome, word in (
        ("stopped", "cut by a stop order"), ("error", "ended by an error"), ("unknown", "its end unknown"),
        ("refused", "refused while"), ("nonsense", "its end unknown"),
    ):  # fmt: skip
        assert word in sentence(replace(report, closing=replace(report.closing, outcome=outcome)))
    assert "its end not shown" in sentence(replace(report, closing=None))
    assert "refused by rule R004" in sentence(replace(report, decision="refuse", rule="R004"))


def test_a_name_that_is_not_disclosed_is_not_invented(report: Report) -> None:
    assert party(replace(report.party, name="")) == f"{OPERATOR} (vouched)"


def test_json_holds_all_of_it_but_contents(report: Report) -> None:
    data = as_json(report)
    assert (data["party"]["id"], data["made_by"]["name"], data["proof"]["disclosed"]) == (OPERATOR, "small", ["name"])
    assert data["used"]["tokens_out"] == 5


def test_who_passed_on_is_not_said_to_have_made_it(report: Report) -> None:
    said = sentence(replace(report, act="propagation"))
    assert "passed on by small 1" in said
    assert "made by" not in said
    assert report.closing is not None
    failed = replace(report, act="propagation", closing=replace(report.closing, outcome="error"))
    assert "passed on" not in sentence(failed)


def test_of_a_tool_call_it_says_which(report: Report, monkeypatch: pytest.MonkeyPatch) -> None:
    called = replace(report, act="tool_call", tool="desk/pay")
    assert "the call of desk/pay, answered by small 1" in sentence(called)
    assert report.closing is not None
    assert "its end unknown" in sentence(replace(called, closing=replace(report.closing, outcome="unknown")))
    assert "held for people by rule R031 (a call of desk/pay)" in sentence(
        replace(called, decision="hold", rule="R031")
    )
    assert "refused by rule R020 (a call of desk/pay)" in sentence(replace(called, decision="refuse", rule="R020"))
    assert as_json(called)["tool"] == "desk/pay"
    monkeypatch.setenv("ANSWERABLE_LANG", "zh")
    assert "desk/pay" in sentence(called)
