# SPDX-License-Identifier: Apache-2.0
"""Rows of actions that wait for people, told again from their leaves: hold, approval, planted, and the open leaf that
spends one."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import msgspec

from answerable.crypto import jcs
from answerable.errors import VerificationError
from answerable.model.holds import Ballot, Hold, Vote
from answerable.model.leaves import ApprovalLeaf, HoldLeaf, OpenLeaf, PlantedLeaf
from answerable.model.terms import Act, AdminRole
from answerable.model.units import Effect, Put, Space
from answerable.registry.book import Book
from answerable.sequencer.replay_privacy import LeafOf
from answerable.sequencer.replay_stops import spent
from answerable.tools import exact
from answerable.tools.holds import GROUP, INDEX, OPENED, REGISTERED, SPENDS
from answerable.tools.planned import put
from answerable.tools.planted import says_planted
from answerable.tools.votes import counted, needs

_row = msgspec.json.Decoder(Hold).decode


def hold(
    leaf: HoldLeaf, rid: str, leaf_of: LeafOf, told: Callable[[str, str], str | None], index_key: bytes = b""
) -> list[Effect]:
    """index_key: under which calls find their holds; without it no row says how. Raises ValueError for a hold of what
    was not held, AnswerableError for a call that cannot be read."""
    opened = leaf_of(leaf.open)
    if not isinstance(opened, OpenLeaf) or opened.dec != "hold":
        raise ValueError("it holds what no open leaf held")
    call = told(leaf.open, exact.GROUP)
    members = _members(call)
    reg = leaf.x.get(REGISTERED, "") if isinstance(leaf.x, dict) else ""
    if not isinstance(reg, str):
        raise ValueError("a registration of another form")
    kind = told(rid, GROUP)
    row = Hold(
        rid=rid,
        open=leaf.open,
        act=Act(opened.act),
        system=opened.sys,
        via=opened.via if isinstance(opened.via, str) else "",
        rule=opened.rule,
        dig=leaf.dig,
        pol=leaf.pol,
        people=leaf.need,
        roles=tuple(AdminRole(role) for role in leaf.roles),
        at=leaf.t,
        exp=leaf.exp,
        call=leaf.open,
        copy=members.get("copy", ""),
        server=members.get("server", ""),
        tool=members.get("tool", ""),
        planted=says_planted(kind or ""),
        reg=reg,
    )
    if not index_key:
        return [put(Space.HELD, rid, row)]
    marks: tuple[str, ...] = ()
    if members and call is not None and kind is not None and not row.planted:  # no call ever finds what was planted
        shared = jcs.dumps({**members, "copy": ""})
        marks = exact.tag(call.encode(), index_key), exact.tag(shared, index_key)
        row = msgspec.structs.replace(row, tag=marks[1])
    names = (OPENED + leaf.open, *[INDEX + mark for mark in marks])
    return [put(Space.HELD, rid, row), *[Put(Space.HELD, name, rid.encode()) for name in names]]


def approval(book: Book, leaf: ApprovalLeaf, rid: str) -> list[Effect]:
    """Raises ValueError for a vote on what is not held, or by nobody."""
    row = _held(book, leaf.hold)
    dec = Ballot(leaf.dec)
    votes = [
        Vote(leaf=rid, key=each.rid, person=each.person, dec=dec, dig=leaf.dig, at=leaf.t)
        for each in counted(book, leaf)
    ]
    row = msgspec.structs.replace(row, votes=(*row.votes, *votes))
    if dec is Ballot.REJECT:
        row = msgspec.structs.replace(row, rejected=rid)
    elif dec is Ballot.MODIFY:
        row = msgspec.structs.replace(row, dig=leaf.dig, asked=row.asked or row.dig, call=rid)
    elif dec is Ballot.ESCALATE:
        need = needs(leaf)
        row = msgspec.structs.replace(row, people=need.people, roles=need.roles)
    return [put(Space.HELD, row.rid, row), spent(leaf.n, leaf.t)]


def opening(book: Book, leaf: PlantedLeaf, rid: str) -> list[Effect]:
    """Raises ValueError for what is not held."""
    row = msgspec.structs.replace(_held(book, leaf.hold), planted=says_planted(leaf.kind), opened=rid)
    return [put(Space.HELD, row.rid, row)]


def spending(book: Book, leaf: OpenLeaf, rid: str) -> list[Effect]:
    """What an open leaf that is a permit does to the hold that it names. Raises ValueError for one that is used twice,
    or was never held."""
    named = leaf.x.get(SPENDS) if isinstance(leaf.x, dict) else None
    if named is None:
        return []
    row = _held(book, named if isinstance(named, str) else "")
    if row.spent:
        raise ValueError("it uses an approval that was used")
    return [put(Space.HELD, row.rid, msgspec.structs.replace(row, spent=rid))]


def _held(book: Book, rid: str) -> Hold:
    raw = book.raw(Space.HELD, rid)
    if raw is None:
        raise ValueError("it is about what was never held")
    return _row(raw)


def _members(text: str | None) -> dict[str, Any]:
    if text is None:
        return {}
    try:
        return exact.read(text.encode())
    except VerificationError:
        return {}
