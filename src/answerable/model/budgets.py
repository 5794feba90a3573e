# SPDX-License-Identifier: Apache-2.0
"""What an action may use and what it used, as rows of `Space.BUDGETS` (`docs/spec/budgets.md`), and what limits it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Annotated, Any, Final

import msgspec
from msgspec import Meta

from answerable.model.records import Record
from answerable.model.tools import MeterKind
from answerable.model.units import Rider

# Extensions of the open and the close leaf: what was reserved, and for whom; what was used.
RESERVED: Final = "answerable.reserved"
USED: Final = "answerable.used"

# Millionths of a currency, millijoule, tokens, calls, pictures, milliseconds of sound.
_Count = Annotated[int, Meta(ge=0, le=2**53 - 1)]


class Amount(Record, frozen=True, kw_only=True):
    """So much of one meter, in the meter's own unit. currency: ISO 4217, of money alone."""

    kind: MeterKind
    amount: _Count
    currency: str = ""


class Reserved(Record, frozen=True, kw_only=True):
    """Row of `Space.BUDGETS` under the rid of the open leaf. Counted whole from `at` on until a budget's hours are
    over, whether it was settled or not: an action whose end nobody saw may have used all of it."""

    rid: str
    system: str  # rid of the caller's
    copy: str  # rid of the caller's
    party: str  # rid of the caller's deployer
    at: int  # of the open leaf, ms UTC
    amounts: tuple[Amount, ...]
    grant: str = ""  # rid of the warrant leaf that it acted under, where that warrant has a budget of its own
    tool: str = ""  # "<server>/<name>", "" for what is no tool call
    settled: bool = False  # `amounts` is what was used


class Limit(msgspec.Struct, frozen=True, kw_only=True):
    """Whom a budget or a rate is for: all that is named must fit; "" takes everybody together, ``*`` each by itself.

    party, system, copy: record id, public id or, of a system, its name; tool: ``<server>/<name>`` or ``<server>/*``. A
    limit on a system or a copy holds for all that it made, too.
    """

    party: str = ""
    system: str = ""
    copy: str = ""
    tool: str = ""


class Budget(Limit, frozen=True, kw_only=True):
    """At most `most` of one meter, in its own unit, in any `hours` hours."""

    kind: MeterKind
    most: int
    hours: int = 24
    currency: str = ""


class Rate(Limit, frozen=True, kw_only=True):
    """At most `calls` in any `seconds` seconds."""

    calls: int
    seconds: int = 60


@dataclass(frozen=True, slots=True)
class Standing:
    """How one budget stands. of: whom it is kept for (``system=<rid>``), "" for all together; frees: ms UTC when the
    oldest of what is counted is not counted any more, 0 while nothing is counted."""

    budget: Budget
    of: str
    used: int
    reserved: int
    frees: int

    @property
    def left(self) -> int:
        return max(0, self.budget.most - self.used - self.reserved)


@dataclass(frozen=True, slots=True)
class Settled:
    """rider: of the close leaf's unit; told: the members that its `x` gets."""

    rider: Rider
    told: Mapping[str, Any]


NOTHING: Final = Settled(Rider(), {})
