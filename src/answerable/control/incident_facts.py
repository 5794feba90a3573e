# SPDX-License-Identifier: Apache-2.0
"""Gathers the report of an incident, or of a stop order, from records alone: nothing in it is written by hand."""

from __future__ import annotations

from collections.abc import Collection, Iterable
from typing import Any, Final

import msgspec

from answerable.admission.reports import GROUP
from answerable.admission.stopset import StopSet
from answerable.control.incident_acts import Acts
from answerable.control.incident_acts import acts as look_around
from answerable.control.services import Services
from answerable.crypto.b64 import b64
from answerable.errors import AnswerableError, Refused
from answerable.log.leaf import decode, leaf_hash
from answerable.model.records import Copy, EventSaid, Incident, Stop, System
from answerable.model.terms import Scope
from answerable.model.units import Space
from answerable.redlines import clocks, forms, regimes
from answerable.redlines.table import lines
from answerable.stops import detecting
from answerable.stops.closure import alone, reached
from answerable.stops.officers import by_owners
from answerable.stops.preview import preview_of

CLASSIFIED: Final = "incident.classified"
_incident = msgspec.json.Decoder(Incident).decode
_said = msgspec.json.Decoder(EventSaid).decode


def incidents(services: Services) -> list[Incident]:
    """Every incident, the newest last."""
    return sorted((_incident(raw) for _, raw in services.book.rows(Space.INCIDENTS)), key=lambda row: (row.at, row.rid))


def words(services: Services) -> list[EventSaid]:
    """What people said that goes on mattering, in order."""
    return sorted((_said(raw) for _, raw in services.book.rows(Space.EVENTS)), key=lambda row: (row.at, row.rid))


def of_orders(services: Services, said: list[EventSaid]) -> list[Incident]:
    """Stop orders of officers of which a person said what harm stands behind them: reports are due for them as for an
    incident, though no detector found one."""
    known = {row.order for row in incidents(services)}
    named = {str(msgspec.json.decode(word.facts or "{}").get("incident")) for word in said if word.what == CLASSIFIED}
    found = [of_order(services, stop) for stop in services.book.stops() if stop.rid in named and stop.rid not in known]
    return [row for row in found if row is not None]


def of_order(services: Services, stop: Stop) -> Incident | None:
    """The order as an incident without a red line; None where it is of no one system."""
    copy = services.book.copy(stop.root)
    system = services.book.system(copy.system if copy is not None else stop.root)
    if system is None:
        return None
    return Incident(
        rid=stop.rid,
        line="",
        level="red",
        system=system.rid,
        copy=copy.rid if copy is not None else "",
        detector="",
        evidence=(),
        action="",
        at=stop.at,
        evaluation=False,
        planted=False,
        measure=stop.kind,
        order=stop.rid,
        withheld="",
    )


def find(services: Services, name: str) -> tuple[Incident | None, Stop | None]:
    """An incident by its rid, or the first letters of it, or else a stop order. Raises Refused ``incident.unknown``."""
    found = [row for row in incidents(services) if row.rid == name or (len(name) >= 6 and row.rid.startswith(name))]
    if len(found) == 1:
        return found[0], None
    order = next((stop for stop in services.book.stops() if stop.rid == name), None)
    if order is None:
        raise Refused("incident.unknown", incident=name[:64])
    return next((row for row in incidents(services) if row.order == order.rid), None), order


def running(services: Services, incident: Incident, said: list[EventSaid]) -> list[clocks.Running]:
    """The clocks of law that it started."""
    system = services.book.system(incident.system)
    if system is None:
        return []
    return clocks.running(incident, said, services.incidents, places=places(services, system), tier=system.tier)


def places(services: Services, system: System) -> frozenset[str]:
    """Where the deployment, its operator and the parties of the system are."""
    ids = [party.id for entry in system.parties if (party := services.book.party(entry.party)) is not None]
    return regimes.jurisdictions(services.incidents, [*ids, services.operator])


