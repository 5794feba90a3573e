# SPDX-License-Identifier: Apache-2.0
"""Reads the reporting regimes that ship with the package, and says which bind whom and which clocks an incident starts.

Pure: facts about parties, system and deployment come in; nothing is looked up.
"""

from __future__ import annotations

import tomllib
from collections.abc import Collection, Iterable
from dataclasses import dataclass
from datetime import date
from functools import cache
from importlib import resources
from typing import Final

import msgspec

from answerable.config import IncidentsConfig
from answerable.errors import Refused

EU: Final = frozenset(
    {
        "AT", "BE", "BG", "CY", "CZ", "DE", "DK", "EE", "ES", "FI", "FR", "GR", "HR", "HU", "IE", "IT", "LT", "LU",
        "LV", "MT", "NL", "PL", "PT", "RO", "SE", "SI", "SK",
    }
)  # fmt: skip


class Harm(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    id: str
    name: str
    name_zh: str


class Clock(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """One deadline of a regime. Exactly one of hours, days, weeks, months is given. after: clocks of the same regime
    whose report starts this one; harms: those that start it, none: those of the regime."""

    id: str
    name: str
    name_zh: str
    to: str
    to_zh: str
    hours: int = 0
    days: int = 0
    weeks: int = 0
    months: int = 0
    repeats: bool = False
    after: tuple[str, ...] = ()
    harms: frozenset[str] = frozenset()


class Field(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """What a form asks for. fact: which of the report's facts answers it (`redlines.forms`), "" for none."""

    id: str
    name: str
    name_zh: str
    fact: str


class Regime(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """The head of the file says what each member is."""

    id: str
    name: str
    name_zh: str
    jurisdictions: frozenset[str]
    from_: date = msgspec.field(name="from")
    zone: str
    source: str
    checked: str
    harms: frozenset[str]
    fields: tuple[Field, ...]
    clock: tuple[Clock, ...]
    unless: frozenset[str] = frozenset()
    traits: frozenset[str] = frozenset()
    tier: int = 0


class Regimes(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    schema: int
    harm: tuple[Harm, ...]
    regime: tuple[Regime, ...]


@dataclass(frozen=True, slots=True)
class Binding:
    """A regime, and why it binds or does not."""

    regime: Regime
    binds: bool
    why: str


@cache
def regimes() -> Regimes:
    """The file as it ships."""
    data = tomllib.loads(resources.files(__package__).joinpath("regimes.toml").read_text("utf-8"))
    return msgspec.convert(data, Regimes)


def regime(name: str) -> Regime:
    """Raises Refused ``incident.regime``."""
    for each in regimes().regime:
        if each.id == name:
            return each
    raise Refused("incident.regime", regime=name[:64], known=", ".join(each.id for each in regimes().regime))


def check_harms(harms: Iterable[str]) -> tuple[str, ...]:
    """The same, if each is known. Raises Refused ``incident.harm``."""
    known = [harm.id for harm in regimes().harm]
    given = tuple(harms)
    for harm in given:
        if harm not in known:
            raise Refused("incident.harm", harm=harm[:64], known=", ".join(known))
    return given


def jurisdictions(config: IncidentsConfig, party_ids: Iterable[str]) -> frozenset[str]:
    """Where the deployment, or a party that answers for the system, is: by what the config says, and by the party's own
    identifier where that names a country."""
    found = {name.upper() for name in config.jurisdictions}
    for party in party_ids:
        scheme = party.partition("-")[0]
        if scheme.startswith(("NTR", "VAT")) and len(scheme) == 5:
            found.add(scheme[3:])
    if found & EU:
        found.add("EU")
    return frozenset(found)


def bindings(config: IncidentsConfig, *, places: Collection[str], tier: int, on: date) -> list[Binding]:
    """Every regime, and whether it binds on that day (in its own zone) for a system of that tier."""
    return [_binding(each, config, places, tier, on) for each in regimes().regime]


def _binding(each: Regime, config: IncidentsConfig, places: Collection[str], tier: int, on: date) -> Binding:
    if each.id in config.except_regimes:
        return Binding(each, False, "except_regimes")
    if each.id in config.regimes:
        return Binding(each, True, "regimes")
    if not each.jurisdictions & set(places):
        return Binding(each, False, "jurisdictions: " + ", ".join(sorted(each.jurisdictions)))
    if lacking := each.traits - set(config.traits):
        return Binding(each, False, "traits: " + ", ".join(sorted(lacking)))
    if excluded := each.unless & set(config.traits):
        return Binding(each, False, "unless: " + ", ".join(sorted(excluded)))
    if tier < each.tier:
        return Binding(each, False, f"tier: {each.tier}")
    if on < each.from_:
        return Binding(each, False, f"from: {each.from_.isoformat()}")
    return Binding(each, True, ", ".join(sorted(each.jurisdictions & set(places))))


def clocks(each: Regime, harms: Collection[str]) -> list[Clock]:
    """The clocks of a regime that such harms start."""
    met = each.harms & set(harms)
    return [clock for clock in each.clock if met and (not clock.harms or clock.harms & met)] if met else []
