# SPDX-License-Identifier: Apache-2.0
"""Legal holds: what must not be erased, whatever its time and whoever asks.

The safe direction takes one officer, the other two, as with stop orders: one suspends, two release.
"""

from __future__ import annotations

from collections.abc import Iterable

import msgspec
from msgspec import UNSET

from answerable.crypto.random import nonce as fresh
from answerable.errors import Refused
from answerable.log.leaf import encode, rid
from answerable.model.leaves import Commitments, PreserveLeaf
from answerable.model.records import LegalHold
from answerable.model.terms import HoldScope
from answerable.model.units import HOLDS, Expect, Put, Space, Unit
from answerable.ports import Directory
from answerable.privacy.statements import OFFICERS, Planned, Subject, Words, encode_row, known, officers, spend

_row = msgspec.json.Decoder(LegalHold).decode


def statement(scope: HoldScope, of: str, reason: Words, *, prev: str = "", nonce: str = "") -> PreserveLeaf:
    """What officers sign. of: rid of the open leaf, party or system; prev: rid of the hold, to lift it."""
    return PreserveLeaf(
        c=Commitments(reason=reason.commitment),
        n=nonce or fresh(),
        of=of,
        prev=prev or UNSET,
        scope=scope.value,
        sigs=[],
        st="lift" if prev else "hold",
        t=0,
    )


def hold(
    directory: Directory, leaf: PreserveLeaf, reason: Words, now_ms: int, *, subject: Subject | None = None
) -> Planned:
    """Plan a legal hold, signed by one officer. subject: the action, where the scope is a record.

    Raises Refused ``privacy.malformed|unknown|signer|signature|officers|replayed``.
    """
    _check(leaf, reason, "hold")
    if leaf.prev is not UNSET:
        raise Refused("privacy.malformed", detail="a hold that lifts another")
    if not _exists(directory, leaf, subject):
        raise Refused("privacy.unknown", what=leaf.scope[:16], rid=leaf.of[:64])
    signed = officers(directory, leaf, 1)
    data = encode(msgspec.structs.replace(leaf, t=now_ms))
    row = LegalHold(
        rid=rid(data),
        scope=leaf.scope,
        of=leaf.of,
        at=now_ms,
        reason=reason.text,
        officers=tuple(admin.rid for admin in signed),
    )
    return _planned(directory, leaf, data, reason, row, (), now_ms)


def lift(directory: Directory, leaf: PreserveLeaf, reason: Words, now_ms: int) -> Planned:
    """Plan the end of a legal hold, signed by two officers. Raises as `hold`, and Refused ``privacy.lifted``."""
    _check(leaf, reason, "lift")
    prev = "" if leaf.prev is UNSET else leaf.prev
    found = find(directory, prev)
    if found.lifted:
        raise Refused("privacy.lifted", hold=found.rid)
    if (found.scope, found.of) != (leaf.scope, leaf.of):
        raise Refused("privacy.malformed", detail="it lifts a hold on something else")
    officers(directory, leaf, OFFICERS)
    data = encode(msgspec.structs.replace(leaf, t=now_ms))
    row = msgspec.structs.replace(found, lifted=rid(data))
    same = Expect(Space.PRESERVED, found.rid, directory.raw(Space.PRESERVED, found.rid))
    return _planned(directory, leaf, data, reason, row, (same,), now_ms)


def find(directory: Directory, hold: str) -> LegalHold:
    """The hold with that rid. Raises Refused ``privacy.unknown``."""
    raw = directory.raw(Space.PRESERVED, hold)
    if raw is None:
        raise Refused("privacy.unknown", what="legal hold", rid=hold[:64])
    return _row(raw)


def in_force(rows: Iterable[tuple[str, bytes]]) -> tuple[LegalHold, ...]:
    """The holds that stand. rows: of `Space.PRESERVED`."""
    return tuple(held for held in (_row(raw) for _, raw in rows) if not held.lifted)


def over(holds: Iterable[LegalHold], record: str, party: str, systems: Iterable[str]) -> str:
    """rid of a hold that keeps the record's payloads, or ""."""
    named = {
        (HoldScope.RECORD.value, record),
        (HoldScope.PARTY.value, party),
        *((HoldScope.SYSTEM.value, system) for system in systems),
    }
    return next((held.rid for held in holds if (held.scope, held.of) in named), "")


def unchanged(directory: Directory) -> Expect:
    """No hold began or ended since the plan was made."""
    return Expect(Space.COUNTERS, HOLDS, directory.raw(Space.COUNTERS, HOLDS))


def _check(leaf: PreserveLeaf, reason: Words, state: str) -> None:
    if leaf.st != state or leaf.scope not in HoldScope.__members__.values():
        raise Refused("privacy.malformed", detail=f"not a {state} of a known scope")
    known(leaf)
    if leaf.c != Commitments(reason=leaf.c.reason):
        raise Refused("privacy.malformed", detail="commitments other than its reason")
    reason.matches(leaf.c.reason)


def _exists(directory: Directory, leaf: PreserveLeaf, subject: Subject | None) -> bool:
    """Named by rid, so that a name or an id that means another one tomorrow changes nothing."""
    if leaf.scope == HoldScope.RECORD:
        return subject is not None and subject.record == leaf.of
    found = directory.party(leaf.of) if leaf.scope == HoldScope.PARTY else directory.system(leaf.of)
    return found is not None and found.rid == leaf.of


def _planned(
    directory: Directory,
    leaf: PreserveLeaf,
    data: bytes,
    reason: Words,
    row: LegalHold,
    expect: tuple[Expect, ...],
    now_ms: int,
) -> Planned:
    unused, spent = spend(directory, leaf.n, now_ms)
    same = unchanged(directory)
    count = Put(Space.COUNTERS, HOLDS, str(int(same.value or b"0") + 1).encode())
    unit = Unit(
        leaves=(data,),
        effects=(Put(Space.PRESERVED, row.rid, encode_row(row)), count, spent),
        expect=(*expect, same, unused),
        payloads=(reason.payload(rid(data)),),
    )
    return Planned(unit, rid(data), row)
