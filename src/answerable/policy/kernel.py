# SPDX-License-Identifier: Apache-2.0
"""The kernel's decision: a pure function over total facts, from the table in `policy.rules`.

A decision is looked up by the tuple of its facts; the table is walked once for each combination that occurs. The whole
domain is small enough that a test walks all of it.
"""

from __future__ import annotations

from hashlib import sha256
from operator import attrgetter
from typing import Any, Final

from answerable.crypto import canonical
from answerable.model.actions import Decision, Facts
from answerable.policy.rules import ALL, NOTHING_PERMITS, RULES, UNKNOWN, VOCABULARY, Rule

_point = attrgetter(*VOCABULARY)
# At most one entry for each point of the domain (58,320), because unknown facts are never kept.
_decided: Final[dict[tuple[Any, ...], Decision]] = {}


def decide(facts: Facts) -> Decision:
    """The ruling on `facts`, with the rule that made it. Never raises: what it cannot read it refuses (R001)."""
    try:
        point = _point(facts)
        decision = _decided.get(point)
    except (AttributeError, TypeError):
        return _decision(UNKNOWN)
    return decision if decision is not None else _walk(point)


def _walk(point: tuple[Any, ...]) -> Decision:
    known = dict(zip(VOCABULARY, point, strict=True))
    for name, values in VOCABULARY.items():
        if known[name] not in values:
            return _decision(UNKNOWN)
    for rule in RULES:
        if all(known[name] in values for name, values in rule.when):
            break
    else:
        rule = NOTHING_PERMITS
    decision = _decided[point] = _decision(rule)
    return decision


def _decision(rule: Rule) -> Decision:
    return Decision(rule.ruling, rule.id, rule.why, rule.obligations)


def _digest() -> str:
    """sha256 hex over all that decides: vocabulary, rules in their order, obligations. Texts are left out: a better
    sentence is not another policy."""
    table = {
        "rules": [
            {
                "id": rule.id,
                "obligations": list(rule.obligations),
                "ruling": rule.ruling.value,
                "when": {name: _listed(values) for name, values in rule.when},
                "why": rule.why,
            }
            for rule in ALL
        ],
        "v": 1,
        "vocabulary": {name: _listed(values) for name, values in VOCABULARY.items()},
    }
    return sha256(canonical.dumps(table)).hexdigest()


def _listed(values: frozenset[object]) -> list[str]:
    return sorted(str(value) for value in values)


DIGEST: Final = _digest()
