# SPDX-License-Identifier: Apache-2.0
"""What a system registers and starts through the gate: its child, with no more rights than its own.

The maker is the parent in the lineage, so that an order about it reaches all that it made, to any depth. The same
somebody answers. How many people approve, and how far a family grows, is data (`making.toml`).
"""

from __future__ import annotations

from collections.abc import Iterator
from functools import cache
from typing import Annotated, Final

import msgspec
from msgspec import Meta

from answerable.errors import Refused
from answerable.model.records import Copy, System
from answerable.model.scopes import within
from answerable.model.terms import Audience, Criticality, Relation, Role, SystemKind, World
from answerable.model.units import Expect, Put, Space
from answerable.model.warrants import Warrant
from answerable.ports import Directory
from answerable.registry import copies, find, systems, tables
from answerable.registry.planned import Planned, name, unchanged
from answerable.registry.requests import (
    AnnounceSystem,
    ComputeSpec,
    EdgeSpec,
    EndCopy,
    PartySpec,
    Pattern,
    Ref,
    RegisterSystem,
    Request,
    StartCopy,
    Text,
)

# Powers that a registration declares: nobody hands on what it has not.
POWERS: Final = frozenset({"systems.start", "systems.train", "wet_lab"})
START: Final = "systems.start"
TRAIN: Final = "systems.train"
TRAINED: Final = frozenset({Relation.FINETUNE, Relation.ADAPTER, Relation.MERGE, Relation.DISTILLED})
_WIDTH: Final = (Audience.MACHINE, Audience.INTERNAL, Audience.PUBLIC)
_system = msgspec.json.Decoder(System).decode


class People(Request, frozen=True, kw_only=True):
    """How many people approve, and why."""

    people: Annotated[int, Meta(ge=0, le=8)]
    reason: str
    reason_zh: str
    source: str


class TierPeople(People, frozen=True, kw_only=True):
    tier: Annotated[int, Meta(ge=0, le=4)]


class Bounds(Request, frozen=True, kw_only=True):
    """depth: below who founded the family; children: of one system; family: systems that were made in it; copies: of
    them that run at a time."""

    depth: Annotated[int, Meta(ge=0, le=64)]
    children: Annotated[int, Meta(ge=0)]
    family: Annotated[int, Meta(ge=0, le=100_000)]
    copies: Annotated[int, Meta(ge=0)]
    reason: str
    reason_zh: str
    source: str


class Making(Request, frozen=True, kw_only=True):
    """The table. own: of what has the maker's own weights; train, start: unless the maker has that capability."""

    schema: int
    tier: tuple[TierPeople, ...]
    own: People
    train: People
    start: People
    bounds: Bounds


class MakeSystem(Request, frozen=True, kw_only=True):
    """What a caller asks to have registered. relation: of what it makes to the caller itself; parents: what else it
    came from; uses: what it runs on. tools: left out, it may call none. criticality: no lower than the caller's."""

    name: Text
    version: Text
    kind: SystemKind
    relation: Relation = Relation.MADE
    parents: Annotated[tuple[EdgeSpec, ...], Meta(max_length=16)] = ()
    uses: Annotated[tuple[Ref, ...], Meta(max_length=8)] = ()
    audience: Audience = Audience.INTERNAL
    worlds: Annotated[tuple[World, ...], Meta(min_length=1, max_length=3)] = (World.INFORMATION,)
    criticality: Criticality = Criticality.ORDINARY
    max_criticality: Criticality | None = None
    tools: Annotated[tuple[Pattern, ...], Meta(max_length=64)] = ()
    capabilities: Annotated[tuple[Text, ...], Meta(max_length=32)] = ()
    digests: Annotated[tuple[Text, ...], Meta(max_length=16)] = ()
    licence: Text = ""
    compute: ComputeSpec | None = None
    announced: Annotated[str, Meta(max_length=64)] = ""


class AnnounceMade(Request, frozen=True, kw_only=True):
    """What a caller says that it will build."""

    name: Text
    kind: SystemKind
    relation: Relation = Relation.MADE
    parents: Annotated[tuple[EdgeSpec, ...], Meta(max_length=16)] = ()
    uses: Annotated[tuple[Ref, ...], Meta(max_length=8)] = ()


@cache
def table() -> Making:
    """The table as it ships."""
    return tables.read("making.toml", Making)


def announce(directory: Directory, request: AnnounceMade, by: Copy, now_ms: int) -> Planned:
    """Raises Refused ``system.*``, ``stop.system``, as `systems.announce`."""
    maker = _maker(directory, by)
    planned = systems.announce(
        directory,
        AnnounceSystem(
            name=request.name, kind=request.kind, party=maker.party(Role.DEPLOYER), edges=_edges(request, maker)
        ),
        now_ms,
    )
    return _by(directory, planned, maker, by)


