# SPDX-License-Identifier: Apache-2.0
"""Cases kept beside policies: an action, and what is to be decided about it. `answerable policy test` runs them."""

from __future__ import annotations

import json
import tomllib
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Annotated, Any

import msgspec
from msgspec import Meta

from answerable.errors import Refused
from answerable.model.actions import Decision
from answerable.model.terms import Ruling
from answerable.policy.combine import consult, decide
from answerable.policy.described import Described, case
from answerable.ports import Policy


class Case(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """expect: the ruling; rule: which rule is to make it, "" for any; approvals: of how many people, -1 for any."""

    name: Annotated[str, Meta(min_length=1, max_length=200)]
    expect: Ruling
    action: Described
    rule: str = ""
    approvals: Annotated[int, Meta(ge=-1, le=8)] = -1


class _Cases(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    case: tuple[Case, ...]


@dataclass(frozen=True, slots=True)
class Outcome:
    """wrong: what was decided otherwise than expected, "" where all is as it is to be. own: the rules by which the
    operators' policies ruled, whoever was stricter in the end."""

    case: Case
    decision: Decision
    wrong: str
    own: tuple[str, ...]


def parse(name: str, text: str) -> tuple[Case, ...]:
    """The cases of a file, TOML or JSON by its name. Raises Refused ``policy.cases``: also for two of one name, and for
    none."""
    try:
        told: Any = json.loads(text) if name.endswith(".json") else tomllib.loads(text)
        cases = msgspec.convert(told, _Cases, strict=True).case
    except (ValueError, RecursionError) as error:
        raise Refused("policy.cases", file=name, detail=str(error)[:300]) from None
    if not cases:
        raise Refused("policy.cases", file=name, detail="no case in it")
    if len({each.name for each in cases}) != len(cases):
        raise Refused("policy.cases", file=name, detail="two cases of one name")
    return cases


def run(cases: Iterable[Case], policies: tuple[Policy, ...]) -> tuple[Outcome, ...]:
    """Raises Refused ``policy.action`` for a case that describes no action, with its name."""
    return tuple(_run(each, policies) for each in cases)


def _run(each: Case, policies: tuple[Policy, ...]) -> Outcome:
    try:
        asked = case(each.action)
    except Refused as error:
        raise Refused("policy.action", detail=f"{each.name}: {error.params.get('detail', '')}") from None
    decision = decide(asked.facts, asked.about, policies, asked.asked)
    people = approvals(decision)
    wrong = ""
    if decision.ruling is not each.expect:
        wrong = f"{decision.ruling.value} by {decision.rule}"
    elif each.rule and decision.rule != each.rule:
        wrong = f"by {decision.rule}"
    elif each.approvals >= 0 and people != each.approvals:
        wrong = f"approvals: {people}"
    own = tuple(consult(policy, asked.facts, asked.about).rule for policy in policies)
    return Outcome(each, decision, wrong, own)


def approvals(decision: Decision) -> int:
    """The most people that any of the obligations asks for."""
    counts = [each.removeprefix("approvals:") for each in decision.obligations if each.startswith("approvals:")]
    return max((int(count) for count in counts if count.isdigit()), default=0)
