# SPDX-License-Identifier: Apache-2.0
"""From a record id to the action as privacy sees it: who answers, which systems took part, where its leaves stand."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final

from msgspec import UNSET

from answerable.control.services import Reader
from answerable.errors import Refused
from answerable.log.leaf import decode
from answerable.log.leaf import rid as rid_of
from answerable.model.leaves import CloseLeaf, Leaf, OpenLeaf, PartyLeaf
from answerable.model.records import Party
from answerable.model.terms import Ruling
from answerable.model.units import Expect, Space
from answerable.ports import Directory
from answerable.privacy.erasure import of_person
from answerable.privacy.statements import Subject

_PARTY: Final = b'"k":"party"'  # leaves have one encoding


async def subject(reader: Reader, record: str, *, beside: Sequence[str] = ()) -> Subject:
    """The action whose open or close leaf is `record`. beside: rids of more leaves of it that hold
    payloads. Raises Refused ``privacy.unknown`` for what is no action."""
    leaf = await _leaf(reader, record)
    if isinstance(leaf, CloseLeaf):
        record, leaf = leaf.open, await _leaf(reader, leaf.open)
    if not isinstance(leaf, OpenLeaf):
        raise Refused("privacy.unknown", what="action", rid=record[:64])
    ending = await reader.close_of(record)
    rids = dict.fromkeys([record, *([ending] if ending else []), *beside])
    return Subject(
        record=record,
        party=leaf.party,
        systems=(leaf.sys, *(() if leaf.via is UNSET else (leaf.via,))),
        leaves=tuple([((await reader.prove(rid)).index, rid) for rid in rids]),
        ended=bool(ending) or leaf.dec != Ruling.PERMIT,
    )


async def person(reader: Reader, directory: Directory, party: Party) -> Subject:
    """What is erased with a natural person's name: every leaf that commits to it. Raises Refused
    ``privacy.organisation``."""
    row = Expect(Space.PARTIES, party.rid, directory.raw(Space.PARTIES, party.rid))
    first = (await reader.prove(party.rid)).index
    found = [(first, party.rid)]
    if party.stands:  # the newest that changed the standing; others lie between
        start, end = first + 1, (await reader.prove(party.stands)).index + 1
        while start < end:
            for index, data in enumerate(leaves := await reader.tail(start, end), start):
                leaf = decode(data) if _PARTY in data else None
                if isinstance(leaf, PartyLeaf) and leaf.prev == party.rid:
                    found.append((index, rid_of(data)))
            start += len(leaves)
    return of_person(party, tuple(found), row)


async def _leaf(reader: Reader, rid: str) -> Leaf | None:
    data = await reader.find(rid)
    return None if data is None else decode(data)
