# SPDX-License-Identifier: Apache-2.0
from __future__ import annotations

import re

import cedarpy
import pytest

from answerable.cedar import schema
from answerable.policy import worlds


def valid(policy: str) -> bool:
    return bool(cedarpy.validate_policies(policy, schema.text()))


def test_it_is_a_schema_and_names_every_domain() -> None:
    cedarpy.Schema.from_str(schema.text())
    assert schema.VOCABULARIES["Domain"] == ("", *worlds.domains())
    for kind in (*schema.OURS, schema.GROUP):
        assert f"entity {kind} " in schema.text()


def test_each_attribute_means_one_thing() -> None:
    told = re.findall(r'"(\w+)": (\w+),? ?', schema.text())
    for name, kind in told:
        assert schema.ATTRIBUTES.get(name, kind) == kind
    assert set(schema.ATTRIBUTES) <= {name for name, _ in told}


@pytest.mark.parametrize(
    ("condition", "holds"),
    [
        ('context.facts.world == World::"physical"', True),
        ('context.facts.world == World::"physcal"', False),  # a word that does not exist
        ('context.facts.wrold == World::"physical"', False),
        ("context.facts.weight >= 2 && principal.tier < 3", True),
        ('principal.system.name == "x" && principal.party.standing == Standing::"proven"', True),
        ('principal.tools.contains("*")', True),
        ("principal.colour", False),
        ('context.facts.domain == Domain::"payment"', True),
        ('context.facts.domain == Domain::"alchemy"', False),
        ('resource in Group::"x"', True),
        ('resource is Tool && resource.effect == Effect::"read"', True),
        ('resource.effect == Effect::"read"', False),  # an answer's resource has none
    ],
)
def test_what_a_condition_may_say(condition: str, holds: bool) -> None:
    assert valid(f"forbid (principal, action, resource) when {{ {condition} }};") == holds
