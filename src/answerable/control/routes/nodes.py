# SPDX-License-Identifier: Apache-2.0
"""Gateway nodes: enrolled and withdrawn by an administrator, listed with what each log has come to."""

from __future__ import annotations

from answerable.control.answers import Answer, Recorded
from answerable.control.commit import carry_out
from answerable.control.routing import Call, Route
from answerable.control.services import Services
from answerable.log.leaf import decode
from answerable.log.note import VerifierKey
from answerable.model.leaves import ShardLeaf
from answerable.model.records import Node
from answerable.model.terms import AdminRole
from answerable.model.units import Space
from answerable.registry import nodes
from answerable.registry.nodes import EnrolNode
from answerable.registry.requests import WithdrawKey

SHARD = "shard:"  # as `sequencer.replay.SHARD`: the newest checkpoint of a log that is recorded here


class NodeListed(Answer, frozen=True, kw_only=True):
    """party: name of who answers for its records; size: of its log as recorded here, 0 for none; at: when, ms UTC;
    heard: when it last asked something, since this start, ms UTC, 0 for never; copies: that it keeps the warrants
    of."""

    node: Node
    party: str
    size: int
    at: int
    heard: int
    copies: int


async def listed(services: Services, call: Call[None]) -> list[NodeListed]:
    return [_listed(services, node) for node in sorted(nodes.every(services.book), key=lambda node: node.since)]


async def enrol(services: Services, call: Call[EnrolNode]) -> Recorded:
    planned, written = await carry_out(
        services, lambda: nodes.enrol(services.book, call.body, services.clock.now_ms(), by=call.by.rid)
    )
    return Recorded(rid=planned.rid, id=call.body.name, index=written.first, at=written.at)


async def withdraw(services: Services, call: Call[WithdrawKey]) -> Recorded:
    planned, written = await carry_out(
        services, lambda: nodes.withdraw(services.book, call.body, services.clock.now_ms(), by=call.by.rid)
    )
    return Recorded(rid=planned.rid, id=planned.id, index=written.first, at=written.at)


def _listed(services: Services, node: Node) -> NodeListed:
    row = services.book.raw(Space.MISC, SHARD + VerifierKey.parse(node.log).name)
    last = decode(row) if row is not None else None
    party = services.book.party(node.party)
    return NodeListed(
        node=node,
        party=party.name if party is not None else node.party,
        size=last.size if isinstance(last, ShardLeaf) else 0,
        at=last.t if isinstance(last, ShardLeaf) else 0,
        heard=services.heard().get(node.rid, 0),
        copies=sum(copy.node == node.rid and not copy.ended for copy in services.book.copies()),
    )


ROUTES = (
    Route("GET", "/nodes", AdminRole.VIEWER, listed, list[NodeListed], "Gateways on other hosts, and their logs."),
    Route(
        "POST",
        "/nodes",
        AdminRole.ADMINISTRATOR,
        enrol,
        Recorded,
        "Enrol a gateway on another host; its own key signs.",
        EnrolNode,
    ),
    Route("POST", "/nodes/withdraw", AdminRole.ADMINISTRATOR, withdraw, Recorded, "End a gateway node.", WithdrawKey),
)
