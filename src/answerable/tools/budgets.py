# SPDX-License-Identifier: Apache-2.0
"""Budgets: reserved before, settled after (`docs/spec/budgets.md`).

A reservation counts in memory from the moment that it was given out, so calls side by side cannot overdraw. It becomes
a row in the unit of its open leaf; what was used takes the row's place in the unit of the close leaf. A crash in
between leaves the reservation: it counts whole until its hours are over, and is neither lost nor freed twice. What is
counted follows what was committed, so that the sums after a restart are those before it.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Callable, Iterable, Sequence, Set
from datetime import UTC, datetime
from typing import Final

import msgspec

from answerable.errors import Refused, Unavailable
from answerable.model.budgets import Amount, Budget, Reserved, Standing
from answerable.model.scopes import EVERY
from answerable.model.tools import MeterKind
from answerable.model.units import Drop, Effect, Put, Rider, Space
from answerable.tools.accounts import Account, pots
from answerable.tools.windows import Window

ALL: Final = frozenset(MeterKind)
HOUR_MS: Final = 3_600_000
# Rows that nothing counts any more and that one unit drops: a unit stays small whatever piled up.
DROPS: Final = 8
# A reservation whose unit was not written by then never will be: an action lives for minutes.
STALE_MS: Final = 3_600_000
# Sums are looked through once in so many reservations.
TIDY: Final = 1_024
# A warrant's own budget counts what was used under its grant for so long.
GRANT_HOURS: Final = 24

_encode: Final = msgspec.json.Encoder().encode
_decode: Final = msgspec.json.Decoder(Reserved).decode
_Pot = tuple[MeterKind, str, int, str]  # meter, currency, hours, whose
Who = Callable[[Reserved], Account]


class Held:
    """One reservation on its way: what it may use, and the sums that it counts in. row: with its rid from `bind` on."""

    __slots__ = ("bound", "counted", "durable", "row")

    def __init__(self, row: Reserved, counted: dict[_Pot, int]) -> None:
        self.row = row
        self.counted = counted
        self.bound = False  # its open leaf is known
        self.durable = False  # and written


class Budgets:
    """Every budget of one gateway. who: the account of a row. Used on one event loop; times in ms UTC."""

    def __init__(self, budgets: Sequence[Budget], who: Who) -> None:
        self.budgets = tuple(budgets)
        self._who = who
        self._sums: dict[_Pot, Window] = {}
        self._open: dict[str, Held] = {}  # rid of the open leaf -> what is not settled
        self._rows: deque[tuple[int, str]] = deque()  # (at, rid) of rows in the store, as they were written
        hours = max([budget.hours for budget in self.budgets], default=GRANT_HOURS)
        self._keep_ms = Window.longest(max(hours, GRANT_HOURS) * HOUR_MS)
        self._reserved = 0

    def load(self, rows: Iterable[tuple[str, bytes]]) -> None:
        """Count what a store holds, at the start. Raises Unavailable ``system.damaged``."""
        found = []
        for key, value in rows:
            try:
                found.append(_decode(value))
            except msgspec.MsgspecError:
                raise Unavailable("system.damaged", row=f"{Space.BUDGETS.value}/{key}") from None
        for row in sorted(found, key=lambda row: row.at):
            self._known(row)

    def covers(self, who: Account, kinds: Iterable[tuple[MeterKind, str]]) -> bool:
        """Whether a budget stands over each of these (meter, currency) for `who`."""
        over = {(budget.kind, budget.currency) for budget in self.budgets if pots(budget, who)}
        return all(kind in over for kind in kinds)

    def concerns(self, who: Account, kinds: Set[MeterKind] = ALL) -> bool:
        """Whether any budget of these meters is for `who`."""
        return any(budget.kind in kinds and pots(budget, who) for budget in self.budgets)

    def reserve(self, row: Reserved, now: int, *, grant_tokens: int = 0) -> Held:
        """Count `row`, which has no rid yet. grant_tokens: what its warrant's own budget says, 0 for none; with it the
        row names its grant.

        Raises Refused ``budget.spent``: then nothing was counted.
        """
        self._tidy(now)
        limits = self._limits(row)
        for budget, pot in limits:
            self._check(budget, pot, _of(row.amounts, pot), now)
        if grant_tokens:
            own = Budget(kind=MeterKind.TOKENS, most=grant_tokens, hours=GRANT_HOURS)
            self._check(own, _grant(row), _of(row.amounts, _grant(row)), now)
        held = Held(row, self._counted(row, limits))
        for pot, amount in held.counted.items():
            self._window(pot).add(row.at, reserved=amount)
        return held

    def bind(self, held: Held, rid: str) -> Rider:
        """The row under its open leaf, and a few that nothing counts any more."""
        row = held.row = msgspec.structs.replace(held.row, rid=rid)
        held.bound = True
        self._open[rid] = held
        return Rider(effects=(Put(Space.BUDGETS, rid, _encode(row)), *self.outlived(row.at, DROPS)))

    def outlived(self, now: int, most: int) -> tuple[Effect, ...]:
        """What drops up to `most` rows that nothing counts any more. Of a unit that is not written they stay until the
        next start."""
        effects: list[Effect] = []
        rows = self._rows
        while rows and len(effects) < most and rows[0][0] + self._keep_ms < now:
            gone = rows.popleft()[1]
            self._open.pop(gone, None)
            effects.append(Drop(Space.BUDGETS, gone))
        return tuple(effects)

    def settle(self, held: Held, used: Sequence[Amount]) -> Rider:
        """What was used in place of what was reserved. It counts when the unit is written."""
        row = msgspec.structs.replace(held.row, amounts=tuple(used), settled=True)
        return Rider(effects=(Put(Space.BUDGETS, row.rid, _encode(row)),))

    def let_go(self, held: Held) -> None:
        """Its unit was not written: nothing of it counts. Again, or once it was written: nothing happens."""
        if held.durable or (held.bound and self._open.pop(held.row.rid, None) is not held):
            return
        counted, held.counted = held.counted, {}
        for pot, amount in counted.items():
            self._window(pot).add(held.row.at, reserved=-amount)

    def follow(self, effects: Iterable[Effect]) -> None:
        """Take what was committed, in order."""
        for effect in effects:
            if effect.space is Space.BUDGETS and isinstance(effect, Put):
                self._written(effect.key, _decode(effect.value))

    def standing(self, now: int) -> list[Standing]:
        """Every budget and how it stands, a line for each sum that it keeps; one that nobody drew on has one line."""
        found = []
        for budget in self.budgets:
            kept = [(pot[3], window) for pot, window in self._sums.items() if pot[:3] == _kind(budget)]
            kept = [(name, window) for name, window in kept if is_for(budget, name)]
            for name, window in kept:
                window.advance(now)
                found.append(Standing(budget, name, window.used, window.reserved, window.frees()))
            if not kept:
                found.append(Standing(budget, "", 0, 0, 0))
        return found

    def _check(self, budget: Budget, pot: _Pot, amount: int, now: int) -> None:
        window = self._sums.get(pot) or Window(pot[2] * HOUR_MS)
        window.advance(now)
        left = budget.most - window.used - window.reserved
        if amount > left and self._abandon(now):
            left = budget.most - window.used - window.reserved
        if amount > left:
            free = window.frees(amount - left) if amount <= budget.most else 0
            raise Refused(
                "budget.spent", budget=words(budget, pot[3]), wanted=amount, left=max(0, left), frees=_time(free)
            )

    def _written(self, rid: str, row: Reserved) -> None:
        held = self._open.get(rid)
        if held is None:
            self._known(row)
            return
        if not held.durable:
            held.durable = True
            self._rows.append((row.at, rid))
        if not row.settled:
            return
        del self._open[rid]
        for pot, amount in held.counted.items():
            window = self._window(pot)
            if window.holds(row.at):
                window.add(row.at, reserved=-amount, used=_of(row.amounts, pot))

    def _known(self, row: Reserved) -> None:
        """A row that no reservation of this process stands behind: of a start, or of one that was let go too early."""
        self._rows.append((row.at, row.rid))
        counted = self._counted(row, self._limits(row))
        for pot, amount in counted.items():
            self._window(pot).add(row.at, reserved=0 if row.settled else amount, used=amount if row.settled else 0)
        if not row.settled:
            held = self._open[row.rid] = Held(row, counted)
            held.bound = held.durable = True

    def _limits(self, row: Reserved) -> list[tuple[Budget, _Pot]]:
        who = self._who(row)
        return [(budget, (*_kind(budget), name)) for budget in self.budgets for name in pots(budget, who)]

    def _counted(self, row: Reserved, limits: Sequence[tuple[Budget, _Pot]]) -> dict[_Pot, int]:
        found = {pot: _of(row.amounts, pot) for _, pot in limits}
        if row.grant:
            found[_grant(row)] = _of(row.amounts, _grant(row))
        return found

    def _window(self, pot: _Pot) -> Window:
        window = self._sums.get(pot)
        if window is None:
            window = self._sums[pot] = Window(pot[2] * HOUR_MS)
        return window

    def _abandon(self, now: int) -> bool:
        """Let go of what was bound to a leaf that was never written; whether there was any."""
        stale = [held for held in self._open.values() if not held.durable and held.row.at < now - STALE_MS]
        for held in stale:
            self.let_go(held)
        return bool(stale)

    def _tidy(self, now: int) -> None:
        """Now and then forget the sums in which nothing is counted any more."""
        self._reserved += 1
        if self._reserved % TIDY:
            return
        for pot, window in list(self._sums.items()):
            window.advance(now)
            if window.empty:
                del self._sums[pot]


def words(budget: Budget, name: str) -> str:
    """A budget in a few words, for errors and lists."""
    unit = f"{budget.kind.value} {budget.currency}".strip()
    return f"{budget.most} {unit} in {budget.hours} h" + (f" ({name})" if name else "")


def is_for(budget: Budget, name: str) -> bool:
    """Whether a sum of that name is one that the budget keeps."""
    kept = dict(part.partition("=")[::2] for part in name.split()) if name else {}
    wanted = {"party": budget.party, "system": budget.system, "copy": budget.copy, "tool": budget.tool}
    wanted = {kind: value for kind, value in wanted.items() if value}
    return kept.keys() == wanted.keys() and all(value in (EVERY, kept[kind]) for kind, value in wanted.items())


def _kind(budget: Budget) -> tuple[MeterKind, str, int]:
    return budget.kind, budget.currency, budget.hours


def _grant(row: Reserved) -> _Pot:
    return MeterKind.TOKENS, "", GRANT_HOURS, f"grant={row.grant}"


def _of(amounts: Sequence[Amount], pot: _Pot) -> int:
    return sum(amount.amount for amount in amounts if (amount.kind, amount.currency) == pot[:2])


def _time(ms: int) -> str:
    """An instant as people read it, UTC; "never" for none."""
    return datetime.fromtimestamp(-(-ms // 1000), UTC).strftime("%Y-%m-%dT%H:%M:%SZ") if ms else "never"
