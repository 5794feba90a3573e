# SPDX-License-Identifier: Apache-2.0
"""Why people's word on a hold counts no more, though nobody rejected it and its time is not over: what they looked at
is not what would happen now (`docs/spec/approval.md`)."""

from __future__ import annotations

from collections.abc import Container

import msgspec

from answerable.model.holds import Hold, Need
from answerable.model.tools import key
from answerable.model.units import Space
from answerable.ports import Directory

POLICY = "hold.void"
MOVED = "hold.moved"
REGISTERED = "hold.registered"


class _Row(msgspec.Struct, frozen=True):
    """Of a row of `Space.TOOLS`, what is asked here."""

    rid: str
    changed: int


_row = msgspec.json.Decoder(_Row).decode


def why(
    directory: Directory,
    hold: Hold,
    *,
    policy: str = "",
    need: Need | None = None,
    via: Container[str] = (),
    reg: str = "",
) -> str:
    """The code of what changed since it was asked; "" where nothing did that is asked about.

    policy: digest of the policy of now; need: who must agree now; via: rids of the systems that may answer now; reg:
    rid of the leaf by which the tool's call is judged. What is empty or None is not compared; the directory is asked
    for the tool's newest leaf in any case.
    """
    if (policy and policy != hold.pol) or (need is not None and not hold.need.covers(need)):
        return POLICY
    if via and hold.via not in via:
        return MOVED
    return "" if _stands(directory, hold, reg) else REGISTERED


def tool_of(hold: Hold) -> str:
    """Key of its tool's row in `Space.TOOLS`, "" where none is called or that is not known."""
    return key(hold.server, hold.tool) if hold.tool else ""


def _stands(directory: Directory, hold: Hold, reg: str) -> bool:
    """Whether the registry says of its tool, by one and the same leaf, what it said when it was asked. Of a row from
    before holds said which leaf that was: whether that leaf is older than the hold."""
    if hold.reg and reg and hold.reg != reg:
        return False
    raw = directory.raw(Space.TOOLS, tool_of(hold)) if hold.tool else None
    if raw is None:
        return not hold.reg or not hold.tool
    row = _row(raw)
    return hold.reg == row.rid if hold.reg else hold.at > row.changed
