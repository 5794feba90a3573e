# SPDX-License-Identifier: Apache-2.0
"""Reads `worlds.toml`, strictly: an unknown member, a missing reason or a row that contradicts itself is a defect, and
nothing starts."""

from __future__ import annotations

import re
import tomllib
from functools import cache
from importlib import resources
from typing import Annotated, Any, Final, Generic, TypeVar

import msgspec
from msgspec import Meta

from answerable.model.terms import AdminRole, Criticality, Effect, World
from answerable.model.tools import HIGHEST_TIER, MeterKind

EFFECTS: Final = (Effect.READ, Effect.WRITE, Effect.IRREVERSIBLE)
MAX_PEOPLE: Final = 5
_ID: Final = re.compile(r"[a-z][a-z_]{1,39}")
_T = TypeVar("_T")
# Who may approve: people whose role is about deciding. A viewer looks, an operator runs what others decided.
APPROVERS: Final = frozenset({AdminRole.APPROVER, AdminRole.OFFICER, AdminRole.ADMINISTRATOR})


class ByEffect(msgspec.Struct, Generic[_T], frozen=True, forbid_unknown_fields=True):
    """One value for each effect."""

    read: _T
    write: _T
    irreversible: _T

    def at(self, effect: Effect) -> _T:
        """Raises KeyError for NONE, which no tool has."""
        return {Effect.READ: self.read, Effect.WRITE: self.write, Effect.IRREVERSIBLE: self.irreversible}[effect]


_People = Annotated[int, Meta(ge=0, le=MAX_PEOPLE)]


class Domain(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """One row. envelope, guard, budget, attested: the effects whose calls ask for it; meter: what the budget counts, as
    its reason says; attestation: predicate type; held: False where a call cannot wait for people. source: the law or
    standard with its section, "" for our own judgement; looked_up: whether somebody read it again for this table."""

    id: str
    name: str
    name_zh: str
    world: ByEffect[World]
    criticality: ByEffect[Criticality]
    reason: str
    reason_zh: str
    source: str
    looked_up: bool = False
    approvals: ByEffect[_People] = ByEffect(0, 0, 0)
    roles: tuple[AdminRole, ...] = ()
    envelope: frozenset[Effect] = frozenset()
    guard: frozenset[Effect] = frozenset()
    budget: frozenset[Effect] = frozenset()
    meter: MeterKind | None = None
    attested: frozenset[Effect] = frozenset()
    attestation: str = ""
    held: bool = True
    max_tier: Annotated[int, Meta(ge=0, le=HIGHEST_TIER)] = HIGHEST_TIER
    max_criticality: Criticality = Criticality.CRITICAL


class Table(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    schema: int
    domain: tuple[Domain, ...]


@cache
def read() -> Table:
    """The table of this package. Raises ValueError for one that contradicts itself."""
    return parse((resources.files("answerable.policy") / "worlds.toml").read_text(encoding="utf-8"))


def parse(text: str) -> Table:
    """Raises ValueError."""
    try:
        rows: Any = tomllib.loads(text)
        table = msgspec.convert(_spread(rows), Table, strict=True)
    except (msgspec.ValidationError, tomllib.TOMLDecodeError) as error:
        raise ValueError(f"worlds.toml: {error}") from None
    if table.schema != 1 or not table.domain:
        raise ValueError("worlds.toml: not of schema 1, or empty")
    if len({each.id for each in table.domain}) != len(table.domain):
        raise ValueError("worlds.toml: a domain twice")
    for each in table.domain:
        if faults := tuple(_faults(each)):
            raise ValueError(f"worlds.toml: {each.id}: {', '.join(faults)}")
    return table


def _spread(rows: Any) -> Any:
    """A single value for all effects is written once."""
    for each in rows.get("domain", ()):
        for name in ("world", "criticality", "approvals"):
            value = each.get(name)
            if isinstance(value, str | int):
                each[name] = {effect.value: value for effect in EFFECTS}
    return rows


def _faults(row: Domain) -> list[str]:
    """What a row of this shape cannot mean."""
    people = [row.approvals.at(effect) for effect in EFFECTS]
    ranks = [row.criticality.at(effect).rank for effect in EFFECTS]
    wrong = {
        "its name is not one": not _ID.fullmatch(row.id),
        "no name or reason in both languages": not all((row.name, row.name_zh, row.reason, row.reason_zh)),
        "an effect that no tool has": any(
            Effect.NONE in effects for effects in (row.envelope, row.guard, row.budget, row.attested)
        ),
        "what changes more asks for less": ranks != sorted(ranks) or people != sorted(people),
        "approvals without roles, or roles without approvals": bool(row.roles) != any(people),
        "looked up, and no source": row.looked_up and not row.source,
        "a role that approves nothing": not APPROVERS.issuperset(row.roles),
        "an attestation without its type, or the reverse": bool(row.attestation) != bool(row.attested),
        "a budget without what it counts, or the reverse": (row.meter is not None) != bool(row.budget),
        "calls that cannot wait, and wait for people": not row.held
        and (any(people) or row.max_criticality is Criticality.CRITICAL or row.max_tier == HIGHEST_TIER),
        "more than its own ceiling": max(ranks) > row.max_criticality.rank,
        "motion without envelope and guard": any(
            row.world.at(effect) is World.PHYSICAL and not (effect in row.envelope and effect in row.guard)
            for effect in EFFECTS
        ),
        "a wet laboratory without attestation and two people": any(
            row.world.at(effect) is World.BIOLOGICAL
            and not (effect in row.attested and row.approvals.at(effect) >= 2 and row.held)
            for effect in EFFECTS
        ),
    }
    return [fault for fault, found in wrong.items() if found]
