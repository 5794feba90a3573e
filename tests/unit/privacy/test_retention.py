# SPDX-License-Identifier: Apache-2.0
from __future__ import annotations

import msgspec
import pytest

from answerable.model.terms import Act, Audience, DataClass, World
from answerable.privacy.retention import Case, Rule, Rules

CASE = Case(
    Act.GENERATION,
    Audience.PUBLIC,
    DataClass.INTERNAL,
    World.INFORMATION,
    2,
    frozenset({"party-rid", "LEIXG-1"}),
    frozenset({"system-rid", "assistant"}),
)


@pytest.mark.parametrize(
    ("rule", "fits"),
    [
        (Rule(days=7), True),
        (Rule(days=7, act=Act.GENERATION), True),
        (Rule(days=7, act=Act.EMBEDDING), False),
        (Rule(days=7, audience=Audience.PUBLIC), True),
        (Rule(days=7, audience=Audience.MACHINE), False),
        (Rule(days=7, data_class=DataClass.INTERNAL), True),
        (Rule(days=7, data_class=DataClass.CONFIDENTIAL), False),
        (Rule(days=7, world=World.PHYSICAL), False),
        (Rule(days=7, tier=2), True),
        (Rule(days=7, tier=3), False),
        (Rule(days=7, party="LEIXG-1"), True),
        (Rule(days=7, party="assistant"), False),
        (Rule(days=7, system="assistant"), True),
        (Rule(days=7, system="LEIXG-1"), False),
        (Rule(days=0, system="assistant", act=Act.GENERATION, tier=1), True),
        (Rule(days=0, system="assistant", act=Act.EMBEDDING, tier=1), False),
    ],
)
def test_a_rule_fits_where_all_that_it_names_fits(rule: Rule, fits: bool) -> None:
    assert Rules((rule,), 30).days(CASE) == (rule.days if fits else 30)


def test_the_first_rule_that_fits_says() -> None:
    rules = Rules((Rule(days=1, tier=3), Rule(days=2, tier=1), Rule(days=3)), 30)
    assert rules.days(CASE) == 2
    assert Rules((), 30).days(CASE) == 30
    assert not Rules((), 30)
    assert rules


def test_a_rule_of_the_settings_is_read_strictly() -> None:
    assert msgspec.convert({"days": 7, "data_class": "confidential"}, Rule).data_class is DataClass.CONFIDENTIAL
    for wrong in ({}, {"days": -1}, {"days": 7, "day": 1}, {"days": 7, "tier": 9}, {"days": 7, "act": "dream"}):
        with pytest.raises(msgspec.ValidationError):
            msgspec.convert(wrong, Rule)
