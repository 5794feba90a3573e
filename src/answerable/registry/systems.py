# SPDX-License-Identifier: Apache-2.0
"""Announcing and registering systems: the moments of build and of use.

A registration that a stop order reaches is recorded as *born dead* and then refused: the attempt is on record, and the
system can never act.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from typing import Final

import msgspec

from answerable.crypto.random import nonce, opaque_id
from answerable.errors import Refused
from answerable.log import leaf as leaves
from answerable.model.leaves import AnnounceLeaf, ComputeRef, EdgeRef, OpaqueRef, PartyRef, SystemLeaf
from answerable.model.records import Compute, Edge, Opaque, PartyRole, Record, System
from answerable.model.terms import Audience, Criticality, Moment, Role, SystemKind, World
from answerable.model.units import SYSTEM_NUMBER, Expect, Put, Space, Unit
from answerable.ports import Directory
from answerable.registry import duties, edges, fields, find, lineage, owners, reauthorised, scoped, stopped, tiers
from answerable.registry.planned import Name, Planned, name, put, unchanged
from answerable.registry.requests import AnnounceSystem, PartySpec, RegisterSystem

# 4096 bytes of leaf hold this many edges and parties with room for the rest.
MAX_EDGES: Final = 32
MAX_PARTIES: Final = 8


class Announcement(Record, frozen=True, kw_only=True):
    """Row of `Space.ANNOUNCED` under its rid."""

    rid: str
    kind: SystemKind
    party: str
    edges: tuple[Edge, ...]
    name: str
    since: int


_announcement = msgspec.json.Decoder(Announcement).decode


def announcement(directory: Directory, rid: str) -> Announcement | None:
    """What was announced under that record id."""
    raw = directory.raw(Space.ANNOUNCED, rid)
    return _announcement(raw) if raw else None


def announce(directory: Directory, request: AnnounceSystem, now_ms: int) -> Planned:
    """The moment of build. What is known of the tier by then comes from the parents.

    Raises Refused ``party.*``, ``system.parent|cycle|relation|lineage|duty``, ``stop.system``.
    """
    called = name(request.name)
    party = find.party(directory, request.party)
    _few(request.edges, MAX_EDGES, "edges")
    resolved = edges.resolve(directory, request.kind, request.edges, own="")
    above = lineage.ancestors(directory, resolved)
    planned = System(
        rid="", id="", num=_next(directory), kind=request.kind, name=called.text, version="",
        parties=(PartyRole(party=party.rid, role=Role.PROVIDER),), edges=resolved,
        ancestors=tuple(ancestor.num for ancestor in above), tier=0, audience=Audience.INTERNAL,
        worlds=(World.INFORMATION,), criticality=Criticality.ORDINARY, since=now_ms,
    )  # fmt: skip
    if order := stopped.of_system(directory, planned, now_ms) or _dead(above):
        raise Refused("stop.system", order=order)
    duties.enforce(directory, planned, Moment.BUILD)
    leaf = AnnounceLeaf(
        by=party.rid,
        c=called.commitments,
        edges=_edge_refs(resolved),
        kind=request.kind.value,
        n=nonce(),
        t=now_ms,
    )
    data = leaves.encode(leaf)
    rid = leaves.rid(data)
    row = Announcement(rid=rid, kind=request.kind, party=party.rid, edges=resolved, name=called.text, since=now_ms)
    unit = Unit(
        leaves=(data,),
        effects=(put(Space.ANNOUNCED, rid, row),),
        expect=(stopped.same_stops(directory),),
        payloads=(called.payload(rid),),
    )
    return Planned(unit, rid)


def register(
    directory: Directory,
    request: RegisterSystem,
    now_ms: int,
    *,
    maker: str = "",
    judge: Callable[[System], None] = lambda _system: None,
) -> Planned:
    """A system at one version. With `Planned.refusal` set the unit records a system that is born dead. maker: rid of
    the copy that registers it through the gate, "" where people do. judge: raises for a system, with its tier, that is
    not to be, before its duties are looked at.

    Raises Refused ``system.*``, ``party.*``.
    """
    called = name(request.name)
    fields.check(request)
    scoped.check(request)
    parties = _parties(directory, request.parties)
    fields.check_name(directory, called.text, (entry.party for entry in parties))
    _few(request.edges, MAX_EDGES, "edges")
    resolved = edges.resolve(directory, request.kind, request.edges, own=request.reauthorises or request.announced)
    above = lineage.ancestors(directory, resolved)
    system = System(
        rid="",
        id=f"spiffe://{directory.domain}/system/{opaque_id()}",
        num=_next(directory),
        kind=request.kind,
        name=called.text,
        version=request.version,
        parties=parties,
        edges=resolved,
        ancestors=tuple(ancestor.num for ancestor in above),
        tier=0,
        audience=request.audience,
        worlds=tuple(sorted(request.worlds)),
        criticality=request.criticality,
        since=now_ms,
        digests=tuple(sorted(request.digests)),
        licence=request.licence,
        compute=fields.compute(request.compute),
        capabilities=tuple(sorted({*request.capabilities, *scoped.follows(directory, request.tools)})),
        users=request.users,
        opaque=fields.opaque(request.opaque),
        announced=_announced(directory, request, parties, resolved),
        upstream=request.upstream,
        locality=request.locality,
        shares=owners.shares(directory, request.owners, (entry.party for entry in parties)),
        owners_need=request.owners.need if request.owners else 0,
        scope=None if request.tools is None else tuple(sorted(request.tools)),
        may=request.max_criticality,
        maker=maker or None,
    )
    tiering = tiers.of(directory, system)
    system = msgspec.structs.replace(system, tier=tiering.tier)
    judge(system)
    expect = [
        stopped.same_stops(directory),
        unchanged(directory, Space.COUNTERS, SYSTEM_NUMBER),
    ]
    exempt: frozenset[str] = frozenset()
    if request.reauthorises:
        exemption = reauthorised.exemption(directory, request.reauthorises, system.digests)
        system = msgspec.structs.replace(system, id=exemption.id, reauthorises=exemption.rid)
        expect.append(unchanged(directory, Space.REAUTHORISATIONS, exemption.id))
        exempt = reauthorised.exempt(directory, exemption.id, exemption.rid)
    order = stopped.order(
        directory,
        numbers=(*system.ancestors, system.num),
        parties=(entry.party for entry in parties),
        worlds=system.worlds,
        digests=system.digests,
        now_ms=now_ms,
        exempt=exempt,
    )
    order = order or _dead(above)
    if order:
        # A reauthorised id that is still stopped stays free: it may be registered once what stops it is understood.
        if exempt:
            raise Refused("stop.system", order=order)
        system = msgspec.structs.replace(system, dead=order)
    else:
        duties.enforce(directory, system, Moment.USE, tiering=tiering)
    expect.append(Expect(Space.SYSTEM_IDS, system.id, None))
    return _commit(system, called, tuple(expect), order)


def _commit(system: System, called: Name, expect: tuple[Expect, ...], order: str) -> Planned:
    data = leaves.encode(_leaf(system, called))
    rid = leaves.rid(data)
    row = msgspec.structs.replace(system, rid=rid)
    unit = Unit(
        leaves=(data,),
        effects=(
            put(Space.SYSTEMS, rid, row),
            Put(Space.SYSTEM_IDS, row.id, rid.encode()),
            Put(Space.COUNTERS, SYSTEM_NUMBER, str(row.num).encode()),
        ),
        expect=expect,
        payloads=(called.payload(rid),),
    )
    return Planned(unit, rid, row.id, Refused("system.born_dead", order=order) if order else None)


def _leaf(system: System, called: Name) -> SystemLeaf:
    unset = msgspec.UNSET
    return SystemLeaf(
        ann=system.announced or unset,
        aud=system.audience.value,
        c=called.commitments,
        cap=list(system.capabilities),
        cmp=_compute_ref(system.compute) if system.compute else unset,
        crit=system.criticality.value,
        dead=system.dead or unset,
        dig=list(system.digests),
        edges=_edge_refs(system.edges),
        id=system.id,
        kind=system.kind.value,
        lic=system.licence or unset,
        n=nonce(),
        num=system.num,
        opq=_opaque_ref(system.opaque) if system.opaque else unset,
        parties=[PartyRef(rid=entry.party, role=entry.role.value) for entry in system.parties],
        re=system.reauthorises or unset,
        t=system.since,
        tier=system.tier,
        usr=system.users,
        ver=system.version,
        wld=[world.value for world in system.worlds],
        x=scoped.extension(system),
    )


def _edge_refs(resolved: Iterable[Edge]) -> list[EdgeRef]:
    return [EdgeRef(p=edge.parent, rel=edge.relation.value) for edge in resolved]


def _compute_ref(compute: Compute) -> ComputeRef:
    return ComputeRef(mjk=compute.measure.value, pf=compute.petaflop)


def _opaque_ref(opaque: Opaque) -> OpaqueRef:
    return OpaqueRef(
        endpoint=opaque.endpoint,
        filing=opaque.filing or msgspec.UNSET,
        model=opaque.model,
        probe=opaque.probe or msgspec.UNSET,
        provider=opaque.provider,
        version=opaque.version,
    )


def _parties(directory: Directory, specs: Iterable[PartySpec]) -> tuple[PartyRole, ...]:
    named = tuple(PartyRole(party=find.party(directory, spec.party).rid, role=spec.role) for spec in specs)
    if not any(entry.role in duties.ANSWERING for entry in named):
        raise Refused("system.no_party")
    if len({(entry.party, entry.role) for entry in named}) != len(named):
        raise Refused("system.field", field="parties", problem="a party is given the same role twice")
    _few(named, MAX_PARTIES, "parties")
    return named


def _announced(
    directory: Directory, request: RegisterSystem, parties: tuple[PartyRole, ...], resolved: tuple[Edge, ...]
) -> str:
    if not request.announced:
        return ""
    row = announcement(directory, request.announced)
    differs = (
        "everything" if row is None
        else "kind" if row.kind is not request.kind
        else "party" if row.party not in {entry.party for entry in parties}
        else "edges" if row.edges != resolved
        else ""
    )  # fmt: skip
    if differs:
        raise Refused("system.announcement", announcement=request.announced, field=differs)
    return request.announced


def _dead(ancestors: Iterable[System]) -> str:
    """The order under which an ancestor was born dead: what comes from it is dead too, even after that ended."""
    return next((ancestor.dead for ancestor in ancestors if ancestor.dead), "")


def _few(items: tuple[object, ...], most: int, field: str) -> None:
    if len(items) > most:
        raise Refused("system.field", field=field, problem=f"more than {most}")


def _next(directory: Directory) -> int:
    raw = directory.raw(Space.COUNTERS, SYSTEM_NUMBER)
    return int(raw) + 1 if raw else 1
