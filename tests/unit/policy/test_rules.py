# SPDX-License-Identifier: Apache-2.0
from __future__ import annotations

from answerable.model.terms import Ruling
from answerable.policy.rules import ALL, NOTHING_PERMITS, RULES, UNKNOWN, VOCABULARY


def test_ids_and_reasons_are_each_its_own() -> None:
    assert len({rule.id for rule in ALL}) == len({rule.why for rule in ALL}) == len(ALL)
    assert ALL[0] is UNKNOWN
    assert ALL[-1] is NOTHING_PERMITS


def test_refusals_stand_first_then_holds_then_permits() -> None:
    order = [Ruling.REFUSE, Ruling.HOLD, Ruling.PERMIT]
    ranks = [order.index(rule.ruling) for rule in RULES]
    assert ranks == sorted(ranks)


def test_conditions_name_known_values_only() -> None:
    for rule in RULES:
        assert rule.when, f"{rule.id} would match everything"
        for name, values in rule.when:
            assert values
            assert values <= VOCABULARY[name]


def test_every_rule_says_reason_and_remedy_in_both_languages() -> None:
    for rule in ALL:
        text = rule.text
        assert text.reason.endswith(".")
        assert text.remedy.endswith((".", "it."))
        assert text.reason_zh.endswith("。")
        assert text.remedy_zh.endswith("。")
        assert not text.reason_zh.isascii()


def test_every_hold_says_how_many_people() -> None:
    assert all(rule.obligations[0].startswith("approvals:") for rule in RULES if rule.ruling is Ruling.HOLD)
