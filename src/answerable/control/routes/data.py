# SPDX-License-Identifier: Apache-2.0
"""Who may read what was said, who did, and what is held about a party or a principal.

What was said leaves by one route alone, under a grant. The others tell that something is held, never what.
"""

from __future__ import annotations

from typing import Annotated, Final

import msgspec
from msgspec import UNSET, Meta

from answerable.control.answers import Answer
from answerable.control.commit import carry_out
from answerable.control.disclosure import disclose
from answerable.control.of_records import of_records
from answerable.control.routing import By, Call, Route
from answerable.control.services import Services
from answerable.control.subjects import subject
from answerable.control.words import Said
from answerable.errors import Refused
from answerable.log.checkpoint import parse
from answerable.log.leaf import decode, rid
from answerable.model.leaves import CloseLeaf, GrantLeaf, OpenLeaf, ReadLeaf, RevokeLeaf
from answerable.model.records import Grant, LegalHold, Reading
from answerable.model.terms import AdminRole
from answerable.model.units import Space
from answerable.pipeline.found import principal_tag
from answerable.privacy import erasure, grants, holds

SHOWN: Final = 50  # actions in one answer
LOOKED_AT: Final = 10_000  # records that one answer looks through for them
_grant = msgspec.json.Decoder(Grant).decode
_reading = msgspec.json.Decoder(Reading).decode


