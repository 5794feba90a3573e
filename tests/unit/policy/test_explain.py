# SPDX-License-Identifier: Apache-2.0
from __future__ import annotations

import pytest

from answerable.errors import Refused
from answerable.model.terms import Ruling
from answerable.policy.explain import explain, table
from answerable.policy.rules import ALL


def test_explains_a_rule_in_both_languages() -> None:
    one = explain("r004")
    assert (one.rule, one.ruling, one.why) == ("R004", Ruling.REFUSE, "party_not_established")
    assert one.when == {"standing": ("declared",), "tier": ("1", "2", "3", "4")}
    assert "vouch" in one.remedy
    assert explain("R004", "zh").reason.startswith("自 1 级起")


def test_an_unknown_rule_is_not_found() -> None:
    with pytest.raises(Refused) as refusal:
        explain("R777")
    assert (refusal.value.code, refusal.value.exit) == ("policy.unknown_rule", 3)


def test_the_table_is_in_the_order_of_trial() -> None:
    assert [row.rule for row in table()] == [rule.id for rule in ALL]
    assert table("zh")[0].reason != table()[0].reason
