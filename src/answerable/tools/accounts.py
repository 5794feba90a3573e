# SPDX-License-Identifier: Apache-2.0
"""Who draws on which limits: a caller, and above it every copy that made the one before (`docs/spec/budgets.md`).

What a system registered through the gate draws on what its maker may draw on, and on what that one's maker may, to any
depth: a family cannot multiply a limit by growing.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Final

import msgspec

from answerable.model.budgets import Limit
from answerable.model.records import System
from answerable.model.scopes import EVERY, permits
from answerable.ports import Directory

# A maker is older than what it made, so no chain is a circle; rows that say otherwise are damaged, and end here.
MAX_DEPTH: Final = 256


class Level(msgspec.Struct, frozen=True):
    """One system of the chain and its copy, by all that a limit may name them by."""

    system: str  # rid
    systems: tuple[str, ...]  # rid, id, name
    copy: str  # rid
    copies: tuple[str, ...]  # rid, id


class Account(msgspec.Struct, frozen=True):
    """levels: the caller, then who made it, and so on. party: rid; parties: rid, id. tool: "" where none is called."""

    levels: tuple[Level, ...]
    party: str
    parties: tuple[str, ...]
    tool: str = ""


def account(directory: Directory, system: str, copy: str, party: str, tool: str) -> Account:
    """system, copy, party: rids."""
    found = directory.party(party)
    named = (party,) if found is None else (party, found.id)
    return Account(tuple(_levels(directory, system, copy)), party, named, tool)


def makers(directory: Directory, system: System) -> Iterator[System]:
    """The systems that made it, nearest first."""
    for level in list(_levels(directory, system.rid, ""))[1:]:
        if (found := directory.system(level.system)) is not None:
            yield found


def tier(directory: Directory, system: System) -> int:
    """The highest tier of the system and of those that made it, to any depth: nobody acts more freely through what it
    made than by itself."""
    if not system.maker:
        return system.tier
    return max(system.tier, *(each.tier for each in makers(directory, system)))


def founder(directory: Directory, system: str) -> str:
    """rid of the system at the head of its family: itself where no system made it. system: rid."""
    return list(_levels(directory, system, ""))[-1].system


def _levels(directory: Directory, system: str, copy: str) -> Iterator[Level]:
    for _ in range(MAX_DEPTH):
        found, running = directory.system(system), directory.copy(copy) if copy else None
        yield Level(
            system,
            (system,) if found is None else (system, found.id, found.name),
            copy,
            (copy,) if running is None else (copy, running.id),
        )
        maker = directory.copy(found.maker) if found is not None and found.maker else None
        if maker is None:
            return
        system, copy = maker.system, maker.rid


def pots(limit: Limit, who: Account) -> tuple[str, ...]:
    """What `who` draws on under `limit`: a name for each sum that is kept, none where the limit is not for it."""
    party = _one(limit.party, who.party, who.parties)
    tool = _tool(limit.tool, who.tool)
    if party is None or tool is None:
        return ()
    names: dict[str, None] = {}
    for level in who.levels:
        system = _one(limit.system, level.system, level.systems)
        copy = _one(limit.copy, level.copy, level.copies)
        if system is not None and copy is not None:
            parts = (("party", party), ("system", system), ("copy", copy), ("tool", tool))
            names[" ".join(f"{kind}={value}" for kind, value in parts if value)] = None
    return tuple(names)


def _one(wanted: str, own: str, named: tuple[str, ...]) -> str | None:
    """What of a sum's name this part is; None where it does not fit."""
    if not wanted:
        return ""
    if wanted == EVERY:
        return own
    return wanted if wanted in named else None


def _tool(wanted: str, tool: str) -> str | None:
    if not wanted:
        return ""
    if not tool:
        return None
    if wanted == EVERY:
        return tool
    return wanted if permits((wanted,), tool) else None
