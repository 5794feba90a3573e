# SPDX-License-Identifier: Apache-2.0
from __future__ import annotations

from typing import Any

import msgspec
import pytest

from answerable.config import RetentionRule as Rule
from answerable.model.actions import Action
from answerable.model.terms import Act, Audience, DataClass, Role, World
from answerable.model.warrants import Credential, Peer
from answerable.privacy.retention import DAY_MS, Retention
from answerable.registry.requests import PartySpec
from tests.small_registry import Registry

NOW = 1_763_782_764_000
ACTION = Action(Act.GENERATION, Credential("", Peer()), "auto", {}, b"", False, "en", data_class=DataClass.INTERNAL)


class Small(Registry):
    def __init__(self) -> None:
        super().__init__()
        self.maker, self.owner = self.party("Maker"), self.party("Owner")
        both = (
            PartySpec(party=self.maker.rid, role=Role.PROVIDER),
            PartySpec(party=self.owner.rid, role=Role.DEPLOYER),
        )
        self.caller = self.system(self.maker, "assistant", parties=both)

    def until(self, *rules: Rule, tier: int = 2, action: Action = ACTION) -> int | None:
        return Retention(rules, 30, self.book).until(action, self.caller, tier, NOW)

    def named(self, text: str) -> str:
        return text.format(owner=self.owner, maker=self.maker, caller=self.caller)


@pytest.mark.parametrize(
    ("members", "fits"),
    [
        ({}, True),
        ({"act": Act.GENERATION}, True),
        ({"act": Act.EMBEDDING}, False),
        ({"audience": Audience.INTERNAL}, True),
        ({"audience": Audience.MACHINE}, False),
        ({"data_class": DataClass.INTERNAL}, True),
        ({"data_class": DataClass.CONFIDENTIAL}, False),
        ({"world": World.PHYSICAL}, False),
        ({"tier": 2}, True),
        ({"tier": 3}, False),
        ({"party": "{owner.rid}"}, True),
        ({"party": "{owner.id}"}, True),
        ({"party": "{maker.rid}"}, False),  # it provides; the deployer answers
        ({"party": "{caller.rid}"}, False),
        ({"system": "{caller.name}"}, True),
        ({"system": "{caller.id}"}, True),
        ({"system": "{owner.rid}"}, False),
        ({"system": "{caller.rid}", "act": Act.GENERATION, "tier": 1}, True),
        ({"system": "{caller.rid}", "act": Act.EMBEDDING, "tier": 1}, False),
    ],
)
def test_a_rule_fits_where_all_that_it_names_fits(members: dict[str, Any], fits: bool) -> None:
    small = Small()
    told = {name: small.named(value) if type(value) is str else value for name, value in members.items()}
    assert small.until(Rule(days=7, **told)) == NOW + (7 if fits else 30) * DAY_MS


def test_the_first_rule_that_fits_says_and_no_days_keep_nothing() -> None:
    small = Small()
    assert small.until(Rule(days=1, tier=3), Rule(days=2, tier=1), Rule(days=3)) == NOW + 2 * DAY_MS
    assert small.until() == NOW + 30 * DAY_MS
    assert small.until(Rule(days=0)) is None


def test_a_case_is_not_taken_for_another() -> None:
    small = Small()
    made = Retention((Rule(days=1, data_class=DataClass.CONFIDENTIAL), Rule(days=2, tier=4)), 30, small.book)
    secret = msgspec.structs.replace(ACTION, data_class=DataClass.CONFIDENTIAL)
    for _ in range(2):
        assert made.until(ACTION, small.caller, 2, NOW) == NOW + 30 * DAY_MS
        assert made.until(secret, small.caller, 2, NOW) == NOW + DAY_MS
        assert made.until(ACTION, small.caller, 4, NOW) == NOW + 2 * DAY_MS


def test_a_rule_of_the_settings_is_read_strictly() -> None:
    assert msgspec.convert({"days": 7, "data_class": "confidential"}, Rule).data_class is DataClass.CONFIDENTIAL
    for wrong in ({}, {"days": -1}, {"days": 7, "day": 1}, {"days": 7, "tier": 9}, {"days": 7, "act": "dream"}):
        with pytest.raises(msgspec.ValidationError):
            msgspec.convert(wrong, Rule)
