# SPDX-License-Identifier: Apache-2.0
"""The log itself: its head, the proof of one record, the newest records, and what they add up to."""

from __future__ import annotations

from typing import Any

import msgspec
from msgspec import UNSET

from answerable.control.answers import Answer
from answerable.control.receipts import signed
from answerable.control.routing import MAX_PAGE, Call, Route
from answerable.control.services import Services
from answerable.errors import Refused
from answerable.log import cose
from answerable.log.checkpoint import parse
from answerable.log.leaf import decode, rid
from answerable.log.merkle import verify_consistency
from answerable.log.receipt import Proved
from answerable.model.leaves import CloseLeaf, OpenLeaf
from answerable.model.terms import AdminRole, Ruling

TAIL = 200


class Head(Answer, frozen=True, kw_only=True):
    """note: the signed checkpoint; trust: the text of a trust file for it; cosigned: the newest one that a quorum of
    witnesses cosigned, "" where there is none."""

    origin: str
    size: int
    root: str
    note: str
    trust: str
    cosigned: str


class ProvenRecord(Answer, frozen=True, kw_only=True):
    """leaf: its exact bytes; path: the nodes from the leaf up, base64; note: the checkpoint that it leads to."""

    rid: str
    index: int
    leaf: bytes
    path: list[bytes]
    note: str


class Growth(Answer, frozen=True, kw_only=True):
    """That the tree of `old` leaves is the beginning of the one that `note` signs. path: base64, from the left."""

    old: int
    size: int
    path: list[bytes]
    note: str


class Signed(Answer, frozen=True, kw_only=True):
    """receipt: a COSE receipt (RFC 9942), base64."""

    receipt: bytes


class Entry(Answer, frozen=True, kw_only=True):
    """leaf: as it stands in the log, decoded."""

    index: int
    rid: str
    kind: str
    at: int
    leaf: dict[str, Any]


class Activity(Answer, frozen=True, kw_only=True):
    """What one system did within the records that were looked at. asked: actions that it began; answered: actions that
    it, as a model, ended well; millijoule: of what it answered."""

    system: str
    name: str
    copies: int
    asked: int
    refused: int
    answered: int
    failed: int
    tokens_in: int
    tokens_out: int
    millijoule: int


class Active(Answer, frozen=True, kw_only=True):
    """since: ms UTC of the oldest record looked at."""

    now: int
    since: int
    size: int
    flights: int
    systems: list[Activity]


class _Sum(msgspec.Struct):
    asked: int = 0
    refused: int = 0
    answered: int = 0
    failed: int = 0
    tokens_in: int = 0
    tokens_out: int = 0
    millijoule: int = 0


async def checkpoint(services: Services, call: Call[None]) -> Head:
    note = await services.reader.checkpoint()
    head = parse(note)[0]
    return Head(
        origin=head.origin,
        size=head.size,
        root=head.root.hex(),
        note=note.decode("utf-8"),
        trust=services.trust,
        cosigned=services.cosigned().decode("utf-8"),
    )


async def prove(services: Services, call: Call[None]) -> ProvenRecord:
    cosigned = call.query.get("cosigned") == "yes"
    note, proved = await services.reader.prove_all([call.path["rid"]], cosigned=cosigned)
    found = proved[0]
    return ProvenRecord(
        rid=call.path["rid"], index=found.index, leaf=found.leaf, path=list(found.proof), note=note.decode("utf-8")
    )


async def consistency(services: Services, call: Call[None]) -> Growth:
    note, old, path = await _growth(services, call)
    return Growth(old=old, size=parse(note)[0].size, path=path, note=note.decode("utf-8"))


async def cose_record(services: Services, call: Call[None]) -> Signed:
    note, proved = await services.reader.prove_all([call.path["rid"]])
    record = Proved(proved[0].leaf, proved[0].index, tuple(proved[0].proof))
    return Signed(receipt=signed(services.signing, note, record))


async def cose_consistency(services: Services, call: Call[None]) -> Signed:
    note, old, path = await _growth(services, call)
    head = parse(note)[0]
    beginning = await services.reader.root(old)
    # The log signs no root that it has not published.
    verify_consistency(old, beginning, head.size, head.root, path)
    made = cose.sign_consistency(head.origin, old, beginning, head.size, path, services.signing)
    return Signed(receipt=made)


