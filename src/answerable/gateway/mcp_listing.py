# SPDX-License-Identifier: Apache-2.0
"""``tools/list``: what this caller may call. What nobody classified, what changed since somebody stood for it, and what
the caller's warrant does not reach is not on the list."""

from __future__ import annotations

from typing import Any, Final

from answerable.errors import AnswerableError, Refused
from answerable.model.terms import Act, Effect
from answerable.model.tools import Definition, Tool
from answerable.model.warrants import Bearer
from answerable.pipeline.deps import Deps
from answerable.pipeline.errands import reached
from answerable.policy import worlds
from answerable.protocols.mcp import held
from answerable.protocols.mcp.message import NAME

PAGE: Final = 100
# An answer may be that the call waits for people, or why it is refused: no schema of the server's holds for it.
_LEFT_OUT: Final = frozenset({"outputSchema", "annotations", "execution"})


async def page(server: str, caller: Bearer, cursor: Any, deps: Deps) -> tuple[list[dict[str, Any]], str]:
    """The tools after `cursor`, and where the next page begins, "" after the last. Raises Refused ``tool.*`` for a
    server that is not there, ``stop.*``, ``mcp.params`` for a cursor that is none."""
    if cursor is not None and (type(cursor) is not str or NAME.fullmatch(cursor) is None):
        raise Refused("mcp.params", param="params.cursor", expected="one that this list gave")
    if deps.tools is None:
        raise Refused("tool.nowhere")
    seen = deps.tools.shown(server)
    if not await _there(server, deps):
        return [], ""
    tier = deps.tier_of(caller.system)
    every = [pair for pair in sorted(seen, key=lambda each: each[0].name) if _may(caller, pair[0], tier)]
    mine = [pair for pair in every if cursor is None or pair[0].name > cursor]
    shown = [entry(tool, definition) for tool, definition in mine[:PAGE]]
    if len(mine) > PAGE:
        return shown, mine[PAGE - 1][0].name
    if deps.holds is not None and every:
        shown.append(held.definition())
    return shown, ""


def entry(tool: Tool, definition: Definition) -> dict[str, Any]:
    """A tool as callers see it. Hints that agents act upon are what a person said of it, and not its server's."""
    body = {name: value for name, value in definition.body.items() if name not in _LEFT_OUT}
    body["annotations"] = {
        "readOnlyHint": tool.effect is Effect.READ,
        "destructiveHint": tool.effect is Effect.IRREVERSIBLE,
        "idempotentHint": tool.idempotency_s > 0,
        "openWorldHint": True,
    }
    return body


async def _there(server: str, deps: Deps) -> bool:
    """Whether the server's own system may act."""
    for served in deps.models.named(server, Act.TOOL_CALL):
        try:
            deps.gate.admit(await deps.desk.own(served.copy))
        except AnswerableError:
            continue
        return True
    return False


def _may(caller: Bearer, tool: Tool, tier: int) -> bool:
    """Whether a call with arguments inside its envelope could be let through, as the path judges it now: by the tool's
    row and its domain's, which may have been raised since, or be gone. tier: that the caller is judged at."""
    asks = worlds.asked(tool)
    if asks is None or not worlds.possible(asks, tool, tier=tier):
        return False
    try:
        reached(tool, asks, caller, tier)
    except Refused:
        return False
    return True
