# SPDX-License-Identifier: Apache-2.0
"""Actions that wait for people: what waits, who said what about it, and how it ended (`docs/spec/approval.md`)."""

from __future__ import annotations

from enum import StrEnum

import msgspec

from answerable.model.records import Record
from answerable.model.terms import Act, AdminRole


class HoldState(StrEnum):
    """WAITING for people; APPROVED by as many as it needs, and not yet used; REJECTED by one; EXPIRED unanswered or
    unused, which is a refusal; SPENT: the one call that it allows went through the path; VOID: what people looked at is
    not what would happen now (`tools.voided`)."""

    WAITING = "waiting"
    APPROVED = "approved"
    REJECTED = "rejected"
    EXPIRED = "expired"
    SPENT = "spent"
    VOID = "void"


class Ballot(StrEnum):
    """The `dec` of an approval leaf. MODIFY: approved with other arguments, and only with these; ESCALATE: more people,
    or people of a further role, are to decide."""

    APPROVE = "approve"
    MODIFY = "modify"
    REJECT = "reject"
    ESCALATE = "escalate"


class Need(msgspec.Struct, frozen=True):
    """How many different people have to agree. Each has one of `roles`, and each of `roles` is held by one of them."""

    people: int
    roles: tuple[AdminRole, ...] = (AdminRole.APPROVER,)  # sorted, each once

    def covers(self, other: Need) -> bool:
        """Whether who meets this meets `other` too."""
        return self.people >= other.people and set(self.roles) >= set(other.roles)


class Asked(msgspec.Struct, frozen=True):
    """What a caller wants to do, exactly: all of this is what people approve. caller, copy: rids of system and copy;
    server: of a tool call the server's name, else the model as it was asked for; call: RFC 8785 JSON of a tool's
    arguments, or of the whole request; policy: digest of the policy that it is judged by.

    What it would meet now is no part of the call, but an approval ends with it: via: rid of the system that would
    answer, "" for not asked; reg: rid of the tool's newest leaf, which says its pin, its class and its server's system,
    "" where no tool is called.
    """

    act: Act
    caller: str
    copy: str
    principal: str
    server: str
    tool: str
    call: bytes
    policy: str
    via: str = ""
    reg: str = ""


class Vote(Record, frozen=True, kw_only=True):
    """One person's word. leaf: rid of the approval leaf; key: rid of the key leaf that signed; person: rid of the
    party; dig: what it was said of, as in the leaf."""

    leaf: str
    key: str
    person: str
    dec: Ballot
    dig: str
    at: int


class Hold(Record, frozen=True, kw_only=True):
    """Row of `Space.HELD`, key: rid of the hold leaf. Times in ms UTC.

    open: rid of the open leaf that it was asked in; system, copy: rids of the caller's; via: rid of the system that
    would answer; dig: commitment to the exact call as it would run now, hex; asked: the same as it was asked, "" while
    nobody modified it; call: rid of the leaf whose payload `call` that is; tag: keyed digest of the call, whichever
    copy of the system makes it, hex, "" where that is not known; rejected: rid of the approval leaf; spent: rid of the
    open leaf under which it ran; planted: made to see who looks, never to run; opened: rid of the leaf that says so;
    reg: rid of the newest leaf of its tool when it was asked, "" where none is called, and in rows of before.
    """

    rid: str
    open: str
    act: Act
    system: str
    via: str
    rule: str
    dig: str
    pol: str
    people: int
    roles: tuple[AdminRole, ...]
    at: int
    exp: int
    call: str
    copy: str = ""
    server: str = ""
    tool: str = ""
    asked: str = ""
    tag: str = ""
    votes: tuple[Vote, ...] = ()
    rejected: str = ""
    spent: str = ""
    planted: bool = False
    opened: str = ""
    reg: str = ""

    @property
    def need(self) -> Need:
        return Need(self.people, self.roles)

    @property
    def agreed(self) -> tuple[Vote, ...]:
        """Those who agreed to the call as it would run now."""
        return tuple(v for v in self.votes if v.dec in (Ballot.APPROVE, Ballot.MODIFY) and v.dig == self.dig)