async def _growth(services: Services, call: Call[None]) -> tuple[bytes, int, list[bytes]]:
    note = await services.reader.checkpoint()
    head = parse(note)[0]
    old = call.number("old", head.size, head.size)
    return note, old, list(await services.reader.consistency(old, head.size))


async def records(services: Services, call: Call[None]) -> list[Entry]:
    size = await services.reader.size()
    count = call.number("count", TAIL)
    start = call.number("from", max(0, size - count), 2**53 - 1)
    leaves = await services.reader.tail(start, min(size, start + count))
    return [_entry(start + n, data) for n, data in enumerate(leaves)]


async def record(services: Services, call: Call[None]) -> Entry:
    found = await services.reader.find(call.path["rid"])
    if found is None:
        raise Refused("admin.not_found", name=call.path["rid"][:64])
    return _entry((await services.reader.prove(call.path["rid"])).index, found)


async def activity(services: Services, call: Call[None]) -> Active:
    size = await services.reader.size()
    start = max(0, size - call.number("last", MAX_PAGE))
    sums: dict[str, _Sum] = {}
    makers: dict[str, str] = {}
    since = services.clock.now_ms()
    for data in await services.reader.tail(start, size):
        leaf = decode(data)
        since = min(since, leaf.t)
        if isinstance(leaf, OpenLeaf):
            row = sums.setdefault(leaf.sys, _Sum())
            row.asked += 1
            row.refused += leaf.dec == Ruling.REFUSE.value
            makers[rid(data)] = leaf.sys if leaf.via is UNSET else leaf.via
        elif isinstance(leaf, CloseLeaf) and leaf.open in makers:
            _close(sums.setdefault(makers[leaf.open], _Sum()), leaf)
    return Active(
        now=services.clock.now_ms(),
        since=since,
        size=size,
        flights=len(services.flights),
        systems=[_activity(services, system, row) for system, row in sums.items()],
    )


def _close(row: _Sum, leaf: CloseLeaf) -> None:
    row.answered += leaf.st == "done"
    row.failed += leaf.st != "done"
    if leaf.u is not UNSET:
        row.tokens_in += leaf.u.in_
        row.tokens_out += leaf.u.out
        row.millijoule += 0 if leaf.u.mj is UNSET else leaf.u.mj


def _activity(services: Services, rid: str, row: _Sum) -> Activity:
    system = services.book.system(rid)
    return Activity(
        system=rid,
        name=f"{system.name} {system.version}".strip() if system else rid,
        copies=sum(1 for _ in services.book.copies_of(rid)),
        **msgspec.structs.asdict(row),
    )


def _entry(index: int, data: bytes) -> Entry:
    leaf: dict[str, Any] = msgspec.json.decode(data)
    return Entry(index=index, rid=rid(data), kind=leaf["k"], at=leaf["t"], leaf=leaf)


ROUTES = (
    Route("GET", "/log/checkpoint", AdminRole.VIEWER, checkpoint, Head, "The log's signed head."),
    Route(
        "GET",
        "/log/prove/{rid}",
        AdminRole.VIEWER,
        prove,
        ProvenRecord,
        "One record and its inclusion proof.",
        query={"cosigned": "`yes`: against a checkpoint that a quorum cosigned, where there are witnesses"},
    ),
    Route(
        "GET",
        "/log/consistency",
        AdminRole.VIEWER,
        consistency,
        Growth,
        "That the log only grew.",
        query={"old": "the size that it had"},
    ),
    Route("GET", "/log/cose/{rid}", AdminRole.VIEWER, cose_record, Signed, "A COSE receipt of one record."),
    Route(
        "GET",
        "/log/cose",
        AdminRole.VIEWER,
        cose_consistency,
        Signed,
        "A COSE receipt that the log only grew.",
        query={"old": "the size that it had"},
    ),
    Route(
        "GET",
        "/log/records",
        AdminRole.VIEWER,
        records,
        list[Entry],
        "Records in order, the newest if not told.",
        query={"from": "index of the first", "count": f"how many, {TAIL} if not told"},
    ),
    Route("GET", "/log/records/{rid}", AdminRole.VIEWER, record, Entry, "One record."),
    Route(
        "GET",
        "/activity",
        AdminRole.VIEWER,
        activity,
        Active,
        "Who did how much in the newest records.",
        query={"last": f"how many records, {MAX_PAGE} if not told"},
    ),
)
