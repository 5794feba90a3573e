# SPDX-License-Identifier: Apache-2.0
"""A system, explained: who answers with which standing, why it is in its tier, which duties it has and whether they are
met, what it came from and what came from it, and which copies run. The control API answers with these structs."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from enum import StrEnum
from typing import Final

import msgspec

from answerable.model.records import Compute, Copy, Edge, Opaque, Party, System
from answerable.model.terms import (
    Audience,
    Criticality,
    Locality,
    Moment,
    OrderKind,
    PartyKind,
    Relation,
    Role,
    Standing,
    SystemKind,
    World,
)
from answerable.ports import Directory
from answerable.registry import duties, find, ids, lineage, stopped, tiers

# A popular base model has a hundred thousand derivatives: their number is told, and the first of them.
SHOWN: Final = 100


class View(msgspec.Struct, frozen=True, kw_only=True):
    """Base of the views. Times in ms UTC; `*_zh` is the same in Chinese."""


class SystemState(StrEnum):
    """What stands against a system now. degraded: it is not stopped, but something that it uses is."""

    OK = "ok"
    DEGRADED = "degraded"
    SUSPENDED = "suspended"
    TERMINATED = "terminated"
    BORN_DEAD = "born_dead"


class SystemRef(View, frozen=True, kw_only=True):
    rid: str
    id: str
    name: str
    version: str
    kind: SystemKind
    tier: int
    stopped: str  # rid of the order that stops it, or ""
    state: SystemState


class PartyView(View, frozen=True, kw_only=True):
    rid: str
    id: str
    kind: PartyKind
    name: str
    standing: Standing
    since: int
    voucher: str  # name of the registrar that vouches, or ""
    proof: str  # rid of the leaf that gave the standing
    checked: bool  # whether the identifier has check digits, which held
    demo: bool  # from an unassigned range: nobody real


class RoleView(View, frozen=True, kw_only=True):
    role: Role
    party: PartyView


class ReasonView(View, frozen=True, kw_only=True):
    """A row of the table that matched. inherited: the ancestors that the fact came from."""

    row: str
    tier: int
    provisional: bool
    facts: tuple[str, ...]
    inherited: tuple[SystemRef, ...]
    reason: str
    reason_zh: str
    source: str


class TierView(View, frozen=True, kw_only=True):
    """tier: as registered, and in the leaf. now: as the table of this version gives it; it may differ."""

    tier: int
    now: int
    provisional: bool
    reasons: tuple[ReasonView, ...]


class DutyView(View, frozen=True, kw_only=True):
    id: str
    tier: int
    moment: Moment
    state: duties.State
    words: str
    words_zh: str
    why: str
    why_zh: str


class EdgeView(View, frozen=True, kw_only=True):
    relation: Relation
    system: SystemRef


class Related(View, frozen=True, kw_only=True):
    """count: of all; systems: the first hundred, oldest first."""

    count: int
    systems: tuple[SystemRef, ...]


class LineageView(View, frozen=True, kw_only=True):
    """ancestors, descendants: over weights edges, any depth. dependents: what would lose a model if it were stopped."""

    parents: tuple[EdgeView, ...]
    ancestors: Related
    descendants: Related
    dependents: Related


class CopyView(View, frozen=True, kw_only=True):
    rid: str
    id: str
    since: int
    ended: int
    process: str
    endpoint: str


class SystemView(View, frozen=True, kw_only=True):
    rid: str
    id: str
    num: int
    name: str
    version: str
    kind: SystemKind
    since: int
    audience: Audience
    worlds: tuple[World, ...]
    criticality: Criticality
    max_criticality: Criticality
    tools: tuple[str, ...]
    maker: str
    capabilities: tuple[str, ...]
    users: int
    digests: tuple[str, ...]
    licence: str
    compute: Compute | None
    opaque: Opaque | None
    announced: str
    reauthorises: str
    upstream: str
    locality: Locality
    stopped: str
    dead: bool
    parties: tuple[RoleView, ...]
    tier: TierView
    duties: tuple[DutyView, ...]
    lineage: LineageView
    copies: tuple[CopyView, ...]


def system(directory: Directory, ref: str, now_ms: int) -> SystemView:
    """Raises Refused ``system.unknown``."""
    found = find.system(directory, ref)
    tiering = tiers.of(directory, found)
    return SystemView(
        rid=found.rid,
        id=found.id,
        num=found.num,
        name=found.name,
        version=found.version,
        kind=found.kind,
        since=found.since,
        audience=found.audience,
        worlds=found.worlds,
        criticality=found.criticality,
        max_criticality=found.max_criticality,
        tools=found.tools,
        maker=found.maker or "",
        capabilities=found.capabilities,
        users=found.users,
        digests=found.digests,
        licence=found.licence,
        compute=found.compute,
        opaque=found.opaque,
        announced=found.announced,
        reauthorises=found.reauthorises,
        upstream=found.upstream,
        locality=found.locality,
        stopped=stopped.of_system(directory, found, now_ms),
        dead=bool(found.dead),
        parties=tuple(RoleView(role=entry.role, party=party(directory, entry.party)) for entry in found.parties),
        tier=_tier(directory, found, tiering, now_ms),
        duties=_duties(directory, found, tiering),
        lineage=family(directory, found, now_ms),
        copies=tuple(copy(entry) for entry in directory.copies_of(found.rid)),
    )


def party(directory: Directory, ref: str) -> PartyView:
    """Raises Refused ``party.unknown|is_system``."""
    found: Party = find.party(directory, ref)
    voucher = directory.party(found.voucher) if found.voucher else None
    return PartyView(
        rid=found.rid,
        id=found.id,
        kind=found.kind,
        name=found.name,
        standing=found.standing,
        since=found.since,
        voucher=voucher.name if voucher else "",
        proof=found.stands or found.rid,
        checked=ids.parse(found.id).checked,
        demo=ids.is_unassigned(found.id),
    )


def family(directory: Directory, found: System, now_ms: int) -> LineageView:
    """Where it came from, what came from it, and what runs on any of these."""
    below, using = lineage.family(directory, found)
    return LineageView(
        parents=tuple(_edge(directory, edge, now_ms) for edge in found.edges),
        ancestors=_related(directory, lineage.ancestors(directory, found.edges), now_ms),
        descendants=_related(directory, below, now_ms),
        dependents=_related(directory, using, now_ms),
    )


def reference(directory: Directory, found: System, now_ms: int) -> SystemRef:
    """A system in one line."""
    return SystemRef(
        rid=found.rid,
        id=found.id,
        name=found.name,
        version=found.version,
        kind=found.kind,
        tier=found.tier,
        stopped=stopped.of_system(directory, found, now_ms),
        state=state(directory, found, now_ms),
    )


def state(directory: Directory, found: System, now_ms: int) -> SystemState:
    if found.dead:
        return SystemState.BORN_DEAD
    if order := stopped.of_system(directory, found, now_ms):
        ended = any(stop.rid == order and stop.kind == OrderKind.TERMINATE for stop in directory.stops())
        return SystemState.TERMINATED if ended else SystemState.SUSPENDED
    used = (directory.system(edge.parent) for edge in found.edges if edge.relation is Relation.USES)
    lost = any(parent is not None and stopped.of_system(directory, parent, now_ms) for parent in used)
    return SystemState.DEGRADED if lost else SystemState.OK


def copy(found: Copy) -> CopyView:
    return CopyView(
        rid=found.rid,
        id=found.id,
        since=found.since,
        ended=found.ended,
        process=found.process,
        endpoint=found.endpoint,
    )


def _edge(directory: Directory, edge: Edge, now_ms: int) -> EdgeView:
    return EdgeView(relation=edge.relation, system=reference(directory, find.system(directory, edge.parent), now_ms))


def _related(directory: Directory, systems: Sequence[System], now_ms: int) -> Related:
    return Related(count=len(systems), systems=tuple(reference(directory, entry, now_ms) for entry in systems[:SHOWN]))


def _tier(directory: Directory, found: System, tiering: tiers.Tiering, now_ms: int) -> TierView:
    return TierView(
        tier=found.tier,
        now=tiering.tier,
        provisional=tiering.provisional,
        reasons=tuple(
            ReasonView(
                row=reason.row,
                tier=reason.tier,
                provisional=reason.provisional,
                facts=reason.facts,
                inherited=_named(directory, reason.inherited, now_ms),
                reason=reason.reason,
                reason_zh=reason.reason_zh,
                source=reason.source,
            )
            for reason in tiering.reasons
        ),
    )


def _named(directory: Directory, rids: Iterable[str], now_ms: int) -> tuple[SystemRef, ...]:
    return tuple(reference(directory, find.system(directory, rid), now_ms) for rid in rids)


def _duties(directory: Directory, found: System, tiering: tiers.Tiering) -> tuple[DutyView, ...]:
    return tuple(
        DutyView(
            id=duty.id,
            tier=duty.tier,
            moment=duty.moment,
            state=duty.state,
            words=duty.words,
            words_zh=duty.words_zh,
            why=duty.why,
            why_zh=duty.why_zh,
        )
        for moment in Moment
        for duty in duties.assess(directory, found, moment, tiering=tiering)
    )
