# SPDX-License-Identifier: Apache-2.0
"""The kernel's whole domain, millions of points in seconds: what must hold of all of it, and that each rule and each
condition is missed where it is taken out or widened."""

from __future__ import annotations

import itertools
import math
from dataclasses import replace

import numpy as np
import pytest

from answerable.model.actions import Facts
from answerable.model.terms import Effect, Ruling
from answerable.policy import kernel
from answerable.policy.rules import ALL, NOTHING_PERMITS, RULES, VOCABULARY, Rule
from tests.policies import EXAMPLES
from tests.proofs.kernel_domain import (
    INVARIANTS,
    MEMBERS,
    Domain,
    broken,
    domain,
    first,
    permits_alone,
    points,
    severity,
    thinned,
)


@pytest.fixture(scope="module")
def whole() -> Domain:
    return domain(RULES)


def test_the_domain_is_whole(whole: Domain) -> None:
    assert {name: frozenset(values) for name, values in MEMBERS.items()} == VOCABULARY
    assert list(MEMBERS) == list(VOCABULARY) == list(Facts.__struct_fields__)
    assert whole.strict.size == math.prod(len(values) for values in MEMBERS.values()) == 7_464_960


@pytest.mark.parametrize("name", INVARIANTS)
def test_it_holds_of_every_point(name: str, whole: Domain) -> None:
    assert INVARIANTS[name](whole)


def test_the_kernel_answers_as_the_table_says() -> None:
    """Every point that any rule tells from another, one by one; and points of the whole domain by chance."""
    thin = thinned(RULES)
    found = first(RULES, thin).ravel()
    table = (*RULES, NOTHING_PERMITS)
    assert 50_000 < found.size < 2_000_000
    for at, point in enumerate(itertools.product(*thin.values())):
        assert kernel._walk(Facts(*point)).rule == table[found[at]].id, point
    everywhere = first(RULES)
    for facts in points(MEMBERS, 20_000, seed=6):
        at = tuple(values.index(getattr(facts, name)) for name, values in MEMBERS.items())
        decision = kernel.decide(facts)
        rule = table[everywhere[at]]
        assert (decision.rule, decision.ruling, decision.why) == (rule.id, rule.ruling, rule.why)


def test_every_rule_decides_something_and_every_refusal_says_why() -> None:
    decided = {int(index) for index in np.unique(first(RULES))}
    assert decided == set(range(len(RULES) + (len(RULES) in decided)))
    for rule in ALL:
        assert rule.why
        assert all((rule.text.reason, rule.text.remedy, rule.text.reason_zh, rule.text.remedy_zh))
        if rule.ruling is Ruling.HOLD:
            assert severity(rule) in (1, 2)
        if rule.ruling is Ruling.PERMIT:
            assert rule.obligations == ("label",)


def test_incoherent_points_are_refused(whole: Domain) -> None:
    """So what is left of the domain is what can come about."""
    calls = whole.where(effect=(Effect.READ, Effect.WRITE, Effect.IRREVERSIBLE), act=MEMBERS["act"][:2])
    silent = whole.where(effect=Effect.NONE, act=MEMBERS["act"][2])
    assert (calls == 9).all()
    assert (silent == 9).all()


# --- mutants ----------------------------------------------------------------------------------------------------------

Mutant = tuple[str, tuple[Rule, ...], tuple[str, ...]]  # what it is, the table, the members that are looked at whole


def removals() -> list[Mutant]:
    return [
        (f"without {rule.id}", tuple(each for each in RULES if each is not rule), tuple(name for name, _ in rule.when))
        for rule in RULES
    ]


def widenings() -> list[Mutant]:
    """Each condition of each rule, with one more value that it takes, and without it."""
    out: list[Mutant] = []
    for at, rule in enumerate(RULES):
        for name, wanted in rule.when:
            others = [{value} for value in MEMBERS[name] if value not in wanted]
            for more in (*others, set(MEMBERS[name]))[: 1 if len(others) == 1 else None]:
                when = tuple((each, values | more if each == name else values) for each, values in rule.when)
                mutated = (*RULES[:at], replace(rule, when=when), *RULES[at + 1 :])
                words = "any" if len(more) > 1 else next(iter(more))
                out.append((f"{rule.id} of {name} {words} too", mutated, (name,)))
    return out


def narrowings() -> list[Mutant]:
    """Each condition of each rule, without one of its values."""
    out: list[Mutant] = []
    for at, rule in enumerate(RULES):
        for name, wanted in rule.when:
            for less in [value for value in MEMBERS[name] if value in wanted]:
                when = tuple((each, values - {less} if each == name else values) for each, values in rule.when)
                mutated = (*RULES[:at], replace(rule, when=when), *RULES[at + 1 :])
                out.append((f"{rule.id} of {name} not {less}", mutated, (name,)))
    return out


MUTANTS = (*removals(), *widenings(), *narrowings())


def noticed(rules: tuple[Rule, ...], touched: tuple[str, ...]) -> str:
    """By what: an invariant, a permit that leans on what comes before it, or an example; "" by nothing."""
    if wrong := broken(domain(rules, thinned(RULES, touched, plain=True))) or permits_alone(rules):
        return wrong[0]
    for example in EXAMPLES:
        rule = next(
            (each for each in rules if all(getattr(example.facts, name) in wanted for name, wanted in each.when)),
            NOTHING_PERMITS,
        )
        if (rule.ruling, rule.id) != (example.ruling, example.rule):
            return str(example)
    return ""


def answers(rules: tuple[Rule, ...], touched: tuple[str, ...]) -> list[list[str]]:
    """What anybody could see of a table: at every point the rule that decides."""
    values = thinned(RULES, touched)
    ids = np.array([*(rule.id for rule in rules), NOTHING_PERMITS.id])
    return [list(map(str, ids[first(rules, values).ravel()]))]


def test_the_permits_do_not_lean_on_what_comes_before_them() -> None:
    assert permits_alone(RULES) == ()


@pytest.mark.parametrize("mutant", MUTANTS, ids=lambda mutant: mutant[0])
def test_a_mutant_of_the_table_is_noticed(mutant: Mutant) -> None:
    """Or it is none: the same rule decides at every point of the domain, so that nobody could notice."""
    _, rules, touched = mutant
    assert noticed(rules, touched) or answers(rules, touched) == answers(RULES, touched)


def test_few_mutants_are_none() -> None:
    """Where an earlier rule is there already. A rule that is taken out is never among them."""
    alike = [name for name, rules, touched in MUTANTS if not noticed(rules, touched)]
    assert len(MUTANTS) > 200
    assert len(alike) < len(MUTANTS) // 10, alike
    assert not any(name.startswith("without") for name in alike)
