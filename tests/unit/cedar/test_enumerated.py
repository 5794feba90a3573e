# SPDX-License-Identifier: Apache-2.0
from __future__ import annotations

import itertools
from pathlib import Path

from answerable.cedar.enumerated import in_words, points
from answerable.cedar.folder import read
from answerable.cedar.loaded import Loaded, load
from answerable.model.terms import Act, Audience, Criticality, Effect
from answerable.policy.described import Described, case
from tests.cedars import BASE, ENTITIES, write


def loads(folder: Path, rule: str, entities: object = None) -> Loaded:
    return load(read(write(folder, entities, base=BASE, rule=rule)))


def test_what_nobody_speaks_of_is_looked_at_once(tmp_path: Path) -> None:
    found = points([load(read(write(tmp_path, base=BASE)))])
    assert found.whole == len(found.told) == 2 + 3  # two kinds of answer, a call of each effect
    assert {told.act for told in found.told} == set(Act)


def test_what_either_speaks_of_is_looked_at_in_all_its_values(tmp_path: Path) -> None:
    one = loads(tmp_path / "1", '@id("a") forbid (principal, action, resource) when { context.facts.tier > 2 };')
    two = loads(
        tmp_path / "2",
        '@id("b") forbid (principal, action, resource) when { context.facts.audience == Audience::"public" };',
    )
    found = points([one, two])
    assert found.whole == 5 * 5 * 3
    assert {(told.tier, told.audience) for told in found.told} == {(t, a) for t in range(5) for a in Audience}


def test_named_systems_and_tools_and_members_of_groups(tmp_path: Path) -> None:
    rule = (
        '@id("a") forbid (principal in System::"spiffe://x/system/a", action == Action::"call", '
        'resource == Tool::"bank/pay") unless { principal.party == Party::"LEIXG-1" };'
    )
    found = points([loads(tmp_path, rule, ENTITIES)])
    assert {"spiffe://x/system/a", "spiffe://demo.invalid/system/labagent"} <= {told.system for told in found.told}
    assert "LEIXG-1" in {told.party for told in found.told}
    assert ("bank", "pay", Effect.IRREVERSIBLE) in {(told.server, told.tool, told.effect) for told in found.told}
    for told in found.told:
        case(told)  # each is an action


def test_too_many_are_a_sample_that_is_always_the_same(tmp_path: Path) -> None:
    rule = '@id("a") forbid (principal, action, resource) when { context.facts.weight > 1 && context.facts.tier > 2 };'
    loaded = loads(tmp_path, rule)
    found = points([loaded], most=50)
    assert (len(found.told), found.whole > 50) == (50, True)
    assert points([loaded], most=50) == found
    # Nothing twice, and every value of every member, however few are taken.
    assert len(set(map(str, found.told))) == 50
    assert {(told.tier, told.criticality) for told in found.told} == set(itertools.product(range(5), Criticality))


def test_in_words_only_what_is_not_usual() -> None:
    told = Described(act=Act.GENERATION, envelope=True, guarded=True, attested=True, funded=True, tier=3)
    assert in_words(told) == {"act": "generation", "tier": 3}