class GiveGrant(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """grant: the leaf with its signatures, `t` 0; basis: the words that it commits to, where it rests on a law."""

    grant: GrantLeaf
    basis: Said | None = None


class GiveRevocation(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    revoke: RevokeLeaf


class AskRead(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """read: the leaf with the signature of who asks, `t` 0."""

    read: ReadLeaf


class AskPrincipal(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """principal: the end user as the application named it: who knows it may ask what is held about it."""

    principal: Annotated[str, Meta(min_length=1, max_length=512)]


class Part(Answer, frozen=True, kw_only=True):
    """salt, body: base64; they match the commitment to `group` in the leaf `rid`."""

    rid: str
    group: str
    salt: bytes
    body: bytes


class ReadOut(Answer, frozen=True, kw_only=True):
    parts: list[Part]


class Held(Answer, frozen=True, kw_only=True):
    """One action. held: groups whose payload is kept; erased: rid of the erase leaf; hold: rid of the legal hold that
    keeps it; grants, reads: who may read it and who did, the oldest first."""

    record: str
    at: int
    act: str
    party: str
    system: str
    via: str
    outcome: str
    held: list[str]
    erased: str
    hold: str
    grants: list[Grant]
    reads: list[Reading]


class Mine(Answer, frozen=True, kw_only=True):
    """The newest first. next: where to go on (`before`), 0 at the end."""

    actions: list[Held]
    next: int


async def granted(services: Services, call: Call[None]) -> Grant:
    return grants.find(services.book, call.path["grant"])


async def grant(services: Services, call: Call[GiveGrant]) -> Grant:
    body = call.body
    words = body.basis.of("basis") if body.basis is not None else None
    found = await subject(services.reader, body.grant.of)
    planned, _ = await carry_out(
        services, lambda: grants.grant(services.book, body.grant, found, services.clock.now_ms(), words=words)
    )
    row: Grant = planned.row
    return row


async def revoke(services: Services, call: Call[GiveRevocation]) -> Grant:
    planned, _ = await carry_out(
        services, lambda: grants.revoke(services.book, call.body.revoke, services.clock.now_ms())
    )
    row: Grant = planned.row
    return row


async def read(services: Services, call: Call[AskRead]) -> ReadOut:
    parts = await disclose(services, call.by, call.body.read)
    return ReadOut(parts=[Part(rid=p.rid, group=p.group, salt=p.salt, body=p.body) for p in parts])


async def mine(services: Services, call: Call[None]) -> Mine:
    """What is held about the party whose key asks."""
    size = parse(await services.reader.checkpoint())[0].size
    end = min(call.number("before", size, 2**53 - 1), size)
    stop = max(0, end - LOOKED_AT)
    found: list[tuple[str, OpenLeaf]] = []
    own = f'"party":"{call.of.party}"'.encode()
    while end > stop and len(found) < SHOWN:
        start = max(stop, end - 1000)
        leaves = list(await services.reader.tail(start, end))
        while leaves and len(found) < SHOWN:
            data = leaves.pop()
            end -= 1
            if own not in data or b'"k":"open"' not in data:
                continue
            leaf = decode(data)
            if isinstance(leaf, OpenLeaf) and leaf.party == call.of.party:
                found.append((rid(data), leaf))
    return Mine(actions=await _shown(services, found), next=end)


async def about(services: Services, call: Call[AskPrincipal]) -> Mine:
    """What is held about a principal, whose own name for itself opens the commitments."""
    name = call.body.principal
    rids = await services.reader.by_tag(principal_tag(name, services.index_key))
    found: list[tuple[str, OpenLeaf]] = []
    for record in list(rids)[: -SHOWN - 1 : -1]:
        kept = await services.reader.payload(record, "pri")
        data = await services.reader.find(record)
        leaf = None if data is None else decode(data)
        if kept is not None and kept[1] == name.encode() and isinstance(leaf, OpenLeaf):
            found.append((record, leaf))
    if not found:
        raise Refused("privacy.unknown", what="principal", rid="?")
    return Mine(actions=await _shown(services, found), next=0)


async def _shown(services: Services, found: list[tuple[str, OpenLeaf]]) -> list[Held]:
    standing = holds.in_force(services.book.rows(Space.PRESERVED))
    records = [record for record, _ in found]
    allowed = await of_records(services.book.rows(Space.GRANTS), records, _grant)
    taken = await of_records(services.book.rows(Space.READS), records, _reading)
    return [
        await _held(services, record, leaf, standing, allowed.get(record, []), taken.get(record, []))
        for record, leaf in found
    ]


async def _held(
    services: Services,
    record: str,
    leaf: OpenLeaf,
    standing: tuple[LegalHold, ...],
    allowed: list[Grant],
    taken: list[Reading],
) -> Held:
    ending = await services.reader.close_of(record)
    closed = await services.reader.find(ending) if ending else None
    close = decode(closed) if closed is not None else None
    gone = erasure.find(services.book, record)
    via = "" if leaf.via is UNSET else leaf.via
    wanted = [(record, "in"), (record, "ctx"), (record, "pri"), *([(ending, "out")] if ending else [])]
    return Held(
        record=record,
        at=leaf.t,
        act=leaf.act,
        party=_party(services, leaf.party),
        system=_system(services, leaf.sys),
        via=_system(services, via) if via else "",
        outcome=close.st if isinstance(close, CloseLeaf) else leaf.dec,
        held=[group for of, group in wanted if await services.reader.payload(of, group) is not None],
        erased=gone.rid if gone is not None else "",
        hold=holds.over(standing, record, leaf.party, (leaf.sys, via)),
        grants=allowed,
        reads=taken,
    )


def _party(services: Services, rid: str) -> str:
    party = services.book.party(rid)
    return party.name if party is not None else rid


def _system(services: Services, rid: str) -> str:
    system = services.book.system(rid)
    return f"{system.name} {system.version}".strip() if system is not None else rid


ROUTES = (
    Route(
        "GET",
        "/data/mine",
        By.PARTY,
        mine,
        Mine,
        "What is held about the party that asks, and who read it.",
        query={"before": "index to go on from, `next` of the answer before"},
    ),
    Route(
        "POST",
        "/data/about",
        AdminRole.VIEWER,
        about,
        Mine,
        "What is held about a principal, and who read it.",
        AskPrincipal,
    ),
    Route("GET", "/data/grants/{grant}", AdminRole.VIEWER, granted, Grant, "One grant."),
    Route(
        "POST",
        "/data/grants",
        AdminRole.VIEWER,
        grant,
        Grant,
        "Let a person read one action; the party that answers signs, or two officers where it rests on a law.",
        GiveGrant,
    ),
    Route(
        "POST",
        "/data/grants/revoke",
        AdminRole.VIEWER,
        revoke,
        Grant,
        "End a grant; the party that answers signs, or one officer.",
        GiveRevocation,
    ),
    Route(
        "POST",
        "/data/read",
        AdminRole.VIEWER,
        read,
        ReadOut,
        "Read what was said, under a grant to the person who asks; a leaf says so first.",
        AskRead,
    ),
)
