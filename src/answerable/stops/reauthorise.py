# SPDX-License-Identifier: Apache-2.0
"""The one exemption from a stop: other officers sign one *new* system id beside the stopped one.

It restarts nothing and brings no id back. What it allows is that a system may be registered under that id with digests
that the order stopped; everything else about it is asked as for any other system.
"""

from __future__ import annotations

import re
from typing import Final

import msgspec
from msgspec import UNSET

from answerable.admission import wide
from answerable.crypto.random import nonce as fresh
from answerable.crypto.random import opaque_id
from answerable.errors import Refused
from answerable.log.leaf import encode, rid
from answerable.model.leaves import ReauthorisationLeaf
from answerable.model.records import Reauthorisation, Stop
from answerable.model.terms import OrderKind
from answerable.model.units import Expect, Put, Space, Unit
from answerable.ports import Directory
from answerable.stops.officers import people, signers
from answerable.stops.orders import find, plain
from answerable.stops.planned import Planned, encode_row, spend

OFFICERS: Final = 2
MAX_DIGESTS: Final = 16
_ID: Final = re.compile(r"spiffe://(?P<domain>[a-z0-9.-]{1,255})/system/[a-z2-7]{26}")


def statement(
    directory: Directory, *, order: str, digests: tuple[str, ...], id: str = "", att: str = "", nonce: str = ""
) -> ReauthorisationLeaf:
    """What officers sign (`log.statement.sign`). id: of the new system, drawn here if not given; att: rid of an
    attestation that speaks for it, if there is one. Raises Refused as `reauthorise` for the order and digests."""
    stop = _terminated(directory, order)
    _among(directory, stop, digests)
    return ReauthorisationLeaf(
        att=att or UNSET,
        dig=sorted(digests),
        id=id or f"spiffe://{directory.domain}/system/{opaque_id()}",
        n=nonce or fresh(),
        order=order,
        sigs=[],
        t=0,
    )


def reauthorise(directory: Directory, statement: ReauthorisationLeaf, now_ms: int) -> Planned[Reauthorisation]:
    """Plan a reauthorisation by two distinct officers, none of whom signed the order or the suspension before it.

    Raises Refused ``stop.order_unknown|not_termination|digest|id_taken|signature|not_officer|officers|same_officer|
    malformed|replayed``.
    """
    stop = _terminated(directory, statement.order)
    plain(statement)
    _among(directory, stop, tuple(statement.dig))
    match = _ID.fullmatch(statement.id)
    if match is None or match["domain"] != directory.domain:
        raise Refused("stop.malformed", detail="a system id that is not a new one of this registry")
    taken = (directory.raw(Space.SYSTEM_IDS, statement.id), directory.raw(Space.REAUTHORISATIONS, statement.id))
    if directory.system(statement.id) is not None or any(row is not None for row in taken):
        raise Refused("stop.id_taken", id=statement.id)
    officers = signers(directory, statement, statement.sigs)
    for officer in officers:
        if officer.person in _ordered_by(directory, stop):
            raise Refused("stop.same_officer", officer=officer.rid)
    if len(officers) < OFFICERS:
        raise Refused("stop.officers", need=OFFICERS, have=len(officers))
    data = encode(msgspec.structs.replace(statement, t=now_ms))
    row = Reauthorisation(
        rid=rid(data),
        order=stop.rid,
        id=statement.id,
        digests=tuple(statement.dig),
        at=now_ms,
        officers=tuple(officer.rid for officer in officers),
    )
    unused, spent = spend(directory, statement.n, now_ms)
    unit = Unit(
        leaves=(data,),
        effects=(Put(Space.REAUTHORISATIONS, row.id, encode_row(row)), spent),
        expect=(
            Expect(Space.REAUTHORISATIONS, row.id, None),
            Expect(Space.SYSTEM_IDS, row.id, None),
            Expect(Space.STOPS, stop.rid, directory.raw(Space.STOPS, stop.rid)),
            unused,
        ),
    )
    return Planned(unit, row.rid, row)


def _terminated(directory: Directory, order: str) -> Stop:
    stop = find(directory, order)
    if stop.kind != OrderKind.TERMINATE:
        raise Refused("stop.not_termination", order=stop.rid)
    return stop


def _among(directory: Directory, stop: Stop, digests: tuple[str, ...]) -> None:
    if not 0 < len(digests) <= MAX_DIGESTS or len(set(digests)) != len(digests):
        raise Refused("stop.malformed", detail=f"digests that are not 1 to {MAX_DIGESTS} different ones")
    for digest in digests:
        if digest not in stop.digests and not any(wide.reached(stop, each) for each in directory.by_digest(digest)):
            raise Refused("stop.digest", digest=digest[:80], order=stop.rid)


def _ordered_by(directory: Directory, stop: Stop) -> set[str]:
    """Persons who signed the order, or the suspension that it completed."""
    before = find(directory, stop.escalates).officers if stop.escalates else ()
    return people(directory, (*stop.officers, *before))
