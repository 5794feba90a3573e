# SPDX-License-Identifier: Apache-2.0
"""What the tool registry knows of a tool, and what its server says of it (`docs/spec/tool-registry.md`).

A server's definition is a stranger's word: it is pinned by its digest and never trusted further. The row is what a
person said.
"""

from __future__ import annotations

from enum import StrEnum
from typing import Annotated, Any, Final

import msgspec
from msgspec import Meta

from answerable.model.records import Record
from answerable.model.terms import AdminRole, Criticality, Effect, World

# Of a client, from tool names of MCP (2026-07-28, server/tools): longer ones are mistakes or worse.
MAX_NAME: Final = 128
HIGHEST_TIER: Final = 4


class ToolState(StrEnum):
    """Only what is classified can be seen or called."""

    UNCLASSIFIED = "unclassified"
    CLASSIFIED = "classified"
    WITHDRAWN = "withdrawn"


class MeterKind(StrEnum):
    CALLS = "calls"
    TOKENS = "tokens"
    MONEY = "money"  # millionths of the currency
    ENERGY = "energy"  # millijoule
    IMAGES = "images"  # that were made
    SPEECH = "speech"  # milliseconds of sound that was made


class ToolMeter(Record, frozen=True, kw_only=True):
    """What a call takes of a budget. amount: JSON pointer into the arguments to how much, "" where they do not say:
    then `most` is reserved. minor: how many decimals the argument leaves out (2: it counts cents). currency: ISO 4217,
    or `currency_at`, the JSON pointer to it."""

    kind: MeterKind
    amount: str = ""
    minor: Annotated[int, Meta(ge=0, le=6)] = 0
    currency: str = ""
    currency_at: str = ""
    most: Annotated[int, Meta(ge=0, le=2**53 - 1)] = 0  # in the kind's own unit


class Bound(Record, frozen=True, kw_only=True):
    """One argument of a safe envelope. at: JSON pointer (RFC 6901) into the arguments; a segment ``*`` stands for each
    member of an array. least, most: plain decimals, both included, "" for none. one_of: the texts that it may be.
    longest: of a text in characters, of an array in members, 0 for none. With none of these any value of it is inside.
    """

    at: str
    least: str = ""
    most: str = ""
    one_of: tuple[str, ...] = ()
    longest: Annotated[int, Meta(ge=0, le=2**31)] = 0
    optional: bool = False  # it may be left out


class ToolClass(Record, frozen=True, kw_only=True):
    """What a person says of a tool.

    domain: key of a row of `policy/worlds.toml`. undo: name of the tool of the same server that undoes a call, "" for
    none. dry_run: JSON pointer to the argument that, when true, makes a call change nothing, or the name of the tool
    that does so, "" for none. approvals: how many different people, each with one of `roles`. rate: calls a minute, 0
    for no limit of its own. idempotency_s: how long the same call counts as the same, 0: each call is another one.
    envelope: None for none; where one stands, what it does not name is refused. attestation: predicate type that the
    caller's system must hold, "" for none. generates: its results were made by an AI.
    """

    world: World
    criticality: Criticality
    domain: str
    effect: Effect
    undo: str = ""
    dry_run: str = ""
    approvals: Annotated[int, Meta(ge=0, le=8)] = 0
    roles: tuple[AdminRole, ...] = ()
    meters: tuple[ToolMeter, ...] = ()
    rate: Annotated[int, Meta(ge=0, le=1_000_000)] = 0
    idempotency_s: Annotated[int, Meta(ge=0, le=31_536_000)] = 0
    envelope: tuple[Bound, ...] | None = None
    max_tier: Annotated[int, Meta(ge=0, le=HIGHEST_TIER)] = HIGHEST_TIER
    attestation: str = ""
    generates: bool = False


class Tool(ToolClass, frozen=True, kw_only=True):
    """Row of `Space.TOOLS`, key ``<server>/<name>``. Where `state` is not classified the members of the class say
    nothing.

    pin: ``sha256:…`` of the definition that a person or an attestation stands for, "" while nobody does. rid: of the
    newest tool leaf. system: rid of the server's system when it was imported. by: rid of the administrator's key leaf,
    "" where there is none yet. attested: rid of the attestation leaf that the pin comes from, "" where a person set it.
    """

    server: str
    name: str
    system: str
    rid: str
    state: ToolState
    since: int  # of the first leaf, ms UTC
    changed: int  # of the newest
    pin: str = ""
    by: str = ""
    attested: str = ""

    @property
    def key(self) -> str:
        return key(self.server, self.name)


def key(server: str, name: str) -> str:
    """``<server>/<name>``: of the row, in warrants and in holds."""
    return f"{server}/{name}"


class Floor(msgspec.Struct, frozen=True, kw_only=True):
    """The least that a domain asks of each of its tools (`policy/worlds.toml`). The registry may raise it and never
    lower it. guard, budget: that a call needs one; meter: what that budget counts, None where any will do or none is
    asked for by the domain; attestation: predicate type, "" for none. held: False where calls
    are never approved one by one; max_tier, max_criticality: above which nothing of this domain is called."""

    domain: str
    world: World
    criticality: Criticality
    approvals: int = 0
    roles: tuple[AdminRole, ...] = ()
    envelope: bool = False
    guard: bool = False
    budget: bool = False
    meter: MeterKind | None = None
    attestation: str = ""
    held: bool = True
    max_tier: int = HIGHEST_TIER
    max_criticality: Criticality = Criticality.CRITICAL

    def metered(self, meters: tuple[ToolMeter, ...]) -> bool:
        """Whether a tool with these meters counts what is asked to be counted; True where nothing is."""
        return not self.budget or any(self.meter in (None, each.kind) for each in meters)


class Definition(msgspec.Struct, frozen=True):
    """A tool as its server lists it. pin: ``sha256:`` and the SHA-256 of `canonical`; canonical: the whole definition,
    every member of it, as RFC 8785 bytes; body: the same, decoded: for reading alone."""

    name: str
    pin: str
    canonical: bytes
    body: dict[str, Any]

    @property
    def description(self) -> str:
        return _text(self.body.get("description"))

    @property
    def title(self) -> str:
        return _text(self.body.get("title"))

    @property
    def input_schema(self) -> dict[str, Any]:
        return _object(self.body.get("inputSchema"))

    @property
    def annotations(self) -> dict[str, Any]:
        """Hints of a stranger: they may raise a class, never lower it."""
        return _object(self.body.get("annotations"))


def _text(value: Any) -> str:
    return value if isinstance(value, str) else ""


def _object(value: Any) -> dict[str, Any]:
    return value if isinstance(value, dict) else {}