async def report(services: Services, name: str) -> forms.PageOfFacts:
    """The report of the incident or order with that rid. Raises Refused ``incident.unknown``, Unavailable
    ``store.*``."""
    incident, order = find(services, name)
    said = words(services)
    system = services.book.system(incident.system if incident is not None else order.root if order is not None else "")
    copy = services.book.copy(incident.copy if incident is not None else order.root if order is not None else "")
    if system is None and copy is not None:
        system = services.book.system(copy.system)
    orders = _orders(services, incident, order, system, copy)
    systems, copies = _reached(services, orders, system)
    first = min(orders, key=lambda stop: stop.at) if orders else None
    centre = incident.rid if incident is not None else first.rid if first is not None else ""
    acts = Acts()
    if centre:
        acts = await look_around(
            services,
            centre,
            at=incident.at if incident is not None else first.at if first is not None else 0,
            system=system.rid if system is not None else "",
            systems={each.rid for each in systems},
            orders=[stop.rid for stop in orders],
        )
    rows = [row for row in incidents(services) if row.line == "RL7" and row.system in {s.rid for s in systems}]
    dated = incident if incident is not None else of_order(services, order) if order is not None else None
    harms, aware, judged = clocks.harms_of(dated, said) if dated is not None else ((), first.at if first else 0, False)
    rids = _rids(incident, orders)
    note, evidence = await _evidence(services, rids)
    counted = {copy.rid for copy in copies}
    after = [at - first.at for its, at in acts.last.items() if first is not None and its in counted and at > first.at]
    run = running(services, dated, said) if dated is not None else []
    line = lines().get(incident.line) if incident is not None else None
    return forms.PageOfFacts(
        id=incident.rid if incident is not None else order.rid if order is not None else name,
        made=services.clock.now_ms(),
        origin=services.origin,
        line=_line(line, incident.level) if line is not None and incident is not None else None,
        at=incident.at if incident is not None else first.at if first else 0,
        aware=aware,
        harms=list(harms),
        judged=judged,
        evaluation=incident.evaluation if incident is not None else False,
        planted=incident.planted if incident is not None else False,
        detector=incident.detector if incident is not None else "",
        measure=incident.measure if incident is not None else first.kind if first else "",
        withheld=incident.withheld if incident is not None else "",
        system=f"{system.name} {system.version}".strip() if system is not None else "",
        system_id=system.id if system is not None else "",
        tier=system.tier if system is not None else 0,
        worlds=[world.value for world in system.worlds] if system is not None else [],
        copy=copy.id if copy is not None else "",
        parties=_parties(services, system),
        seen=await _seen(services, incident),
        evidence=evidence,
        around=acts.around,
        orders=[_order(services, stop) for stop in orders],
        rings=_rings(services, systems, copies),
        last_action=forms.last_action(after, len(copies)),
        receipts=acts.receipts,
        in_flight=sum(receipt.in_flight for receipt in acts.receipts),
        violations=[row.rid for row in rows if first is not None and row.at >= first.at and not row.planted],
        clocks=forms.started(run),
        checkpoint=note,
    )


def _line(line: Any, level: str) -> forms.Line:
    return forms.Line(
        id=line.id,
        event=line.event,
        name=line.name,
        name_zh=line.name_zh,
        level=level,
        officers=line.officers,
        officers_zh=line.officers_zh,
    )


def _orders(
    services: Services, incident: Incident | None, order: Stop | None, system: System | None, copy: Copy | None
) -> list[Stop]:
    """The order that is asked for or that the detector gave, the suspension that it completed or the termination that
    completed it, and those that reach the same since the incident."""
    named = {order.rid if order is not None else "", incident.order if incident is not None else ""} - {""}
    named |= {order.escalates} - {""} if order is not None else set()
    found = [stop for stop in services.book.stops() if stop.rid in named or stop.escalates in named]
    if incident is not None and system is not None:
        numbers = (*system.ancestors, system.num)
        for stop in services.book.stops():
            if stop in found or stop.at < incident.at:
                continue
            one = StopSet.of((stop,))
            at = max(stop.at, incident.at)
            reaches = one.blocks(
                copy=copy.rid if copy is not None else "-",
                numbers=numbers,
                party=system.parties[0].party,
                worlds=system.worlds,
                now_ms=at,
            )
            if reaches or one.blocks_parties((entry.party for entry in system.parties), at):
                found.append(stop)
    return sorted(found, key=lambda stop: (stop.at, stop.rid))


