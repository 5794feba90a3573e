# SPDX-License-Identifier: Apache-2.0
"""Actions that wait for people: what waits, exactly what would run, and people's words about it.

Votes are signed where the approver's key is, over a call whose commitment the approver's own machine has checked.
Whether a hold was planted is told once it is decided or over, and never before.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import Annotated, Any

import msgspec
from msgspec import Meta

from answerable.control.answers import Answer
from answerable.control.commit import carry_out
from answerable.control.routing import MAX_PAGE, Call, Route
from answerable.control.services import Services
from answerable.crypto.b64 import b64u, unb64u
from answerable.errors import Refused, Unavailable, VerificationError
from answerable.log.commitment import SALT_LENGTH
from answerable.log.leaf import decode
from answerable.model.holds import Ballot, Hold, HoldState
from answerable.model.leaves import ApprovalLeaf, HoldLeaf, OpenLeaf
from answerable.model.roles import may
from answerable.model.terms import AdminRole
from answerable.pipeline.found import principal_tag
from answerable.tools import exact, planted, votes
from answerable.tools.holds import GROUP, Holds
from answerable.tools.people import agreed

MAX_CALL = 3 << 20  # bytes of an exact call with other arguments


class VoteShown(Answer, frozen=True, kw_only=True):
    """counts: it is for the call as it would run now, by somebody who may still decide."""

    rid: str
    person: str
    name: str
    decision: Ballot
    at: int
    counts: bool


class HoldShown(Answer, frozen=True, kw_only=True):
    """rid: of the hold leaf; record: of the open leaf; system: name of who asks; people, roles: who must agree; have:
    how many did; modified: approvers changed its arguments; spent: record under which it ran, "" for none; planted: it
    was made to see who looks, told once it is over; why: why it ought to have been rejected."""

    rid: str
    record: str
    state: HoldState
    act: str
    system: str
    system_rid: str
    server: str
    tool: str
    rule: str
    digest: str
    policy: str
    people: int
    roles: list[AdminRole]
    have: int
    at: int
    expires: int
    modified: bool
    votes: list[VoteShown]
    spent: str
    planted: bool
    why: str


class Exact(Answer, frozen=True, kw_only=True):
    """call: canonical JSON text of who asks what, exactly; salt: base64url, 32 bytes: the digest of the hold is the
    commitment to it. asked: the call as it was asked where approvers changed it, "" elsewhere."""

    hold: HoldShown
    call: str
    salt: str
    asked: str


class OtherArguments(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    call: Annotated[str, Meta(max_length=MAX_CALL)]
    salt: Annotated[str, Meta(max_length=64)]


class GiveVote(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """approval: the leaf with its signatures (`docs/spec/approval.md`), `t` 0; changed: the exact call of a
    modification."""

    approval: ApprovalLeaf
    changed: OtherArguments | None = None


class GivePlanted(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """like: rid of a real hold; arguments: those that ought to be rejected; why: why."""

    like: str
    arguments: dict[str, Any]
    why: Annotated[str, Meta(max_length=planted.MAX_WHY)]


class ApproverShown(Answer, frozen=True, kw_only=True):
    """How one person decided. approved, rejected, passed (escalated or modified): of real holds and of planted ones
    that are not over; planted, caught: of planted ones that are; low, high: 95 % interval of the share caught; waves:
    as far as that tells, more than half of what ought to be rejected is let through."""

    person: str
    name: str
    approved: int
    rejected: int
    passed: int
    planted: int
    caught: int
    share: float
    low: float
    high: float
    waves: bool


async def listed(services: Services, call: Call[None]) -> list[HoldShown]:
    holds, now = desk(services), services.clock.now_ms()
    found: Iterable[Hold] = holds.all() if call.query.get("all") else holds.waiting(now, policy=services.policy())
    return [await shown(services, hold) for hold in list(found)[-MAX_PAGE:]]


async def show(services: Services, call: Call[None]) -> Exact:
    hold = find(services, call.path["hold"])
    if not (may(call.by.roles, AdminRole.ADMINISTRATOR) or set(call.by.roles) & set(hold.roles)):
        raise Refused("hold.signer", key=call.by.rid, roles=", ".join(role.value for role in hold.roles))
    body = await desk(services).shown(hold)
    kept = await services.reader.payload(hold.call, exact.GROUP)
    before = await services.reader.payload(hold.open, exact.GROUP) if hold.asked else None
    return Exact(
        hold=await shown(services, hold),
        call=body.decode(),
        salt=b64u(kept[0]) if kept is not None else "",
        asked=before[1].decode() if before is not None and before[1] is not None else "",
    )


async def vote(services: Services, call: Call[GiveVote]) -> HoldShown:
    leaf, changed = call.body.approval, _changed(call.body.changed)
    holds, hold = desk(services), find(services, call.body.approval.hold)
    # Nobody agrees to what cannot be shown any more; it can be rejected all the same.
    seen = await holds.shown(hold) if leaf.dec in (Ballot.APPROVE, Ballot.MODIFY) else b""
    kept = await services.reader.payload(hold.rid, GROUP)
    kind = (kept[0], kept[1]) if kept is not None and kept[1] is not None else None
    await carry_out(
        services,
        lambda: votes.decide(
            holds, leaf, services.clock.now_ms(), policy=services.policy(), shown=seen, changed=changed, kind=kind
        ),
    )
    return await shown(services, find(services, leaf.hold))


async def plant(services: Services, call: Call[GivePlanted]) -> HoldShown:
    planned = await sown(services, call.body.like, call.body.arguments, call.body.why, by=call.by.rid)
    return await shown(services, planned.row)


async def approvers(services: Services, call: Call[None]) -> list[ApproverShown]:
    return [
        ApproverShown(
            person=row.person, name=row.name, approved=row.approved, rejected=row.rejected, passed=row.passed,
            planted=row.planted, caught=row.caught, share=row.share, low=row.low, high=row.high, waves=row.waves,
        )
        for row in planted.record(desk(services))
    ]  # fmt: skip


async def sown(services: Services, like: str, arguments: dict[str, Any], why: str, *, by: str = "") -> planted.Sown:
    """Plant a hold like the real one with that rid. Raises Refused ``hold.*``."""
    holds, real = desk(services), find(services, like)
    opened, leaf = [
        decode(data) if (data := await services.reader.find(rid)) is not None else None for rid in (real.open, real.rid)
    ]
    if not isinstance(opened, OpenLeaf) or not isinstance(leaf, HoldLeaf):
        raise Refused("hold.unreadable", hold=real.rid)
    template = planted.Like(real, leaf, opened, await holds.shown(real))
    planned, _ = await carry_out(
        services,
        lambda: planted.plant(
            holds,
            template,
            arguments,
            why,
            services.clock.now_ms(),
            policy=services.policy(),
            by=by,
            tag=lambda principal: principal_tag(principal, services.index_key),
        ),
    )
    return planned


def desk(services: Services) -> Holds:
    """Raises Unavailable ``hold.elsewhere`` where no action waits for people."""
    if services.holds is None:
        raise Unavailable("hold.elsewhere")
    return services.holds


def find(services: Services, ref: str) -> Hold:
    """By its rid, or by the rid of the record that it was asked in. Raises Refused ``hold.unknown``."""
    hold = desk(services).named(ref)
    if hold is None:
        raise Refused("hold.unknown", hold=ref[:64])
    return hold


async def shown(services: Services, hold: Hold) -> HoldShown:
    """What anybody may see of it: nothing of what was asked, nor whether it was planted while that is not over."""
    holds, book = desk(services), services.book
    system = book.system(hold.system)
    counts = {(vote.leaf, vote.person) for vote in agreed(book, hold)}
    names = {vote.key: admin.name for vote in hold.votes if (admin := book.admin(vote.key)) is not None}
    over = hold.planted and bool(hold.opened)
    reason = await services.reader.payload(hold.rid, planted.REASON) if over else None
    return HoldShown(
        rid=hold.rid,
        record=hold.open,
        state=holds.state(hold, services.clock.now_ms(), policy=services.policy()),
        act=hold.act.value,
        system=f"{system.name} {system.version}".strip() if system is not None else hold.system,
        system_rid=hold.system,
        server=hold.server,
        tool=hold.tool,
        rule=hold.rule,
        digest=hold.dig,
        policy=hold.pol,
        people=hold.people,
        roles=list(hold.roles),
        have=len(counts),
        at=hold.at,
        expires=hold.exp,
        modified=bool(hold.asked),
        votes=[
            VoteShown(
                rid=vote.leaf,
                person=vote.person,
                name=names.get(vote.key, vote.person),
                decision=vote.dec,
                at=vote.at,
                counts=(vote.leaf, vote.person) in counts,
            )
            for vote in hold.votes
        ],
        spent=hold.spent,
        planted=over,
        why=reason[1].decode() if reason is not None and reason[1] is not None else "",
    )


def _changed(given: OtherArguments | None) -> votes.Changed | None:
    if given is None:
        return None
    try:
        salt = unb64u(given.salt)
    except VerificationError:
        salt = b""
    if len(salt) != SALT_LENGTH:
        raise Refused("hold.malformed", detail=f"a salt that is not {SALT_LENGTH} bytes")
    return votes.Changed(salt, given.call.encode())


ROUTES = (
    Route(
        "GET",
        "/holds",
        AdminRole.VIEWER,
        listed,
        list[HoldShown],
        "Actions that wait for people, without what they ask.",
        query={"all": "1: decided, used and expired ones too"},
    ),
    Route(
        "GET",
        "/holds/approvers",
        AdminRole.ADMINISTRATOR,
        approvers,
        list[ApproverShown],
        "How each approver decided, and the share of planted holds that was caught.",
    ),
    Route(
        "POST",
        "/holds/votes",
        AdminRole.VIEWER,
        vote,
        HoldShown,
        "Approve, modify, reject or escalate; approvers' keys sign the statement itself.",
        GiveVote,
    ),
    Route(
        "POST",
        "/holds/planted",
        AdminRole.ADMINISTRATOR,
        plant,
        HoldShown,
        "Plant a hold that ought to be rejected, like a real one.",
        GivePlanted,
    ),
    Route(
        "GET",
        "/holds/{hold}",
        AdminRole.VIEWER,
        show,
        Exact,
        "Exactly what would run, for those who may decide about it.",
    ),
)
