# SPDX-License-Identifier: Apache-2.0
"""Reads the data files that ship with the package, once, and strictly: an unknown member is a defect."""

from __future__ import annotations

import tomllib
from functools import cache
from importlib import resources
from typing import Any, TypeVar

import msgspec

from answerable.model.terms import Moment, Relation, World


class Condition(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """One condition on one fact. Exactly one of the three tests is given."""

    fact: str
    at_least: int | None = None
    any_of: frozenset[str] | None = None
    is_: bool | None = msgspec.field(name="is", default=None)


class Row(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """One reason to be in a tier. `provisional`: it holds until the missing fact is told."""

    id: str
    tier: int
    when: tuple[Condition, ...]
    reason: str
    reason_zh: str
    source: str
    provisional: bool = False


class Capability(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """A word that a registration may use. `inherits`: derivatives have it too, over weights edges."""

    name: str
    words: str
    words_zh: str
    generates: bool = False
    inherits: bool = False


class Tiers(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    schema: int
    free_relations: frozenset[Relation]
    capability: tuple[Capability, ...]
    row: tuple[Row, ...]


class Only(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Where a duty holds; what is not given does not narrow it."""

    opaque: bool | None = None
    provisional: bool | None = None
    worlds: frozenset[World] | None = None


class DutyRow(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """One duty. Without `check` it has no means yet, and `missing` says why."""

    id: str
    tier: int
    moments: tuple[Moment, ...]
    words: str
    words_zh: str
    check: str = ""
    only: Only = Only()
    missing: str = ""
    missing_zh: str = ""
    remedy: str = ""
    remedy_zh: str = ""


class Duties(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    schema: int
    duty: tuple[DutyRow, ...]


Table = TypeVar("Table", bound=msgspec.Struct)


@cache
def tiers() -> Tiers:
    """The table of tiers."""
    return read("tiers.toml", Tiers)


@cache
def duties() -> Duties:
    """The table of duties."""
    return read("duties.toml", Duties)


@cache
def capabilities() -> dict[str, Capability]:
    """The words for what a system can do."""
    return {entry.name: entry for entry in tiers().capability}


def read(name: str, table: type[Table]) -> Table:
    """A data file that ships with this package."""
    data: dict[str, Any] = tomllib.loads(resources.files(__package__).joinpath(name).read_text("utf-8"))
    return msgspec.convert(data, table)
