# SPDX-License-Identifier: Apache-2.0
"""What came back of an order: receipts come in from anyone who carries them, and the count of who is left goes out.

Rings are never added up. A: copies under warrants, counted here. B: loaders elsewhere that ask for our signed list:
they refuse to load while it is fresh, and nobody can count them. C: weights that are in other hands: no claim.
"""

from __future__ import annotations

from typing import Final

from answerable.control.answers import Answer
from answerable.control.commit import ATTEMPTS
from answerable.control.routing import Call, Route
from answerable.control.services import Services
from answerable.errors import Refused, Unavailable
from answerable.model.records import Confirmed, Stop
from answerable.model.terms import AdminRole, Scope
from answerable.registry import nodes
from answerable.stops import confirming
from answerable.stops.closure import reached

SHOWN: Final = 1000  # copies that are listed; the counts are of all
LOOKED_AT: Final = 10_000  # systems whose licence is looked at
_LIST: Final = "sha256-list:"


class CopyLeft(Answer, frozen=True, kw_only=True):
    """A copy of which nothing is known yet. state: the newest that it told, "" for none; until: ms UTC, when its last
    warrant has ended by both rules, clock errors included."""

    copy: str
    id: str
    system: str
    state: str
    until: int


class RingB(Answer, frozen=True, kw_only=True):
    """Loaders that ask us before they load. digests: what our list names; counted: never, they do not say who they
    are."""

    digests: int
    counted: bool = False


class RingC(Answer, frozen=True, kw_only=True):
    """systems: reached systems whose weights were given out under a licence, of the first `of` that were looked at;
    claim: whether this order stops them."""

    systems: int
    of: int
    claim: bool = False


class NodeTold(Answer, frozen=True, kw_only=True):
    """A gateway node, and the newest state that it told of the order, "" for none."""

    node: str
    name: str
    state: str


class StopToldShown(Answer, frozen=True, kw_only=True):
    """Of ring A: copies; confirmed: by a signed receipt; expired: without a word, their last warrant has ended;
    unknown: neither. until: when the last of them will have expired; last: the latest action that any holder told
    of; violations: holders that told of an action after the bound."""

    order: str
    kind: str
    at: int
    now: int
    copies: int
    confirmed: int
    expired: int
    unknown: int
    until: int
    last: int
    left: list[CopyLeft]
    gateways: list[NodeTold]
    violations: list[Confirmed]
    ring_b: RingB
    ring_c: RingC


async def take(services: Services, data: bytes) -> Confirmed:
    """Record a receipt, once. Raises as `confirming.plan`, Unavailable ``log.*``."""
    for _ in range(ATTEMPTS):
        try:
            planned = confirming.plan(services.book, data, services.origin, services.clock.now_ms())
        except Refused as error:
            services.ledger.count_refusal(error.code)
            raise
        if planned.unit is None:
            return planned.row
        try:
            await services.ledger.commit(planned.unit)
        except Refused as error:
            if error.code != "log.conflict":
                raise
            continue  # the same came by two ways
        return planned.row
    raise Unavailable("relay.busy")


async def shown(services: Services, call: Call[None]) -> StopToldShown:
    now = services.clock.now_ms()
    order = call.path["order"]
    issuer = services.issuer
    found = confirming.standing(services.book, order, issuer.ends, services.started_ms, now, issuer.life_of)
    stop = found.stop
    hit = list(reached(services.book, stop.root, Scope(stop.scope)).systems[:LOOKED_AT])
    return StopToldShown(
        order=stop.rid,
        kind=stop.kind,
        at=stop.at,
        now=now,
        copies=found.copies,
        confirmed=found.confirmed,
        expired=found.expired,
        unknown=found.unknown,
        until=found.until,
        last=found.last,
        left=[
            CopyLeft(copy=each.copy.rid, id=each.copy.id, system=each.copy.system, state=each.state, until=each.until)
            for each in found.waiting[:SHOWN]
        ],
        gateways=[
            NodeTold(node=node.rid, name=node.name, state=confirming.state_of(services.book, order, node.rid))
            for node in nodes.running(services.book)
        ],
        violations=list(found.violations[:SHOWN]),
        ring_b=RingB(digests=_digests(stop)),
        ring_c=RingC(systems=sum(bool(system.licence and system.digests) for system in hit), of=len(hit)),
    )


def _digests(stop: Stop) -> int:
    """How many the order names; very many stand there by one entry, ``sha256-list:<n>:<hex>``."""
    return sum(int(each.split(":")[1]) if each.startswith(_LIST) else 1 for each in stop.digests)


ROUTES = (
    Route(
        "GET",
        "/stops/told/{order}",
        AdminRole.VIEWER,
        shown,
        StopToldShown,
        "How far an order has come: copies that confirmed it, that expired, and that are left.",
    ),
)
