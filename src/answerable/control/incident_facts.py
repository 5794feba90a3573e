# SPDX-License-Identifier: Apache-2.0
"""Gathers the report of an incident, or of a stop order, from records alone: nothing in it is written by hand."""

from __future__ import annotations

import re
from collections.abc import Collection, Iterable
from dataclasses import dataclass
from typing import Any, Final

import msgspec
from msgspec import UNSET

from answerable.admission.bound import bound_of
from answerable.admission.reports import GROUP
from answerable.admission.stopset import StopSet
from answerable.admission.ttl import life_class
from answerable.control.services import Services
from answerable.crypto.b64 import b64
from answerable.errors import AnswerableError, Refused
from answerable.log.leaf import decode, leaf_hash, rid
from answerable.model.leaves import CloseLeaf, OpenLeaf, ReceiptLeaf, WarrantLeaf
from answerable.model.records import Copy, EventSaid, Incident, Stop, System
from answerable.model.terms import Ruling, Scope
from answerable.model.units import Space
from answerable.redlines import clocks, forms, regimes
from answerable.redlines.table import lines
from answerable.stops import detecting
from answerable.stops.closure import reached

# Leaves looked at for the actions around it, on either side, and shown of them.
AROUND: Final = 1_000
SHOWN: Final = 50
# Leaves looked at for the last action after an order.
AFTER: Final = 100_000
STEP: Final = 1_000
_OPEN: Final = re.compile(rb'"k":"open".*"sys":"([a-z2-7]{32})"')
_incident = msgspec.json.Decoder(Incident).decode
_said = msgspec.json.Decoder(EventSaid).decode


def incidents(services: Services) -> list[Incident]:
    """Every incident, the newest last."""
    return sorted((_incident(raw) for _, raw in services.book.rows(Space.INCIDENTS)), key=lambda row: (row.at, row.rid))


def words(services: Services) -> list[EventSaid]:
    """What people said that goes on mattering, in order."""
    return sorted((_said(raw) for _, raw in services.book.rows(Space.EVENTS)), key=lambda row: (row.at, row.rid))


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


@dataclass(frozen=True, slots=True)
class _Acts:
    around: list[forms.ActAround]
    last: dict[str, int]  # copy or system -> newest permitted action after the order
    receipts: list[forms.Receipt]


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
    acts = await _acts(services, incident, first, system, {each.rid for each in systems})
    rows = [row for row in incidents(services) if row.line == "RL7" and row.system in {s.rid for s in systems}]
    harms, aware, judged = (
        clocks.harms_of(incident, said) if incident is not None else ((), first.at if first else 0, False)
    )
    rids = _rids(incident, orders)
    note, evidence = await _evidence(services, rids)
    after = [at - first.at for at in acts.last.values() if first is not None and at > first.at]
    run = running(services, incident, said) if incident is not None else []
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
        orders=[_order(services, stop, system) for stop in orders],
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
    """The order that is asked for or that the detector gave, and those that reach the same since the incident."""
    named = {order.rid if order is not None else "", incident.order if incident is not None else ""} - {""}
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
    """What the orders reach now; without an order the system alone."""
    systems: dict[str, System] = {system.rid: system} if system is not None else {}
    copies: dict[str, Copy] = {}
    for stop in orders:
        by_detector = stop.officers == (detecting.key_of(services.book),)
        if by_detector and stop.scope == Scope.SYSTEM and system is not None:
            copies.update({each.rid: each for each in services.book.copies_of(system.rid)})
            continue
        try:
            hit = reached(services.book, stop.root, Scope(stop.scope))
        except AnswerableError:
            continue
        systems.update({each.rid: each for each in hit.systems})
        copies.update({each.rid: each for each in hit.copies})
    if not copies and system is not None:
        copies = {each.rid: each for each in services.book.copies_of(system.rid)}
    return list(systems.values()), list(copies.values())


def _parties(services: Services, system: System | None) -> list[forms.Who]:
    if system is None:
        return []
    return [
        forms.Who(role=entry.role.value, id=party.id, name=party.name)
        for entry in system.parties
        if (party := services.book.party(entry.party)) is not None
    ]


def _order(services: Services, stop: Stop, system: System | None) -> forms.Order:
    by = [admin.name for key in stop.officers if (admin := services.book.admin(key)) is not None]
    root = services.book.system(stop.root)
    copy = services.book.copy(stop.root)
    party = services.book.party(stop.root)
    what = root.name if root else copy.id if copy else party.name if party else stop.root
    bound = 0
    if system is not None:
        bound = bound_of(life_class(system.tier, system.worlds, system.criticality)).admission
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
        bound_ms=bound,
    )


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


async def _acts(
    services: Services, incident: Incident | None, first: Stop | None, system: System | None, systems: set[str]
) -> _Acts:
    """One pass over the log around the incident, and on after the first order."""
    centre = incident.rid if incident is not None else first.rid if first is not None else ""
    if not centre or system is None:
        return _Acts([], {}, [])
    at = (await services.reader.prove(centre)).index
    end = min(await services.reader.size(), at + (AFTER if first is not None else AROUND))
    shown: dict[str, forms.ActAround] = {}
    last: dict[str, int] = {}
    receipts: list[forms.Receipt] = []
    grants: dict[str, str] = {}
    order = first.rid.encode() if first is not None else b"-"
    for start in range(max(0, at - AROUND), end, STEP):
        for index, data in enumerate(await services.reader.tail(start, min(end, start + STEP)), start):
            if (match := _OPEN.search(data)) is not None:
                if match[1].decode() not in systems:
                    continue
                leaf = decode(data)
                if isinstance(leaf, OpenLeaf):
                    if leaf.sys == system.rid and abs(index - at) <= AROUND:
                        shown[rid(data)] = forms.ActAround(
                            rid=rid(data), at=leaf.t, act=leaf.act, decision=leaf.dec, ended=""
                        )
                    if leaf.dec == Ruling.PERMIT and first is not None:
                        if leaf.war not in grants:
                            grants[leaf.war] = await _copy_of(services, leaf.war)
                        key = grants[leaf.war] or leaf.sys
                        last[key] = max(last.get(key, 0), leaf.t)
            elif b'"k":"close"' in data and shown:
                closed = decode(data)
                if isinstance(closed, CloseLeaf) and closed.open in shown:
                    code = "" if closed.err is UNSET else f" ({closed.err})"
                    shown[closed.open] = msgspec.structs.replace(shown[closed.open], ended=closed.st + code)
            elif b'"k":"receipt"' in data and order in data:
                receipts.extend(_receipt(services, data))
    acts = sorted(shown.values(), key=lambda act: abs(act.at - (incident.at if incident else first.at if first else 0)))
    return _Acts(sorted(acts[:SHOWN], key=lambda act: act.at), last, receipts)


async def _copy_of(services: Services, grant: str) -> str:
    data = await services.reader.find(grant)
    leaf = decode(data) if data is not None else None
    return leaf.cpy if isinstance(leaf, WarrantLeaf) else ""


def _receipt(services: Services, data: bytes) -> Iterable[forms.Receipt]:
    leaf = decode(data)
    if isinstance(leaf, ReceiptLeaf):
        copy = services.book.copy(leaf.own)
        yield forms.Receipt(
            rid=rid(data),
            holder=copy.id if copy is not None else leaf.own,
            received=leaf.rcv,
            last=leaf.last,
            in_flight=leaf.fly,
            state=leaf.st,
        )
