# SPDX-License-Identifier: Apache-2.0
"""What a rule means, why it is there and what to do about it, in both languages: `answerable policy explain`."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

from answerable.errors import Refused
from answerable.model.terms import Ruling
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
    """One rule by its id, such as ``R004``. lang: ``en`` or ``zh``. Raises Refused ``policy.unknown_rule``."""
    found = _BY_ID.get(rule.upper())
    if found is None:
        raise Refused("policy.unknown_rule", rule=rule[:16])
    return _explained(found, lang)


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