def register(directory: Directory, request: MakeSystem, by: Copy, warrant: Warrant, now_ms: int) -> Planned:
    """A system that the copy `by` makes, acting under `warrant`. With `Planned.refusal` set the unit records one that
    is born dead.

    Raises Refused ``system.beyond|family|name``, ``party.name`` and as `systems.register`.
    """
    maker = _maker(directory, by)
    _own_name(directory, name(request.name).text, maker)  # as it will be registered: other bytes can be the same name
    _grown(directory, maker)
    party = maker.party(Role.DEPLOYER)
    planned = systems.register(
        directory,
        RegisterSystem(
            name=request.name,
            version=request.version,
            kind=request.kind,
            parties=(PartySpec(party=party, role=Role.PROVIDER), PartySpec(party=party, role=Role.DEPLOYER)),
            edges=_edges(request, maker),
            audience=request.audience,
            worlds=request.worlds,
            criticality=request.criticality,
            capabilities=request.capabilities,
            digests=request.digests,
            licence=request.licence,
            compute=request.compute,
            announced=request.announced,
            tools=request.tools,
            max_criticality=request.max_criticality,
        ),
        now_ms,
        maker=by.rid,
        judge=lambda child: bounded(child, maker, warrant),
    )
    return _by(directory, planned, maker, by)


def start(directory: Directory, request: StartCopy, by: Copy, now_ms: int) -> Planned:
    """A copy of something that the caller's system made, or that what it made made.

    Raises Refused ``system.not_made|family`` and as `copies.start`.
    """
    maker = _maker(directory, by)
    found = made(directory, request.system, maker)
    founder = _founder(directory, found)
    most = table().bounds.copies
    running = sum(len(list(directory.copies_of(each.rid))) for each in family(directory, founder))
    if running >= most:
        raise Refused("system.family", bound="copies", most=most)
    return _by(directory, copies.start(directory, request, now_ms), maker, by)


def end(directory: Directory, request: EndCopy, by: Copy, now_ms: int) -> Planned:
    """The end of such a copy. Raises Refused ``system.not_made|copy_unknown|copy_ended``."""
    maker = _maker(directory, by)
    made(directory, find.copy(directory, request.copy).system, maker)
    return _by(directory, copies.end(directory, request, now_ms), maker, by)


def people_for(directory: Directory, system: System, maker: System, *, starts: bool) -> int:
    """How many people approve that `maker` registers `system`, or starts a copy of it.

    Raises Refused ``system.beyond`` for a tier that is for people alone.
    """
    rows = table()
    by_tier = {row.tier: row.people for row in rows.tier}
    if system.tier not in by_tier:
        raise Refused("system.beyond", right="tier", asked=system.tier, allowed=max(by_tier, default="none"))
    needed = [by_tier[system.tier]]
    above = {maker.rid, *(each.rid for each in makers(directory, maker))}
    digests = {digest for rid in above if (each := directory.system(rid)) is not None for digest in each.digests}
    weights = _weights(directory, system)
    # Of a model that says neither what its weights are nor whence they came, nobody can tell that they are not its own.
    untold = system.kind is SystemKind.MODEL and not (weights or system.digests)
    if untold or above & {system.rid, *weights} or digests & set(system.digests):
        needed.append(rows.own.people)
    if TRAINED & {edge.relation for edge in system.edges} and TRAIN not in maker.capabilities:
        needed.append(rows.train.people)
    if starts and START not in maker.capabilities:
        needed.append(rows.start.people)
    return max(needed)


def _weights(directory: Directory, system: System) -> set[str]:
    """rids of all whose weights went into it, to any depth: over every weights edge but who made it."""
    found: set[str] = set()
    waiting = [system]
    while waiting:
        for edge in waiting.pop().edges:
            if edge.relation in (Relation.USES, Relation.MADE) or edge.parent in found:
                continue
            found.add(edge.parent)
            if (parent := directory.system(edge.parent)) is not None:
                waiting.append(parent)
    return found


def planned_system(planned: Planned) -> System:
    """The system that a plan of `register` makes."""
    return _row(planned)


