# SPDX-License-Identifier: Apache-2.0
"""How long what was said is kept: a list of rules, the first that fits says, and a default behind them.

A rule fits where all that it names fits; what it does not name may be anything. What is chosen is chosen when an action
is recorded: a rule that changes later changes nothing of what is kept by then.
"""

from __future__ import annotations

from collections.abc import Iterable

from answerable.config import RetentionRule
from answerable.model.actions import Action
from answerable.model.records import Party, System
from answerable.model.terms import Role
from answerable.ports import Directory

DAY_MS = 86_400_000


class Retention:
    """Settings over a directory; a case is looked up once and remembered."""

    def __init__(self, rules: Iterable[RetentionRule], default: int, directory: Directory) -> None:
        """default: days, where no rule fits."""
        self.rules = tuple(rules)
        self.default = default
        self._directory = directory
        self._known: dict[tuple[object, ...], int] = {}

    def until(self, action: Action, caller: System, tier: int, now_ms: int) -> int | None:
        """Until when what is said in the action is kept, ms UTC; None: it is not kept."""
        party = caller.party(Role.DEPLOYER)
        case = (action.act, action.data_class, action.world, tier, caller.rid, party)
        days = self._known.get(case)
        if days is None:
            days = self._known[case] = self._days(action, caller, tier, self._directory.party(party))
        return now_ms + days * DAY_MS if days else None

    def _days(self, action: Action, caller: System, tier: int, party: Party | None) -> int:
        names = {party.rid, party.id} if party is not None else set()
        systems = {caller.rid, caller.id, caller.name}
        for rule in self.rules:
            if (
                rule.act in (None, action.act)
                and rule.audience in (None, caller.audience)
                and rule.data_class in (None, action.data_class)
                and rule.world in (None, action.world)
                and tier >= rule.tier
                and (not rule.party or rule.party in names)
                and (not rule.system or rule.system in systems)
            ):
                return rule.days
        return self.default
