# SPDX-License-Identifier: Apache-2.0
"""What a rule means, why it is there and what to do about it, in both languages: `answerable policy explain`."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

from answerable.errors import Refused
from answerable.model.terms import Criticality, Ruling
from answerable.model.tools import HIGHEST_TIER, Floor
from answerable.policy import worlds
from answerable.policy.domains import EFFECTS
from answerable.policy.rules import ALL, VOCABULARY, Rule

_BY_ID: Final = {rule.id: rule for rule in ALL}


@dataclass(frozen=True, slots=True)
class Explanation:
    """when: condition -> values that it holds for, sorted; only conditions that exclude something."""

    rule: str
    ruling: Ruling
    why: str
    when: dict[str, tuple[str, ...]]
    obligations: tuple[str, ...]
    reason: str
    remedy: str


def explain(rule: str, lang: str = "en") -> Explanation:
    """One rule by its id, such as ``R004``, or a domain's row as ``D-payment``. lang: ``en`` or ``zh``. Raises Refused
    ``policy.unknown_rule``."""
    if rule.upper().startswith(worlds.RULE):
        return domain(rule[len(worlds.RULE) :].lower(), lang)
    found = _BY_ID.get(rule.upper())
    if found is None:
        raise Refused("policy.unknown_rule", rule=rule[:16])
    return _explained(found, lang)


def domain(name: str, lang: str = "en") -> Explanation:
    """The row of a domain, as a rule: what a call of it asks for, by effect. Raises Refused ``policy.unknown_rule``."""
    row = worlds.row(name)
    if row is None:
        raise Refused("policy.unknown_rule", rule=f"{worlds.RULE}{name}"[:48])
    floors = {effect: worlds.floor(name, effect) for effect in EFFECTS}
    people = any(floor.approvals for floor in floors.values() if floor is not None)
    asks, waits, runs = _REMEDIES[lang == "zh"]
    remedy = asks if people else runs if row.held else waits
    return Explanation(
        rule=worlds.RULE + name,
        ruling=Ruling.HOLD if people else Ruling.PERMIT,
        why="domain_asks_for_people" if people else "domain",
        when={effect.value: asked_in_words(floor) for effect, floor in floors.items() if floor is not None},
        obligations=(),
        reason=row.reason_zh if lang == "zh" else row.reason,
        remedy=remedy,
    )


def asked_in_words(floor: Floor) -> tuple[str, ...]:
    """What a floor asks, in terms: world, criticality, people, and what must be there."""
    people = f"approvals:{floor.approvals}" if floor.approvals else ""
    return tuple(
        filter(
            None,
            (
                floor.world.value,
                floor.criticality.value,
                people,
                *[f"role:{role.value}" for role in floor.roles],
                "envelope" if floor.envelope else "",
                "guard" if floor.guard else "",
                f"budget:{floor.meter.value}" if floor.meter else "budget" if floor.budget else "",
                f"attestation:{floor.attestation}" if floor.attestation else "",
                "" if floor.held else "never held",
                f"tier<={floor.max_tier}" if floor.max_tier < HIGHEST_TIER else "",
                f"criticality<={floor.max_criticality.value}"
                if floor.max_criticality is not Criticality.CRITICAL
                else "",
            ),
        )
    )


_REMEDIES: Final = (
    (
        "Have as many people approve the call as it asks for: `answerable holds`.",
        "Its calls cannot wait: take away what asks for people, or keep within the row's tier and criticality.",
        "Nothing to do but what the row asks for.",
    ),
    (
        "请由所要求人数的人员批准该调用：`answerable holds`。",
        "该领域的调用不能等待：请移除要求审批者，或保持在该条目的分级与关键等级之内。",
        "除该条目所列要求外无需操作。",
    ),
)


def table(lang: str = "en") -> tuple[Explanation, ...]:
    """Every rule in the order in which they are tried."""
    return tuple(_explained(rule, lang) for rule in ALL)


def _explained(rule: Rule, lang: str) -> Explanation:
    text = rule.text
    return Explanation(
        rule=rule.id,
        ruling=rule.ruling,
        why=rule.why,
        when={
            name: tuple(sorted(str(value) for value in values))
            for name, values in rule.when
            if values != VOCABULARY[name]
        },
        obligations=rule.obligations,
        reason=text.reason_zh if lang == "zh" else text.reason,
        remedy=text.remedy_zh if lang == "zh" else text.remedy,
    )