def _reached(services: Services, orders: Iterable[Stop], system: System | None) -> tuple[list[System], list[Copy]]:
    """What the orders reached: systems as they were registered, and copies as they ran, when each was committed. Copies
    that ended since count: it was for them that it was given. Without an order the system alone, as it is now."""
    book = services.book
    systems: dict[str, System] = {system.rid: system} if system is not None else {}
    copies: dict[str, Copy] = {}
    given = False
    for stop in orders:
        given = True
        if stop.scope == Scope.COPY:
            named = [copy for copy in [book.copy(stop.root)] if copy is not None]
            copies.update({each.rid: each for each in named})
            continue
        hit: Iterable[System] = ()
        if stop.officers == (detecting.key_of(book),):
            hit = [each for each in [book.system(stop.root)] if each is not None]
        else:
            try:
                hit = reached(book, stop.root, Scope(stop.scope)).systems
            except AnswerableError:
                continue
        then = {each.rid: each for each in hit if each.since <= stop.at and not each.dead}
        systems.update(then)
        copies.update({copy.rid: copy for copy in book.copies() if copy.system in then and _ran(copy, stop.at)})
    if not given and system is not None:
        copies = {each.rid: each for each in book.copies_of(system.rid)}
    return list(systems.values()), list(copies.values())


def _ran(copy: Copy, at: int) -> bool:
    """Whether the copy ran at `at`, ms UTC."""
    return copy.since <= at and (not copy.ended or copy.ended >= at)


def _parties(services: Services, system: System | None) -> list[forms.Who]:
    if system is None:
        return []
    return [
        forms.Who(role=entry.role.value, id=party.id, name=party.name)
        for entry in system.parties
        if (party := services.book.party(entry.party)) is not None
    ]


def _order(services: Services, stop: Stop) -> forms.Order:
    by = [admin.name for key in stop.officers if (admin := services.book.admin(key)) is not None]
    root = services.book.system(stop.root)
    copy = services.book.copy(stop.root)
    party = services.book.party(stop.root)
    what = root.name if root else copy.id if copy else party.name if party else stop.root
    return forms.Order(
        rid=stop.rid,
        kind=stop.kind,
        scope=stop.scope,
        what=what,
        at=stop.at,
        until=stop.until,
        by=by or ["detector"] if stop.officers == (detecting.key_of(services.book),) else by,
        reason=stop.reason,
        released=stop.released,
        bound_ms=_bound(services, stop),
    )


def _bound(services: Services, stop: Stop) -> int:
    """By when the order held everywhere, whomever it reached, ms after its commit, as it was said when it was given."""
    try:
        hit = reached(services.book, stop.root, Scope(stop.scope))
    except (Refused, ValueError):
        return 0
    own = by_owners(services.book, stop.officers) or detecting.key_of(services.book) in stop.officers
    narrow = alone(hit) if own else hit
    return preview_of(services.book, narrow, at=stop.at).bound


def _rings(services: Services, systems: Collection[System], copies: Collection[Copy]) -> forms.Rings:
    rids = {system.rid for system in systems}
    seen = [row for row in incidents(services) if row.line == "RL1a" and row.system in rids and not row.planted]
    return forms.Rings(
        systems=len(systems),
        managed=len(copies),
        cooperating=0,
        uncontrolled=len(seen),
        # Weights with a licence under which others hold them: where they run is not ours to say.
        open_weights=sum(bool(system.digests and system.licence) for system in systems),
    )


def _rids(incident: Incident | None, orders: Iterable[Stop]) -> list[str]:
    named = [incident.rid, *incident.evidence] if incident is not None else []
    return list(dict.fromkeys([*named, *(stop.rid for stop in orders)]))


async def _evidence(services: Services, rids: list[str]) -> tuple[str, list[forms.Leaf]]:
    note, proven = await services.reader.prove_all(rids)
    return note.decode("utf-8"), [
        forms.Leaf(
            rid=its,
            kind=decode(each.leaf).k,
            index=each.index,
            digest=leaf_hash(each.leaf).hex(),
            proof=[b64(node) for node in each.proof],
        )
        for its, each in zip(rids, proven, strict=True)
    ]


async def _seen(services: Services, incident: Incident | None) -> dict[str, str | int]:
    kept = await services.reader.payload(incident.rid, GROUP) if incident is not None else None
    if kept is None or kept[1] is None:
        return {}
    seen: dict[str, str | int] = msgspec.json.decode(kept[1])["seen"]
    return seen