def bounded(child: System, maker: System, warrant: Warrant) -> None:
    """Return if `child` has no right that its maker lacks, as registered and under the warrant that it acts by.

    Raises Refused ``system.beyond``.
    """
    most = min(maker.max_criticality, warrant.max_criticality, key=lambda each: each.rank)
    worlds = [world for world in maker.worlds if world in warrant.worlds]
    powers = sorted(POWERS & set(maker.capabilities))
    holds: dict[str, tuple[bool, object, object]] = {
        "tier": (child.tier <= maker.tier, child.tier, maker.tier),
        "worlds": (set(child.worlds) <= set(worlds), " ".join(child.worlds), " ".join(worlds)),
        # A floor, so a lower one is the wider right: fewer people approve what it generates.
        "criticality": (
            child.criticality.rank >= maker.criticality.rank, child.criticality, maker.criticality
        ),
        "max_criticality": (child.max_criticality.rank <= most.rank, child.max_criticality, most),
        "tools": (
            within(child.tools, maker.tools) and within(child.tools, warrant.tools),
            " ".join(child.tools)[:200],
            " ".join(maker.tools)[:200],
        ),
        "audience": (
            _WIDTH.index(child.audience) <= _WIDTH.index(maker.audience), child.audience, maker.audience
        ),
        "capabilities": (
            POWERS & set(child.capabilities) <= set(powers),
            " ".join(sorted(POWERS & set(child.capabilities))),
            " ".join(powers) or "none",
        ),
    }  # fmt: skip
    for right, (held, asked, allowed) in holds.items():
        if not held:
            raise Refused("system.beyond", right=right, asked=asked, allowed=allowed)


def makers(directory: Directory, system: System) -> Iterator[System]:
    """The systems that made it, nearest first."""
    seen = {system.rid}
    while (copy := directory.copy(system.maker) if system.maker else None) is not None:
        above = directory.system(copy.system)
        if above is None or above.rid in seen:
            return
        seen.add(above.rid)
        yield above
        system = above


def children(directory: Directory, system: System) -> Iterator[System]:
    """The systems that it made itself."""
    for child, _ in directory.children(system.rid):
        copy = directory.copy(child.maker) if child.maker else None
        if copy is not None and copy.system == system.rid:
            yield child


def family(directory: Directory, founder: System) -> Iterator[System]:
    """All that it made, and what that made, to any depth."""
    waiting = [founder]
    while waiting:
        for child in children(directory, waiting.pop()):
            yield child
            waiting.append(child)


def made(directory: Directory, ref: str, maker: System) -> System:
    """The system under that reference, which `maker` or something that it made has made. Raises Refused
    ``system.unknown|not_made``."""
    found = find.system(directory, ref)
    if maker.rid not in {each.rid for each in makers(directory, found)}:
        raise Refused("system.not_made", system=found.id)
    return found


def _founder(directory: Directory, system: System) -> System:
    above = list(makers(directory, system))
    return above[-1] if above else system


def _grown(directory: Directory, maker: System) -> None:
    """Return if one more system may be made. Raises Refused ``system.family``."""
    bounds = table().bounds
    above = list(makers(directory, maker))
    founder = above[-1] if above else maker
    for bound, size, most in (
        ("depth", len(above) + 1, bounds.depth),
        ("children", sum(1 for _ in children(directory, maker)) + 1, bounds.children),
        ("family", sum(1 for _ in family(directory, founder)) + 1, bounds.family),
    ):
        if size > most:
            raise Refused("system.family", bound=bound, most=most)


def _own_name(directory: Directory, called: str, maker: System) -> None:
    """A system does not take the name of what it has not made: who asks for that name would get its child instead.
    called: in NFC. Raises Refused ``system.name``."""
    for holder in directory.called(called):
        if next(makers(directory, holder), None) is None or next(makers(directory, holder)).rid != maker.rid:
            raise Refused("system.name", name=called)


def _edges(request: MakeSystem | AnnounceMade, maker: System) -> tuple[EdgeSpec, ...]:
    if request.relation is Relation.USES:
        raise Refused("system.relation", problem="what a system makes descends from it")
    return (
        EdgeSpec(parent=maker.rid, relation=request.relation),
        *request.parents,
        *(EdgeSpec(parent=ref, relation=Relation.USES) for ref in request.uses),
    )


def _maker(directory: Directory, by: Copy) -> System:
    return find.system(directory, by.system)


def _row(planned: Planned) -> System:
    for effect in planned.unit.effects:
        if isinstance(effect, Put) and effect.space is Space.SYSTEMS:
            return _system(effect.value)
    raise ValueError("a plan that registers no system")


def _by(directory: Directory, planned: Planned, maker: System, by: Copy) -> Planned:
    """Maker and copy must stand as they did when the unit is written, and no other system may have been made."""
    expect: tuple[Expect, ...] = (
        unchanged(directory, Space.SYSTEMS, maker.rid),
        unchanged(directory, Space.COPIES, by.rid),
    )
    known = {(each.space, each.key) for each in planned.unit.expect}
    more = tuple(each for each in expect if (each.space, each.key) not in known)
    unit = msgspec.structs.replace(planned.unit, expect=(*planned.unit.expect, *more))
    return Planned(unit, planned.rid, planned.id, planned.refusal)
