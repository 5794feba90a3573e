# SPDX-License-Identifier: Apache-2.0
"""Plans: a told event and an incident, each a leaf with what hangs on it. An incident and the detector's order are one
unit: neither stands without the other."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, Final, Generic, Protocol, TypeVar

import msgspec
from msgspec import UNSET

from answerable.admission.reports import GROUP, Read
from answerable.crypto import canonical
from answerable.crypto.random import nonce, salt
from answerable.errors import Refused
from answerable.log.commitment import commit
from answerable.log.leaf import encode, rid
from answerable.model.events import (
    PERSONS,
    ConsentGiven,
    EvaluationWindow,
    IncidentClassified,
    IncidentDeclared,
    Told,
    what,
)
from answerable.model.leaves import Commitments, EventLeaf, IncidentLeaf
from answerable.model.records import EventSaid, Incident
from answerable.model.terms import AdminRole
from answerable.model.units import Effect, Expect, Lane, Payload, Put, Space, Unit
from answerable.ports import Directory
from answerable.redlines.desk import Judged
from answerable.redlines.regimes import regimes
from answerable.redlines.table import lines

MEMBER: Final = "answerable.incident"
# What goes on mattering is kept as a row: people's words, and consents.
KEPT: Final = frozenset(
    {"evaluation.window", "consent.given", "incident.declared", "incident.classified", "report.filed"}
)
TELLERS: Final = frozenset({AdminRole.OPERATOR, AdminRole.ADMINISTRATOR})
# What excuses a finding is an officer's word.
OFFICERS: Final = frozenset({"evaluation.window"})
MAX_EVIDENCE: Final = 16
LONGEST_EVALUATION_MS: Final = 86_400_000
# What was seen of a red line is kept for ten years, longer than any report about it may be asked for.
KEPT_MS: Final = 3_653 * 86_400_000
_encode = msgspec.json.Encoder().encode

Row = TypeVar("Row")


@dataclass(frozen=True, slots=True)
class Planned(Generic[Row]):
    """A unit that is ready to be committed. rid: of its own leaf; row: what stands in the registry once it is."""

    unit: Unit
    rid: str
    row: Row


class Order(Protocol):
    """A planned stop order."""

    @property
    def unit(self) -> Unit: ...

    @property
    def rid(self) -> str: ...


def teller(directory: Directory, event: EventLeaf, *, officer: bool) -> str:
    """The public key, base64url, of who tells it, if they may. officer: whether it is the key of an officer in office.
    Raises Refused ``redline.event_teller``."""
    key = _teller(directory, event, officer=officer)
    if not key:
        raise Refused("redline.event_teller", by=event.by[:64], what=event.what[:64])
    return key


def _teller(directory: Directory, event: EventLeaf, *, officer: bool) -> str:
    persons = {what_of.__struct_config__.tag for what_of in PERSONS}
    admin = directory.admin(event.by)
    if admin is not None:
        may = officer or (event.what not in OFFICERS and not TELLERS.isdisjoint(admin.roles))
        return admin.key if may and not admin.ended else ""
    if event.what == ConsentGiven.__struct_config__.tag:
        raw = directory.raw(Space.PARTY_KEYS, event.by)
        row: dict[str, Any] = msgspec.json.decode(raw) if raw else {}
        # A key that signs labels says nothing else for its party.
        return str(row.get("key", "")) if row and not row.get("ended") and row.get("use") != "label" else ""
    copy = directory.copy(event.by)
    if copy is None or copy.rid != event.by or copy.ended or event.what in persons:
        return ""
    return copy.key


def told(directory: Directory, read: Read, now_ms: int) -> Planned[EventSaid]:
    """Plan the leaf of a told event that `admission.reports.accept` has read.

    Raises Refused ``redline.event_malformed|event_teller|event_replayed``.
    """
    event, fact = read.event, read.fact
    if directory.system(event.sys) is None:
        raise Refused("redline.event_malformed", detail="a system that is not registered")
    if event.cpy is not UNSET:
        about = directory.copy(event.cpy)
        if about is None or about.rid != event.cpy or about.system != event.sys:
            raise Refused("redline.event_malformed", detail="a copy that is not one of that system")
    _sensible(directory, event, fact, now_ms)
    if directory.raw(Space.NONCES, event.n) is not None:
        raise Refused("redline.event_replayed")
    data = encode(msgspec.structs.replace(event, t=now_ms))
    row = said(event, rid(data), read.facts.decode("utf-8"), now_ms)
    effects: list[Effect] = [Put(Space.NONCES, event.n, str(now_ms).encode())]
    if event.what in KEPT:
        effects.append(Put(Space.EVENTS, row.rid, _encode(row)))
    unit = Unit(
        leaves=(data,),
        effects=tuple(effects),
        expect=(Expect(Space.NONCES, event.n, None),),
        payloads=(Payload(rid=row.rid, group=GROUP, salt=read.salt, body=read.facts, expires=now_ms + KEPT_MS),),
    )
    return Planned(unit, row.rid, row)


def said(event: EventLeaf, its: str, facts: str, at: int) -> EventSaid:
    """The row of a told event."""
    return EventSaid(rid=its, what=event.what, system=event.sys, by=event.by, at=at, facts=facts)


def _sensible(directory: Directory, event: EventLeaf, fact: Told, now_ms: int) -> None:
    """Raises Refused ``redline.event_malformed|event_teller`` for a person's word that cannot stand."""
    if isinstance(fact, ConsentGiven):
        _own_consent(directory, event, fact)
    elif isinstance(fact, EvaluationWindow):
        provokable = {line.id for line in lines().values() if line.provokable}
        if not fact.lines or not provokable.issuperset(fact.lines) or fact.until > now_ms + LONGEST_EVALUATION_MS:
            raise Refused("redline.event_malformed", detail="an evaluation beyond a day, or of lines that none excuses")
    elif isinstance(fact, IncidentDeclared | IncidentClassified):
        known = {harm.id for harm in regimes().harm}
        if not known.issuperset(fact.harms) or (isinstance(fact, IncidentDeclared) and fact.red_line not in lines()):
            raise Refused("redline.event_malformed", detail="a red line or a harm that there is not")


