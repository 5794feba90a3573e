# SPDX-License-Identifier: Apache-2.0
"""A person says how a call ended whose end nobody saw (`docs/spec/calls.md`): it ran, or it did not.

Until then its key is blocked. The gate cannot know: it sent the call and heard no more, or was killed before it could
write what it heard. Whoever answers for the system that asked gains where the call runs a second time, and does not say
that it never ran while somebody else can.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, Final

import msgspec
from msgspec import UNSET

from answerable.crypto.b64 import unb64u
from answerable.crypto.random import nonce as fresh
from answerable.errors import Refused, Unavailable, VerificationError
from answerable.log.commitment import SALT_LENGTH, check, commit
from answerable.log.leaf import encode, rid
from answerable.log.statement import verify
from answerable.model.calls import Call, CallState, Verdict
from answerable.model.leaves import Commitments, SettleLeaf
from answerable.model.records import Admin
from answerable.model.terms import AdminRole, PartyKind
from answerable.model.units import Drop, Effect, Expect, Payload, Put, Space, Unit
from answerable.ports import Directory
from answerable.tools.calls import decode
from answerable.tools.planned import NONCE_LENGTH, Planned, encode_row

MAX_REASON: Final = 2_000  # characters
ROLES: Final = frozenset({AdminRole.OPERATOR, AdminRole.APPROVER, AdminRole.OFFICER, AdminRole.ADMINISTRATOR})


@dataclass(frozen=True, slots=True)
class Why:
    """Why a person says so: a commitment in the leaf, its text in the payload store. `repr` hides it."""

    salt: bytes
    body: bytes

    def __repr__(self) -> str:
        return "Why(<hidden>)"

    @property
    def commitments(self) -> Commitments:
        return Commitments(reason=commit("reason", self.salt, self.body))


def statement(record: str, verdict: Verdict, why: Why, *, nonce: str = "") -> SettleLeaf:
    """What a person signs. record: rid of the open leaf of the call."""
    return SettleLeaf(c=why.commitments, n=nonce or fresh(), open=record, sigs=[], st=verdict.value, t=0)


def settle(directory: Directory, leaf: SettleLeaf, why: Why, now_ms: int, *, running: bool, caller: str) -> Planned:
    """Plan the end of a call that nobody saw. running: whether it is under way in this process; caller: rid of the
    system that asked, as the open leaf of the call says, "" where there is none.

    Raises Refused ``call.malformed|signer|signature|said|absent|running|own``.
    """
    if leaf.st not in Verdict.__members__.values() or leaf.x is not UNSET:
        raise Refused("call.malformed", detail="no known verdict, or an extension that this version does not know")
    _matches(leaf, why)
    signer = _signed(directory, leaf)
    if running:
        raise Refused("call.running")
    found = find(directory, leaf.open)
    if found is None:
        raise Refused("call.absent")
    if leaf.st == Verdict.UNDONE:
        _gains_nothing(directory, signer, caller)
    key, raw, _ = found
    data = encode(msgspec.structs.replace(leaf, t=now_ms))
    settled = rid(data)
    unused, spent = _spend(directory, leaf.n, now_ms)
    unit = Unit(
        leaves=(data,),
        effects=(effect(key, decode(raw), Verdict(leaf.st), settled), spent),
        expect=(Expect(Space.CALLS, key, raw), unused),
        payloads=(Payload(settled, "reason", why.salt, why.body),),
    )
    return Planned(unit, settled)


def effect(key: str, row: Call, verdict: Verdict, settled: str) -> Effect:
    """What a settle leaf does to the row of its call. settled: its rid."""
    if verdict is Verdict.UNDONE:
        return Drop(Space.CALLS, key)
    return Put(Space.CALLS, key, encode_row(msgspec.structs.replace(row, state=CallState.DONE, settled=settled)))


def find(directory: Directory, record: str) -> tuple[str, bytes, Call] | None:
    """(key, encoded row, row) of the call with that record, if nobody saw it end."""
    for key, raw in directory.rows(Space.CALLS):
        row = decode(raw)
        if row.record == record and row.state is not CallState.DONE:
            return key, raw, row
    return None


def _matches(leaf: SettleLeaf, why: Why) -> None:
    text: Any = leaf.c.reason
    try:
        words = why.body.decode("utf-8")
        if leaf.c != Commitments(reason=text) or len(why.salt) != SALT_LENGTH or not 0 < len(words) <= MAX_REASON:
            raise Refused("call.malformed", detail=f"no reason, or one of more than {MAX_REASON} characters")
        check(text if isinstance(text, str) else "", "reason", why.salt, why.body)
    except (UnicodeDecodeError, VerificationError):
        raise Refused("call.malformed", detail="a reason that is not the one that was signed") from None


def _in_office(directory: Directory, admin: Admin) -> bool:
    """Whether it is a person who may settle now. A system can be none of them."""
    person = directory.party(admin.person)
    in_office = not admin.ended and bool(ROLES & set(admin.roles))
    return in_office and person is not None and person.kind is PartyKind.PERSON


def _gains_nothing(directory: Directory, signer: Admin, caller: str) -> None:
    """Return if the signer does not answer for the system that asked, or if everybody who may settle does."""
    system = directory.system(caller) if caller else None
    if system is None:
        raise Refused("call.absent")  # nobody knows who would gain
    answering = {entry.party for entry in system.parties}
    others = (each for each in directory.admins() if each.person not in answering)
    if signer.person in answering and any(_in_office(directory, each) for each in others):
        raise Refused("call.own", person=signer.name)


def _signed(directory: Directory, leaf: SettleLeaf) -> Admin:
    """The one person in office who signed. Raises Refused unless there is one, and nobody else."""
    if len(leaf.sigs) != 1:
        raise Refused("call.malformed", detail="one person signs")
    sig = leaf.sigs[0]
    admin = directory.admin(sig.key)
    if admin is None or not _in_office(directory, admin):
        raise Refused("call.signer", key=sig.key[:64])
    origin = directory.raw(Space.MISC, "origin")
    if not origin:
        raise Unavailable("system.no_origin")
    try:
        verify(leaf, origin.decode("utf-8"), sig, unb64u(admin.key))
    except VerificationError:
        raise Refused("call.signature", key=sig.key[:64]) from None
    return admin


def _spend(directory: Directory, nonce: str, now_ms: int) -> tuple[Expect, Put]:
    try:
        length = len(unb64u(nonce))
    except VerificationError:
        length = 0
    if length != NONCE_LENGTH:
        raise Refused("call.malformed", detail="a nonce that is not 16 bytes")
    if directory.raw(Space.NONCES, nonce) is not None:
        raise Refused("call.said")
    return Expect(Space.NONCES, nonce, None), Put(Space.NONCES, nonce, str(now_ms).encode())
