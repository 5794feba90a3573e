# SPDX-License-Identifier: Apache-2.0
from __future__ import annotations

import json

import pytest

from answerable.errors import Refused
from answerable.model.actions import Decision
from answerable.model.terms import Ruling
from answerable.policy.cases import approvals, parse, run

TEXT = """
[[case]]
name = "a payment waits"
expect = "hold"
rule = "R035"
approvals = 1
action = { domain = "payment", effect = "irreversible", envelope = true, funded = true }

[[case]]
name = "an answer runs"
expect = "permit"
[case.action]
"""


def test_cases_are_run_as_the_path_decides() -> None:
    cases = parse("cases.toml", TEXT)
    assert [each.name for each in cases] == ["a payment waits", "an answer runs"]
    assert [each.wrong for each in run(cases, ())] == ["", ""]
    same = json.dumps({"case": [{"name": "n", "expect": "permit", "action": {}}]})
    assert run(parse("cases.json", same), ())[0].decision.rule == "R100"


@pytest.mark.parametrize(
    ("old", "new", "wrong"),
    [
        ('expect = "hold"', 'expect = "permit"', "hold by R035"),
        ('"R035"', '"R031"', "by R035"),
        ("approvals = 1", "approvals = 2", "approvals: 1"),
        ("funded = true", "funded = false", "refuse by R024"),
    ],
)
def test_what_is_decided_otherwise_is_told(old: str, new: str, wrong: str) -> None:
    assert run(parse("cases.toml", TEXT.replace(old, new)), ())[0].wrong == wrong


@pytest.mark.parametrize(
    "text",
    [
        "", "case = []", "case = 1", "[[case]]", '[[case]]\nname = "x"\nexpect = "maybe"\n[case.action]',
        TEXT + TEXT, TEXT + "colour = 1", "[" * 3000,
    ],
)  # fmt: skip
def test_files_that_are_none(text: str) -> None:
    for name in ("cases.toml", "cases.json"):
        with pytest.raises(Refused) as refusal:
            parse(name, text)
        assert refusal.value.code == "policy.cases"


def test_a_case_that_describes_no_action_is_named() -> None:
    with pytest.raises(Refused, match=r"policy\.action") as refusal:
        run(parse("cases.toml", TEXT.replace('"payment"', '"alchemy"')), ())
    assert "a payment waits" in str(refusal.value.params["detail"])


def test_the_most_people_of_all_obligations() -> None:
    assert approvals(Decision(Ruling.HOLD, "a", "b", ("approvals:1", "approvals:3", "page"))) == 3
    assert approvals(Decision(Ruling.PERMIT, "a", "b", ("label",))) == 0
