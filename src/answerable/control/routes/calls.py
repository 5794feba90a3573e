# SPDX-License-Identifier: Apache-2.0
"""Calls of tools whose end nobody saw, and a person's word on how each ended."""

from __future__ import annotations

from typing import Any

import msgspec

from answerable.control.answers import Answer
from answerable.control.commit import carry_out
from answerable.control.routing import MAX_PAGE, Call, Route
from answerable.control.services import Services
from answerable.control.words import Said
from answerable.errors import Refused
from answerable.log.leaf import decode
from answerable.model.calls import TOOL, CallState, Verdict
from answerable.model.leaves import OpenLeaf, SettleLeaf
from answerable.model.terms import AdminRole
from answerable.tools import settling
from answerable.tools.calls import Calls
from answerable.tools.settling import Why


class CallShown(Answer, frozen=True, kw_only=True):
    """record: rid of the open leaf; state: begun (nobody wrote its end) or unknown (it was sent, and no answer came);
    system: name of who asked; server, tool: what was called; since: ms UTC; running: it is under way now."""

    record: str
    state: CallState
    system: str
    system_rid: str
    server: str
    tool: str
    since: int
    running: bool


class Settled(Answer, frozen=True, kw_only=True):
    """rid: of the settle leaf; blocks: whether the same call is still not run again."""

    rid: str
    record: str
    verdict: Verdict
    blocks: bool


class GiveSettlement(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """settle: the leaf with its signature (`docs/spec/calls.md`), `t` 0; reason: the words that it commits to."""

    settle: SettleLeaf
    reason: Said


async def listed(services: Services, call: Call[None]) -> list[CallShown]:
    calls = _calls(services)
    rows = calls.unsettled()[-MAX_PAGE:]
    return [await _shown(services, row.record, row.state, row.since, calls.running(row.record)) for _, row in rows]


async def settle(services: Services, call: Call[GiveSettlement]) -> Settled:
    leaf, words = call.body.settle, call.body.reason.of("reason")
    calls = _calls(services)
    data = await services.reader.find(leaf.open)
    opened = decode(data) if data is not None else None
    caller = opened.sys if isinstance(opened, OpenLeaf) else ""
    planned, _ = await carry_out(
        services,
        lambda: settling.settle(
            services.book,
            leaf,
            Why(words.salt, words.body),
            services.clock.now_ms(),
            running=calls.running(leaf.open),
            caller=caller,
        ),
    )
    verdict = Verdict(leaf.st)
    return Settled(rid=planned.rid, record=leaf.open, verdict=verdict, blocks=verdict is Verdict.DONE)


def _calls(services: Services) -> Calls:
    if services.calls is None:
        raise Refused("tool.nowhere")
    return services.calls


async def _shown(services: Services, record: str, state: CallState, since: int, running: bool) -> CallShown:
    data = await services.reader.find(record)
    leaf = decode(data) if data is not None else None
    said: Any = leaf.x.get(TOOL, {}) if isinstance(leaf, OpenLeaf) and isinstance(leaf.x, dict) else {}
    system = services.book.system(leaf.sys) if isinstance(leaf, OpenLeaf) else None
    return CallShown(
        record=record,
        state=state,
        system=system.name if system is not None else "",
        system_rid=system.rid if system is not None else "",
        server=said.get("srv", ""),
        tool=said.get("name", ""),
        since=since,
        running=running,
    )


ROUTES = (
    Route("GET", "/calls", AdminRole.VIEWER, listed, list[CallShown], "Tool calls whose end nobody saw."),
    Route(
        "POST",
        "/calls/settle",
        AdminRole.VIEWER,
        settle,
        Settled,
        "Say how a tool call ended whose end nobody saw; one person in office signs.",
        GiveSettlement,
    ),
)
