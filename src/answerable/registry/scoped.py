# SPDX-License-Identifier: Apache-2.0
"""What a system may reach with tools, and which system made it: extensions of its leaf (`docs/spec/leaves.md`).

``answerable.scope``: {"may": the gravest that its tool calls may be, "tools": [patterns]}, each left out where nothing
was said; ``answerable.maker``: rid of the copy that registered it through the gate.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any, Final

import msgspec
from msgspec import UNSET, UnsetType

from answerable.errors import Refused, Unavailable
from answerable.model.leaves import SystemLeaf
from answerable.model.records import System
from answerable.model.scopes import FORM, permits
from answerable.model.terms import Criticality, Effect
from answerable.model.tools import Tool, ToolState
from answerable.model.units import Space
from answerable.ports import Directory
from answerable.registry import owners
from answerable.registry.requests import RegisterSystem

SCOPE: Final = "answerable.scope"
MAKER: Final = "answerable.maker"
# A system's leaf has 4096 bytes, and its warrants carry the list with every call.
MAX_CHARS: Final = 1_536
# What a tool's effect says of who calls it, in the words of the tier table.
_tool = msgspec.json.Decoder(Tool).decode
_TRAITS: Final = {Effect.WRITE: "tools.write", Effect.IRREVERSIBLE: "tools.irreversible"}


def check(request: RegisterSystem) -> None:
    """Raises Refused ``system.field`` for a scope of another form, or a reach below the system's own criticality."""
    scope = request.tools
    if scope is not None:
        if not all(FORM.fullmatch(pattern) for pattern in scope):
            raise _bad("tools", "a pattern is server/tool, server/* or *")
        if len(set(scope)) != len(scope):
            raise _bad("tools", "one is given twice")
        if sum(map(len, scope)) > MAX_CHARS:
            raise _bad("tools", f"more than {MAX_CHARS} characters together")
    if request.max_criticality is not None and request.max_criticality.rank < request.criticality.rank:
        raise _bad("max_criticality", "below the criticality of the system itself")


def follows(directory: Directory, scope: tuple[str, ...] | None) -> frozenset[str]:
    """The capabilities of a system that names these tools, by what they leave behind as it registers. A tool that is
    classified later changes nobody's tier: its own class says what a call of it asks for. Nothing follows from a scope
    that nobody declared. Raises Unavailable ``system.damaged``."""
    if not scope:
        return frozenset()
    return frozenset(
        _TRAITS[tool.effect]
        for tool in tools(directory)
        if tool.state is ToolState.CLASSIFIED and tool.effect in _TRAITS and permits(scope, tool.key)
    )


def tools(directory: Directory) -> Iterator[Tool]:
    """Every tool that is registered. Raises Unavailable ``system.damaged`` for a row that cannot be read."""
    for key, raw in directory.rows(Space.TOOLS):
        try:
            yield _tool(raw)
        except msgspec.MsgspecError:
            raise Unavailable("system.damaged", row=f"tools/{key}") from None


def extension(system: System) -> dict[str, Any] | UnsetType:
    """What the `x` of a system's leaf holds: its owners, its scope, its maker."""
    owned = owners.extension(system)
    found: dict[str, Any] = {} if isinstance(owned, UnsetType) else owned
    said: dict[str, Any] = {}
    if system.may is not None:
        said["may"] = system.may.value
    if system.scope is not None:
        said["tools"] = list(system.scope)
    if said:
        found[SCOPE] = said
    if system.maker:
        found[MAKER] = {"rid": system.maker}
    return found or UNSET


def of_leaf(leaf: SystemLeaf) -> tuple[tuple[str, ...] | None, Criticality | None, str | None]:
    """(scope, may, maker) as the leaf says. Raises ValueError for another form."""
    told = leaf.x if isinstance(leaf.x, dict) else {}
    try:
        said, maker = dict(told.get(SCOPE, {})), dict(told.get(MAKER, {}))
        tools, may = said.get("tools"), said.get("may")
        scope = None if tools is None else tuple(str(pattern) for pattern in tools)
        return scope, None if may is None else Criticality(may), str(maker["rid"]) if maker else None
    except (KeyError, TypeError):
        raise ValueError("a scope or a maker of another form") from None


def _bad(field: str, problem: str) -> Refused:
    return Refused("system.field", field=field, problem=problem)
