# SPDX-License-Identifier: Apache-2.0
"""What people say about a hold: approve, approve with other arguments, reject, ask more people
(`docs/spec/approval.md`).

A vote is a statement over the hold, the digest of the exact call, the policy and the end of the hold: moved to another
hold, or to other arguments, its signature is not over it. Other arguments begin the count anew.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Final

import msgspec
from msgspec import UNSET

from answerable.crypto.b64 import b64u, unb64u
from answerable.crypto.random import nonce as fresh
from answerable.errors import Refused, Unavailable, VerificationError
from answerable.log.leaf import encode, rid
from answerable.log.statement import verify
from answerable.model.holds import Ballot, Hold, HoldState, Need, Vote
from answerable.model.leaves import ApprovalLeaf, Leaf, PlantedLeaf, Sig
from answerable.model.records import Admin
from answerable.model.terms import AdminRole
from answerable.model.units import Expect, Payload, Put, Space, Unit
from answerable.ports import Directory
from answerable.tools import exact
from answerable.tools.holds import ENDED, KEPT_MS, Holds
from answerable.tools.people import approver, enough
from answerable.tools.planned import NONCE_LENGTH, put, unchanged

WAS: Final = "answerable.was"  # of a modification: the `dig` that it replaces
NEEDS: Final = "answerable.needs"  # of an escalation: {"people", "roles"}
MAX_PEOPLE: Final = 8
MAX_SIGNATURES: Final = 16
_EXTENSIONS: Final = {
    Ballot.APPROVE: frozenset[str](),
    Ballot.REJECT: frozenset[str](),
    Ballot.MODIFY: frozenset({WAS}),
    Ballot.ESCALATE: frozenset({NEEDS}),
}


@dataclass(frozen=True, slots=True)
class Changed:
    """The exact call as an approver changed it, and the salt of its commitment, 32 bytes. `repr` hides both."""

    salt: bytes
    body: bytes

    def __repr__(self) -> str:
        return "Changed(<hidden>)"

    @property
    def digest(self) -> str:
        return exact.digest(self.salt, self.body)


@dataclass(frozen=True, slots=True)
class Voted:
    """A unit that is ready to be committed. rid: of the approval leaf; row: the hold as it is then."""

    unit: Unit
    rid: str
    row: Hold


def statement(
    hold: Hold, dec: Ballot, *, changed: Changed | None = None, need: Need | None = None, nonce: str = ""
) -> ApprovalLeaf:
    """What approvers sign. changed: of a modification; need: of an escalation."""
    extension: dict[str, Any] = {}
    if changed is not None:
        extension[WAS] = hold.dig
    if need is not None:
        extension[NEEDS] = {"people": need.people, "roles": [role.value for role in need.roles]}
    return ApprovalLeaf(
        dec=dec.value,
        dig=changed.digest if changed is not None else hold.dig,
        exp=hold.exp,
        hold=hold.rid,
        n=nonce or fresh(),
        pol=hold.pol,
        sigs=[],
        t=0,
        x=extension or UNSET,
    )


def decide(
    holds: Holds,
    leaf: ApprovalLeaf,
    now_ms: int,
    *,
    policy: str,
    shown: bytes,
    changed: Changed | None = None,
    kind: tuple[bytes, bytes] | None = None,
) -> Voted:
    """Plan a vote. policy: digest of the policy of now; shown: the exact call as it would run before this vote;
    changed: the one of a modification; kind: (salt, payload) behind the hold leaf's commitment to whether it was
    planted.

    Raises Refused ``hold.unknown|malformed|settled|expired|void|registered``,
    ``hold.signer|signature|own|twice|replayed|lowered|unreadable``.
    """
    directory = holds.directory
    hold = holds.get(leaf.hold)
    if hold is None:
        raise Refused("hold.unknown", hold=leaf.hold[:64])
    dec = _standing(holds, hold, leaf, now_ms, policy)
    people = _people(directory, hold, leaf)
    after = _after(hold, leaf, dec, people, shown, changed)
    data = encode(msgspec.structs.replace(leaf, t=now_ms))
    made = rid(data)
    votes = [Vote(leaf=made, key=each.rid, person=each.person, dec=dec, dig=leaf.dig, at=now_ms) for each in people]
    row = msgspec.structs.replace(
        after,
        votes=(*hold.votes, *votes),
        rejected=made if dec is Ballot.REJECT else "",
        call=made if changed is not None else hold.call,
    )
    leaves, payloads = [data], list[Payload]()
    if changed is not None:
        payloads.append(Payload(made, exact.GROUP, changed.salt, changed.body, (), hold.exp + KEPT_MS))
    if hold.planted and (row.rejected or enough(directory, row)):
        opened = opening(hold, kind, now_ms)
        leaves.append(opened)
        row = msgspec.structs.replace(row, opened=rid(opened))
    unused, spent = _spend(directory, leaf.n, now_ms)
    unit = Unit(
        leaves=tuple(leaves),
        effects=(put(Space.HELD, row.rid, row), spent),
        expect=(
            unchanged(directory, Space.HELD, row.rid),
            unused,
            *(unchanged(directory, Space.ADMINS, each.rid) for each in people),
        ),
        payloads=tuple(payloads),
    )
    return Voted(unit, made, row)


def opening(hold: Hold, kind: tuple[bytes, bytes] | None, now_ms: int) -> bytes:
    """The leaf that shows what the hold leaf committed to: that it was planted, before anybody looked at it. Raises
    Refused ``hold.unreadable`` where salt or payload are gone."""
    if kind is None:
        raise Refused("hold.unreadable", hold=hold.rid)
    salt, body = kind
    return encode(PlantedLeaf(hold=hold.rid, kind=body.decode(), n=fresh(), salt=b64u(salt), t=now_ms))


def counted(directory: Directory, leaf: ApprovalLeaf) -> tuple[Admin, ...]:
    """Who signed, one entry a person, in the order of their signatures, whether they may or not. Raises ValueError for
    a key that nobody enrolled."""
    people: dict[str, Admin] = {}
    for sig in leaf.sigs:
        admin = directory.admin(sig.key)
        if admin is None:
            raise ValueError("it is signed by a key that nobody enrolled")
        people.setdefault(admin.person, admin)
    return tuple(people.values())


def needs(leaf: ApprovalLeaf) -> Need:
    """What an escalation asks for. Raises Refused ``hold.malformed``."""
    told = _extensions(leaf).get(NEEDS)
    try:
        asked = msgspec.convert(told, _Needs)
    except msgspec.ValidationError:
        raise Refused("hold.malformed", detail="an escalation that does not say to whom") from None
    roles = tuple(sorted(set(asked.roles)))
    if list(roles) != asked.roles or not max(1, len(roles)) <= asked.people <= MAX_PEOPLE:
        raise Refused("hold.malformed", detail=f"not 1 to {MAX_PEOPLE} people, or roles that are not sorted")
    return Need(asked.people, roles)


class _Needs(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    people: int
    roles: list[AdminRole]


def _standing(holds: Holds, hold: Hold, leaf: ApprovalLeaf, now_ms: int, policy: str) -> Ballot:
    """Which vote it is, on a hold that people can still decide about."""
    try:
        dec = Ballot(leaf.dec)
    except ValueError:
        raise Refused("hold.malformed", detail="neither approve, modify, reject nor escalate") from None
    state = holds.state(hold, now_ms, policy=policy)
    if state in (HoldState.EXPIRED, HoldState.VOID):
        raise Refused(ENDED.get(state) or holds.void(hold, policy=policy), hold=hold.rid)
    if state in (HoldState.SPENT, HoldState.REJECTED) or hold.opened:
        raise Refused("hold.settled", hold=hold.rid, state=state.value)
    if state is HoldState.APPROVED and dec is Ballot.APPROVE:
        raise Refused("hold.settled", hold=hold.rid, state=state.value)
    if (leaf.exp, leaf.pol) != (hold.exp, hold.pol):
        raise Refused("hold.malformed", detail="another policy or another end than the hold's")
    extensions = _extensions(leaf)
    if extensions.keys() != _EXTENSIONS[dec]:
        raise Refused("hold.malformed", detail="extensions that do not belong to it, or are missing")
    if extensions.get(WAS, leaf.dig) != hold.dig:
        raise Refused("hold.malformed", detail="the call was changed since, or is another one")
    return dec


def _people(directory: Directory, hold: Hold, leaf: ApprovalLeaf) -> tuple[Admin, ...]:
    """Who signed, one entry a person. One bad signature refuses the statement."""
    if not 0 < len(leaf.sigs) <= MAX_SIGNATURES:
        raise Refused("hold.malformed", detail=f"not 1 to {MAX_SIGNATURES} signatures")
    where = _origin(directory)
    people: dict[str, Admin] = {}
    for sig in leaf.sigs:
        admin = approver(directory, hold, sig.key)
        _check(leaf, where, sig.key, sig.sig, admin)
        people.setdefault(admin.person, admin)
    return tuple(people.values())


def _check(leaf: Leaf, where: str, key: str, signature: str, admin: Admin) -> None:
    try:
        verify(leaf, where, Sig(key=key, sig=signature), unb64u(admin.key))
    except VerificationError:
        raise Refused("hold.signature", key=key[:64]) from None


def _after(
    hold: Hold,
    leaf: ApprovalLeaf,
    dec: Ballot,
    people: Sequence[Admin],
    shown: bytes,
    changed: Changed | None,
) -> Hold:
    """The hold with what the vote changes in it, but for the vote itself."""
    if (changed is not None) != (dec is Ballot.MODIFY):
        raise Refused("hold.malformed", detail="other arguments go with a modification, and with nothing else")
    if changed is not None:
        return _modified(hold, leaf, shown, changed)
    if dec is Ballot.ESCALATE:
        need = needs(leaf)
        if not need.covers(hold.need) or need == hold.need:
            roles = ", ".join(role.value for role in hold.roles)
            raise Refused("hold.lowered", people=hold.people, roles=roles)
        return msgspec.structs.replace(hold, people=need.people, roles=need.roles)
    if dec is Ballot.APPROVE:
        before = {vote.person for vote in hold.agreed}
        again = next((each for each in people if each.person in before), None)
        if again is not None:
            raise Refused("hold.twice", person=again.name)
    return hold


def _modified(hold: Hold, leaf: ApprovalLeaf, shown: bytes, changed: Changed) -> Hold:
    """What approvers change is what the tool is called with, and nothing about who calls which."""
    try:
        before, after = exact.read(shown), exact.read(changed.body)
    except VerificationError:
        raise Refused("hold.malformed", detail="arguments that are not canonical JSON") from None
    same = exact.MEMBERS - {"arguments"}
    if any(before[name] != after[name] for name in same) or not isinstance(after["arguments"], dict):
        raise Refused("hold.malformed", detail="more than the arguments was changed")
    if before == after:
        raise Refused("hold.malformed", detail="nothing was changed")
    if leaf.dig != changed.digest:
        raise Refused("hold.malformed", detail="other arguments than those that were signed")
    return msgspec.structs.replace(hold, dig=leaf.dig, asked=hold.asked or hold.dig)


def _extensions(leaf: ApprovalLeaf) -> dict[str, Any]:
    held: Any = leaf.x
    return {} if held is UNSET else held


def _origin(directory: Directory) -> str:
    raw = directory.raw(Space.MISC, "origin")
    if not raw:
        raise Unavailable("system.no_origin")
    return raw.decode("utf-8")


def _spend(directory: Directory, nonce: str, now_ms: int) -> tuple[Expect, Put]:
    """A signed statement counts once, for ever."""
    try:
        length = len(unb64u(nonce))
    except VerificationError:
        length = 0
    if length != NONCE_LENGTH:
        raise Refused("hold.malformed", detail="a nonce that is not 16 bytes")
    if directory.raw(Space.NONCES, nonce) is not None:
        raise Refused("hold.replayed")
    return Expect(Space.NONCES, nonce, None), Put(Space.NONCES, nonce, str(now_ms).encode())
