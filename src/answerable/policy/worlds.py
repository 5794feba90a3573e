# SPDX-License-Identifier: Apache-2.0
"""Domains of tools, and what each asks at least: `worlds.toml`, read strictly when this module is imported.

A tool stands in a domain because a person said so. The row gives floors for each effect (world, criticality, people who
approve, envelope, guard, budget, attestation) and ceilings (tier, criticality); the tool registry may raise the floors
and never lowers them. What the table asks and is not there refuses: nothing here permits anything.
"""

from __future__ import annotations

from functools import lru_cache
from hashlib import sha256
from typing import Final

import msgspec
from msgspec import structs

from answerable.crypto import canonical
from answerable.model.actions import Decision
from answerable.model.terms import Criticality, Effect, Ruling, World
from answerable.model.tools import Floor, ToolClass
from answerable.policy import domains as table

# What a world asks of its own, whatever the domain.
WET_LAB: Final = "urn:answerable:attestation:wet-lab"
RULE: Final = "D-"  # before the domain's name: the rule of a decision that a row made
_RANK: Final = {World.INFORMATION: 0, World.PHYSICAL: 1, World.BIOLOGICAL: 2}
_ROWS: Final = {row.id: row for row in table.read().domain}


def domains() -> tuple[str, ...]:
    """Every domain of the table, in its order."""
    return tuple(_ROWS)


def row(domain: str) -> table.Domain | None:
    """None for a domain that the table does not know: then nothing of it may be called."""
    return _ROWS.get(domain)


@lru_cache(maxsize=512)
def floor(domain: str, effect: Effect) -> Floor | None:
    """The least that a tool of `domain` with `effect` asks. None for an unknown domain or no effect."""
    found = _ROWS.get(domain)
    if found is None or effect not in table.EFFECTS:
        return None
    return _with_world(
        Floor(
            domain=domain,
            world=found.world.at(effect),
            criticality=found.criticality.at(effect),
            approvals=found.approvals.at(effect),
            roles=found.roles if found.approvals.at(effect) else (),
            envelope=effect in found.envelope,
            guard=effect in found.guard,
            budget=effect in found.budget,
            meter=found.meter if effect in found.budget else None,
            attestation=found.attestation if effect in found.attested else "",
            held=found.held,
            max_tier=found.max_tier,
            max_criticality=found.max_criticality,
        )
    )


@lru_cache(maxsize=4096)
def asked(tool: ToolClass) -> Floor | None:
    """What a call of `tool` asks: of each member the stricter of its row in the registry and of its domain's floor now,
    which may be stricter than when it was classified. None for a domain or an effect that is not known: refuse."""
    least = floor(tool.domain, tool.effect)
    if least is None:
        return None
    return _with_world(
        Floor(
            domain=tool.domain,
            world=max(tool.world, least.world, key=_RANK.__getitem__),
            criticality=max(tool.criticality, least.criticality, key=lambda each: each.rank),
            approvals=max(tool.approvals, least.approvals),
            roles=tuple(dict.fromkeys((*least.roles, *tool.roles))),  # each is held by one of the people
            envelope=least.envelope or tool.envelope is not None,
            guard=least.guard,
            budget=least.budget or bool(tool.meters),
            meter=least.meter,
            attestation=least.attestation or tool.attestation,
            held=least.held,
            max_tier=min(tool.max_tier, least.max_tier),
            max_criticality=least.max_criticality,
        )
    )


def met(asked: Floor, *, tier: int, criticality: Criticality, envelope: bool, guarded: bool) -> bool:
    """`Facts.needs_met`. tier: of the facts; criticality: of the facts, as asked for; envelope: the tool has one and
    the arguments lie in it; guarded: as in the facts."""
    return (
        (envelope or not asked.envelope)
        and (guarded or not asked.guard)
        and tier <= asked.max_tier
        and criticality.rank <= asked.max_criticality.rank
    )


def possible(asked: Floor, tool: ToolClass, *, tier: int) -> bool:
    """Whether any call of the tool meets what is asked: False for a row that was classified before its domain was
    raised above it. tier: of the caller, who may yet come with a guard, an attestation, a budget."""
    return (
        met(asked, tier=tier, criticality=asked.criticality, envelope=tool.envelope is not None, guarded=True)
        and asked.metered(tool.meters)
        and (asked.held or not asked.approvals)
    )


@lru_cache(maxsize=512)
def ruling(asked: Floor) -> Decision:
    """What the row says of a call whose needs are met: it waits for people, or nothing against it."""
    if not asked.approvals:
        return Decision(Ruling.PERMIT, RULE + asked.domain, "domain")
    obligations = (f"approvals:{asked.approvals}", *[f"role:{role}" for role in asked.roles])
    return Decision(Ruling.HOLD, RULE + asked.domain, "domain_asks_for_people", obligations)


def never_held(asked: Floor) -> Decision:
    """The ruling where somebody asks for people in a domain whose calls cannot wait for them."""
    return Decision(Ruling.REFUSE, RULE + asked.domain, "domain_cannot_wait")


def _with_world(floor: Floor) -> Floor:
    """The physical world asks for an envelope and a guard, the biological for an attestation and two people."""
    if floor.world is World.PHYSICAL:
        return structs.replace(floor, envelope=True, guard=True)
    if floor.world is World.BIOLOGICAL:
        return structs.replace(floor, attestation=floor.attestation or WET_LAB, approvals=max(floor.approvals, 2))
    return floor


def _digest() -> str:
    """sha256 hex over all that decides; texts and sources are left out."""
    rows = [
        [msgspec.to_builtins(least) for effect in table.EFFECTS if (least := floor(each, effect)) is not None]
        for each in _ROWS
    ]
    return sha256(canonical.dumps({"domains": rows, "v": 1})).hexdigest()


DIGEST: Final = _digest()
