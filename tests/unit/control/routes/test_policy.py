# SPDX-License-Identifier: Apache-2.0
from __future__ import annotations

import pytest

from answerable.errors import AnswerableError
from tests.unit.control.house import House


def test_rules_are_explained_in_both_languages(house: House) -> None:
    rules = house.get("/policy")
    assert rules[0]["rule"] == "R001"
    english, chinese = house.get("/policy/R004"), house.get("/policy/R004", lang="zh")
    assert english["ruling"] == chinese["ruling"] == "refuse"
    assert english["reason"] != chinese["reason"]
    with pytest.raises(AnswerableError, match=r"policy\.unknown_rule"):
        house.get("/policy/R777")
