# SPDX-License-Identifier: Apache-2.0
"""`ports.Budgets`: rates and budgets together, as the path asks for them (`docs/spec/budgets.md`).

Where nothing limits a call, nothing is counted, written or looked up for it.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, Final

from answerable.errors import Refused
from answerable.model.actions import Action, Spent
from answerable.model.budgets import NOTHING, RESERVED, USED, Amount, Budget, Rate, Reserved, Settled, Standing
from answerable.model.terms import Outcome, Role
from answerable.model.tools import MeterKind, Tool
from answerable.model.units import Rider
from answerable.model.warrants import Bearer
from answerable.ports import Clock, Directory, Reservation
from answerable.tools import wanted
from answerable.tools.accounts import Account, account
from answerable.tools.budgets import Budgets, Held
from answerable.tools.rates import Rates
from answerable.tools.wanted import FREE, Prices

NO_AMOUNT: Final[tuple[Amount, ...]] = ()
# Meters that an answer's tokens run up.
OF_TOKENS: Final = frozenset({MeterKind.TOKENS, MeterKind.ENERGY, MeterKind.MONEY})
# Accounts that are remembered: callers, each with the tools that it calls.
MAX_KNOWN: Final = 4_096


class Spending:
    """One gateway's limits. `budgets` follows what is committed: `load` it before, and let it `follow` after."""

    def __init__(
        self,
        directory: Directory,
        clock: Clock,
        *,
        budgets: Sequence[Budget] = (),
        rates: Sequence[Rate] = (),
        prices: Prices = FREE,
    ) -> None:
        self._directory = directory
        self._clock = clock
        self._prices = prices
        self._accounts: dict[tuple[str, str, str, str], tuple[int, Account]] = {}
        self.budgets = Budgets(budgets, self._of_row)
        self.rates = Rates(rates)

    def covers(self, action: Action, caller: Bearer, tool: Tool) -> bool:
        """See `ports.Budgets`."""
        if not tool.meters:
            return True
        return self.budgets.covers(self._who(caller, tool.key), wanted.kinds(action, tool))

    def reserve(self, action: Action, caller: Bearer, tool: Tool | None) -> Reservation | None:
        """See `ports.Budgets`."""
        limited = bool(self.budgets.budgets)
        tokens = caller.warrant.budget_tokens
        rate = tool.rate if tool is not None else 0
        if not (limited or tokens or self.rates.rates or rate):
            return None
        who = self._who(caller, tool.key if tool is not None else "")
        held_to = self.rates.limits(who, rate)
        mono, now = self._clock.mono_ms(), self._clock.now_ms()
        self.rates.check(held_to, mono)
        taken: Taken | None = None
        if tokens or self.budgets.concerns(who):
            amounts = wanted.of_call(action, tool) if tool is not None else wanted.of_generation(action, self._prices)
            row = Reserved(
                rid="",
                system=caller.system.rid,
                copy=caller.copy.rid,
                party=who.party,
                grant=caller.warrant.grant if tokens else "",
                at=now,
                amounts=amounts,
                tool=who.tool,
            )
            held = self.budgets.reserve(row, now, grant_tokens=tokens)
            bound = tool is None and (bool(tokens) or self.budgets.concerns(who, OF_TOKENS))
            taken = Taken(self.budgets, held, wanted.answer_tokens(action.request) if bound else 0)
        self.rates.count(held_to, mono)
        return taken

    def standing(self) -> list[Standing]:
        """How every budget stands now."""
        return self.budgets.standing(self._clock.now_ms())

    def _who(self, caller: Bearer, tool: str) -> Account:
        return self._account(caller.system.rid, caller.copy.rid, caller.system.party(Role.DEPLOYER), tool)

    def _of_row(self, row: Reserved) -> Account:
        return self._account(row.system, row.copy, row.party, row.tool)

    def _account(self, system: str, copy: str, party: str, tool: str) -> Account:
        """Looked up once for each change of the directory."""
        key, changes = (system, copy, party, tool), self._directory.changes
        known = self._accounts.get(key)
        if known is not None and known[0] == changes:
            return known[1]
        if len(self._accounts) >= MAX_KNOWN:
            self._accounts.clear()
        found = account(self._directory, system, copy, party, tool)
        self._accounts[key] = changes, found
        return found


class Taken:
    """`ports.Reservation`."""

    __slots__ = ("_budgets", "_held", "ceiling")

    def __init__(self, budgets: Budgets, held: Held, ceiling: int = 0) -> None:
        """ceiling: see `ports.Reservation`."""
        self._budgets = budgets
        self._held = held
        self.ceiling = ceiling

    @property
    def told(self) -> Mapping[str, Any]:
        """See `ports.Reservation`."""
        return {RESERVED: told(self._held.row)}

    def open(self, rid: str) -> Rider:
        """See `ports.Reservation`."""
        return self._budgets.bind(self._held, rid)

    def close(self, outcome: Outcome, spent: Spent | None, *, sent: bool) -> Settled:
        """See `ports.Reservation`."""
        row = self._held.row
        if outcome is Outcome.UNKNOWN:
            return NOTHING  # what was reserved goes on counting
        amounts = NO_AMOUNT
        if sent and spent is not None:
            amounts = wanted.used(row.amounts, spent, call=bool(row.tool))
        return Settled(self._budgets.settle(self._held, amounts), {USED: listed(amounts)})

    def let_go(self) -> None:
        """See `ports.Reservation`."""
        self._budgets.let_go(self._held)


def told(row: Reserved) -> dict[str, Any]:
    """What the open leaf says of a reservation, beside what it says anyway."""
    said: dict[str, Any] = {"at": row.at, "cpy": row.copy, "most": listed(row.amounts)}
    if row.tool:
        said["tool"] = row.tool
    if row.grant:
        said["grant"] = row.grant
    return said


def listed(amounts: Sequence[Amount]) -> list[Any]:
    """[meter, amount] of each, of money its currency too: as leaves have them."""
    return [[a.kind.value, a.amount, *([a.currency] if a.currency else [])] for a in amounts]


class NothingLimited:
    """`ports.Budgets` where nothing is counted. It refuses what may be done under a budget alone."""

    def covers(self, action: Action, caller: Bearer, tool: Tool) -> bool:
        """See `ports.Budgets`."""
        return not tool.meters

    def reserve(self, action: Action, caller: Bearer, tool: Tool | None) -> Reservation | None:
        """See `ports.Budgets`."""
        if caller.warrant.budget_tokens:
            raise Refused("budget.uncounted")
        return None


NOTHING_LIMITED: Final = NothingLimited()