def _own_consent(directory: Directory, event: EventLeaf, fact: ConsentGiven) -> None:
    """A consent is the person's own: told by a key of that very party."""
    party = directory.party(fact.person)
    raw = directory.raw(Space.PARTY_KEYS, event.by)
    row: dict[str, Any] = msgspec.json.decode(raw) if raw else {}
    if party is None or row.get("party") != party.rid:
        raise Refused("redline.event_teller", by=event.by[:64], what=what(fact))


def incident(judged: Judged, now_ms: int, *, order: Order | None = None, withheld: str = "") -> Planned[Incident]:
    """Plan an incident, and with it the detector's order, if it gives one. withheld: code of why it gives none although
    it was to."""
    crossing = judged.crossing
    evidence = tuple(dict.fromkeys(each for each in crossing.evidence if each))[:MAX_EVIDENCE]
    body = canonical.dumps(
        {"line": judged.line.id, "event": judged.line.event, "at": judged.at, "seen": dict(crossing.detail)}
    )
    salted = salt()
    did = judged.measure.value if order is not None else "record"
    held = withheld or judged.withheld
    leaf = IncidentLeaf(
        c=Commitments(evidence=commit(GROUP, salted, body)),
        evl=judged.evaluation,
        lvl=crossing.level,
        n=nonce(),
        open=crossing.action or UNSET,
        rl=judged.line.id,
        sys=crossing.system,
        t=now_ms,
        x={
            MEMBER: {
                "by": judged.detector,
                "cpy": crossing.copy,
                "did": did,
                "held": held,
                "of": list(evidence),
                "order": order.rid if order is not None else "",
                "planted": judged.planted,
            }
        },
    )
    data = encode(leaf)
    row = row_of(leaf, rid(data))
    own = Unit(
        leaves=(data,),
        effects=(Put(Space.INCIDENTS, row.rid, _encode(row)),),
        payloads=(Payload(rid=row.rid, group=GROUP, salt=salted, body=body, expires=now_ms + KEPT_MS),),
    )
    return Planned(own if order is None else _together(order.unit, own), row.rid, row)


def row_of(leaf: IncidentLeaf, its: str) -> Incident:
    """The row that an incident's leaf tells. Raises ValueError for a leaf that this version did not write."""
    extension = {} if leaf.x is UNSET else leaf.x.get(MEMBER)
    if not isinstance(extension, dict):
        raise ValueError("an incident without its members")
    try:
        return Incident(
            rid=its,
            line=leaf.rl,
            level=leaf.lvl,
            system=leaf.sys,
            copy=extension["cpy"],
            detector=extension["by"],
            evidence=tuple(extension["of"]),
            action="" if leaf.open is UNSET else leaf.open,
            at=leaf.t,
            evaluation=leaf.evl,
            planted=extension["planted"],
            measure=extension["did"],
            order=extension["order"],
            withheld=extension["held"],
        )
    except KeyError as missing:
        raise ValueError(f"an incident without {missing}") from None


def _together(order: Unit, incident: Unit) -> Unit:
    """Both or neither, in the lane of orders, the order first: the incident names it."""
    return Unit(
        leaves=(*order.leaves, *incident.leaves),
        effects=(*order.effects, *incident.effects),
        expect=order.expect,
        payloads=(*order.payloads, *incident.payloads),
        lane=Lane.STOP,
    )
