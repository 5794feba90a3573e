# SPDX-License-Identifier: Apache-2.0
"""The kernel's decision: a pure function over total facts, from the table in `policy.rules`.

A decision is looked up by its facts; the table is walked once for each combination that occurs. A test walks all of the
domain, some 7.5 million points (`tests/proofs/test_kernel.py`).
"""

from __future__ import annotations

from hashlib import sha256
from operator import attrgetter
from typing import Final

from answerable.crypto import canonical
from answerable.model.actions import Decision, Facts
from answerable.policy.rules import ALL, NOTHING_PERMITS, RULES, UNKNOWN, VOCABULARY, Rule

_point = attrgetter(*VOCABULARY)
# What one gateway meets in practice is some hundreds of points. A caller can choose a few of the facts, never enough to
# fill this; that it has an end does not rest on that.
MAX_DECIDED: Final = 16_384
_decided: Final[dict[Facts, Decision]] = {}


def decide(facts: Facts) -> Decision:
    """The ruling on `facts`, with the rule that made it. Never raises: what it cannot read it refuses (R001)."""
    try:
        decision = _decided.get(facts)
        return decision if decision is not None else _walk(facts)
    except (AttributeError, TypeError):
        return _decision(UNKNOWN)


def _walk(facts: Facts) -> Decision:
    known = dict(zip(VOCABULARY, _point(facts), strict=True))
    for name, values in VOCABULARY.items():
        if known[name] not in values:
            return _decision(UNKNOWN)
    for rule in RULES:
        if all(known[name] in values for name, values in rule.when):
            break
    else:
        rule = NOTHING_PERMITS
    decision = _decision(rule)
    if len(_decided) >= MAX_DECIDED:
        _decided.clear()
    _decided[facts] = decision
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
