# SPDX-License-Identifier: Apache-2.0
"""The tier of a system, 0 to 4, from what is declared and measured: `tiers.toml` evaluated by one pure function.

Nobody chooses a tier. What a system *can* (training compute, red-line capability) it has from all that it descends
from; whom it *reaches* (audience, users, worlds) is its own alone.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from typing import Final

from answerable.model.records import Edge, System
from answerable.model.terms import Audience, Criticality, Relation, SystemKind, World
from answerable.ports import Directory
from answerable.registry import lineage, tables

PETA: Final = 10**15
TOP: Final = 4


@dataclass(frozen=True, slots=True)
class TierFacts:
    """All that a row of the table may look at. petaflop: summed over the lineage; traits: own and inherited
    capabilities; sources: fact or capability -> rids of the systems that it was inherited from."""

    kind: SystemKind
    petaflop: int
    compute_unknown: bool
    traits: frozenset[str]
    audience: Audience
    users: int
    worlds: frozenset[World]
    criticality: Criticality
    sources: Mapping[str, tuple[str, ...]] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Reason:
    """One row that matched, and the facts that made it: `facts` as ``name=value``; `inherited`: rids of the ancestors
    without which it would not have matched on these facts."""

    row: str
    tier: int
    provisional: bool
    facts: tuple[str, ...]
    inherited: tuple[str, ...]
    reason: str
    reason_zh: str
    source: str


@dataclass(frozen=True, slots=True)
class Tiering:
    """provisional: no row without that mark puts the system so high. reasons: every matching row, highest first."""

    tier: int
    provisional: bool
    reasons: tuple[Reason, ...]


def estimate_petaflop(parameters: int, tokens: int) -> int:
    """Training compute of a dense transformer, 6·N·D operations, in petaFLOP rounded up."""
    return -(-6 * parameters * tokens // PETA)


def of(directory: Directory, system: System) -> Tiering:
    """The tier of `system`. Raises Refused ``system.parent`` if an ancestor is missing."""
    return evaluate(facts(system, lineage.ancestors(directory, system.edges)))


def facts(system: System, ancestors: Iterable[System]) -> TierFacts:
    """The facts of a system over its weights ancestors."""
    words = tables.capabilities()
    petaflop = system.compute.petaflop if system.compute else 0
    unknown = _untold(system)
    traits = set(system.capabilities)
    sources: dict[str, list[str]] = {}
    for ancestor in ancestors:
        if ancestor.compute and ancestor.compute.petaflop:
            petaflop += ancestor.compute.petaflop
            sources.setdefault("petaflop", []).append(ancestor.rid)
        if _untold(ancestor):
            unknown = True
            sources.setdefault("compute_unknown", []).append(ancestor.rid)
        for name in ancestor.capabilities:
            # A word of a later version that this one does not know is inherited: nobody can tell that it is harmless.
            if name not in words or words[name].inherits:
                traits.add(name)
                sources.setdefault(name, []).append(ancestor.rid)
    return TierFacts(
        kind=system.kind,
        petaflop=petaflop,
        compute_unknown=unknown,
        traits=frozenset(traits),
        audience=system.audience,
        users=system.users,
        worlds=frozenset(system.worlds),
        criticality=max(system.criticality, system.max_criticality, key=lambda each: each.rank),
        sources={name: tuple(rids) for name, rids in sources.items()},
    )


def evaluate(known: TierFacts) -> Tiering:
    """The highest matching row holds. A capability that the table does not know counts as the highest tier."""
    reasons = [reason for row in tables.tiers().row if (reason := _match(row, known))]
    if strange := sorted(known.traits - tables.capabilities().keys()):
        reasons.append(_strange(strange, known))
    reasons.sort(key=lambda reason: -reason.tier)
    tier = reasons[0].tier if reasons else 0
    provisional = bool(reasons) and all(reason.provisional for reason in reasons if reason.tier == tier)
    return Tiering(tier, provisional, tuple(reasons))


def _untold(system: System) -> bool:
    """Whether a generating model leaves its own training compute open."""
    if system.kind is not SystemKind.MODEL or system.compute is not None:
        return False
    words = tables.capabilities()
    if not any(words[name].generates for name in system.capabilities if name in words):
        return False
    # Who made it says nothing of what it was trained with.
    weights = [edge for edge in system.edges if edge.relation.weights and edge.relation is not Relation.MADE]
    return not weights or not all(_free(edge) for edge in weights)


def _free(edge: Edge) -> bool:
    return edge.relation in tables.tiers().free_relations


def _match(row: tables.Row, known: TierFacts) -> Reason | None:
    seen: list[str] = []
    inherited: list[str] = []
    for condition in row.when:
        value = getattr(known, condition.fact)
        if condition.at_least is not None:
            if value < condition.at_least:
                return None
            seen.append(f"{condition.fact}={value}")
            inherited.extend(known.sources.get(condition.fact, ()))
        elif condition.is_ is not None:
            if value is not condition.is_:
                return None
            seen.append(condition.fact)
            inherited.extend(known.sources.get(condition.fact, ()))
        else:
            hits = sorted((condition.any_of or frozenset()) & (value if isinstance(value, frozenset) else {value}))
            if not hits:
                return None
            seen.extend(f"{condition.fact}={hit}" for hit in hits)
            for hit in hits:
                inherited.extend(known.sources.get(hit, ()))
    return Reason(
        row=row.id,
        tier=row.tier,
        provisional=row.provisional,
        facts=tuple(seen),
        inherited=tuple(dict.fromkeys(inherited)),
        reason=row.reason,
        reason_zh=row.reason_zh,
        source=row.source,
    )


def _strange(names: list[str], known: TierFacts) -> Reason:
    return Reason(
        row="unknown-capability",
        tier=TOP,
        provisional=True,
        facts=tuple(f"traits={name}" for name in names),
        inherited=tuple(rid for name in names for rid in known.sources.get(name, ())),
        reason="it has a capability that this version does not know",
        reason_zh="具有本版本未知的能力",
        source="design of answerable: unknown counts as the worst",
    )
