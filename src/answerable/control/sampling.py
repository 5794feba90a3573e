# SPDX-License-Identifier: Apache-2.0
"""Recorded actions as descriptions, so that another policy can be asked about what really happened.

A leaf tells who asked whom, for what and at which tier, not every fact of then: the rest is taken from the registry as
it is now, the data counts as open, and what a tool asks for counts as there where the action was not refused.
"""

from __future__ import annotations

from typing import Any, Final

from msgspec import UNSET

from answerable.control.answers import Answer
from answerable.model.calls import TOOL
from answerable.model.leaves import OpenLeaf
from answerable.model.records import System
from answerable.model.terms import Act, Locality, Ruling, Standing, World
from answerable.model.tools import Tool, ToolState, key
from answerable.model.units import Space
from answerable.policy.described import Described
from answerable.registry.book import Book
from answerable.tools import told

_ACTS: Final = {each.value for each in Act}
_STANDINGS: Final = tuple(Standing)


class Sampled(Answer, frozen=True, kw_only=True):
    """rid: of the open leaf; ruling, rule: what was decided then."""

    rid: str
    at: int
    ruling: str
    rule: str
    described: Described


def described(book: Book, leaf: OpenLeaf) -> Described | None:
    """None for what was refused before any rule was asked, for acts of other kinds, and where the registry does not
    know any more who or what it was."""
    caller, via = book.system(leaf.sys), book.system(leaf.via) if leaf.via is not UNSET else None
    party = book.party(leaf.party)
    if leaf.act not in _ACTS or caller is None or via is None or party is None or leaf.wld not in set(World):
        return None
    tool: Tool | None = None
    if leaf.act == Act.TOOL_CALL and (tool := _tool(book, leaf)) is None:
        return None
    there = leaf.dec != Ruling.REFUSE
    return Described(
        act=Act(leaf.act),
        tier=min(leaf.tier, 4),
        world=World(leaf.wld),
        criticality=caller.criticality if tool is None else tool.criticality,
        audience=caller.audience,
        standing=min(party.standing, _standing(book, via), key=_STANDINGS.index),
        locality=via.locality if via.upstream else Locality.LOCAL,
        envelope=there and tool is not None and tool.envelope is not None,
        guarded=there,
        attested=there,
        funded=there,
        system=caller.id,
        name=caller.name,
        kind=caller.kind,
        capabilities=caller.capabilities,
        party=party.id,
        via=via.id,
        principal="somebody" if leaf.pri is not UNSET else "",
        **_row(tool),
    )


def _row(tool: Tool | None) -> dict[str, Any]:
    if tool is None:
        return {}
    return {
        "server": tool.server,
        "tool": tool.name,
        "domain": tool.domain,
        "effect": tool.effect,
        "approvals": tool.approvals,
        "roles": tool.roles,
        "attestation": tool.attestation,
        "max_tier": tool.max_tier,
    }


def _tool(book: Book, leaf: OpenLeaf) -> Tool | None:
    said = leaf.x.get(TOOL) if leaf.x is not UNSET else None
    if not isinstance(said, dict):
        return None
    raw = book.raw(Space.TOOLS, key(str(said.get("srv")), str(said.get("name"))))
    tool = told.decode(raw) if raw is not None else None
    return tool if tool is not None and tool.state is ToolState.CLASSIFIED else None


def _standing(book: Book, system: System) -> Standing:
    """The weakest of the parties that answer for it."""
    found = [party.standing for entry in system.parties if (party := book.party(entry.party)) is not None]
    return min(found, key=_STANDINGS.index) if found else Standing.DECLARED
