# SPDX-License-Identifier: Apache-2.0
"""How long what was said is kept: a list of rules, the first that fits says, and a default behind them.

A rule fits where all that it names fits; what it does not name may be anything.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import Annotated, Final

import msgspec
from msgspec import Meta

from answerable.model.terms import Act, Audience, DataClass, World

DAY_MS: Final = 86_400_000
MAX_DAYS: Final = 36_500


class Rule(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """One line of the settings. days: 0 keeps nothing, neither words nor salts; party, system: id, record id or, of a
    system, name; tier: the lowest that it is for."""

    days: Annotated[int, Meta(ge=0, le=MAX_DAYS)]
    act: Act | None = None
    audience: Audience | None = None
    data_class: DataClass | None = None
    world: World | None = None
    party: str = ""
    system: str = ""
    tier: Annotated[int, Meta(ge=0, le=4)] = 0


class Case(msgspec.Struct, frozen=True):
    """What a rule may look at. party, system: every name that means the one or the other."""

    act: Act
    audience: Audience
    data_class: DataClass
    world: World
    tier: int
    party: frozenset[str]
    system: frozenset[str]


class Rules:
    """Immutable; a look-up a case, remembered."""

    def __init__(self, rules: Iterable[Rule], default: int) -> None:
        """default: days, where no rule fits."""
        self.rules = tuple(rules)
        self.default = default

    def __bool__(self) -> bool:
        return bool(self.rules)

    def days(self, case: Case) -> int:
        return next((rule.days for rule in self.rules if _fits(rule, case)), self.default)


def _fits(rule: Rule, case: Case) -> bool:
    return (
        rule.act in (None, case.act)
        and rule.audience in (None, case.audience)
        and rule.data_class in (None, case.data_class)
        and rule.world in (None, case.world)
        and case.tier >= rule.tier
        and (not rule.party or rule.party in case.party)
        and (not rule.system or rule.system in case.system)
    )
