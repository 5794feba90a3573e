# SPDX-License-Identifier: Apache-2.0
"""Holds over a small fleet: an agent's call, people who decide, a ledger that keeps what commitments hide."""

from __future__ import annotations

from typing import Any

import msgspec

from answerable.crypto import jcs
from answerable.crypto.random import nonce, salt
from answerable.errors import Refused
from answerable.log.commitment import commit
from answerable.log.leaf import decode, encode, rid
from answerable.model.actions import Decision
from answerable.model.holds import Asked, Ballot, Hold, Need
from answerable.model.leaves import ApprovalLeaf, Commitments, Leaf, OpenLeaf
from answerable.model.records import Admin
from answerable.model.terms import Act, AdminRole, PartyKind, Ruling
from answerable.model.units import Put, Rider, Space, Unit
from answerable.sequencer.replay import Replay
from answerable.tools import exact
from answerable.tools.holds import SPENDS, Found, Holds, Posed
from answerable.tools.votes import Changed, Voted, decide, statement
from tests.fleet import DOMAIN, Fleet, a_rid

KEY = bytes(range(32))
POLICY = "ab" * 32
PAY = {"amount": 100, "to": "DE02"}
HELD = Decision(Ruling.HOLD, "R031", "two_people_critical", ("approvals:2",))
TWO = Need(2)


class Held:
    """answers: the natural person who answers for the agent, and is an approver too."""

    def __init__(self) -> None:
        self.fleet = Fleet()
        self.book, self.clock = self.fleet.book, self.fleet.clock
        self.payloads: dict[tuple[str, str], tuple[bytes, bytes]] = {}
        self.leaves: list[Leaf] = []
        self.people = [self.approver(name) for name in ("anna", "ben", "cleo", "dora")]
        self.owner = self.fleet.party("owner", PartyKind.PERSON)
        self.agent = self.fleet.system("agent", party=self.owner)
        self.copy = self.fleet.copy(self.agent)
        self.answers = Admin(
            rid=a_rid("key owner 1"), person=self.owner.rid, name="owner", key=self.approver("owner").key,
            roles=(AdminRole.APPROVER,), since=0,
        )  # fmt: skip
        self.holds = Holds(self.book, KEY, read=self.read)

    async def read(self, rid_: str, group: str) -> tuple[bytes, bytes | None] | None:
        return self.payloads.get((rid_, group))

    def approver(self, name: str, *roles: AdminRole, of: str = "", nth: int = 1) -> Admin:
        return self.fleet.person(name, roles or (AdminRole.APPROVER,), of=of, nth=nth)

    def withdraw(self, person: Admin) -> None:
        row = msgspec.structs.replace(person, ended=self.clock.now)
        self.fleet.put(Space.ADMINS, row.rid, msgspec.json.encode(row))

    def enrol(self, person: Admin) -> None:
        self.fleet.put(Space.ADMINS, person.rid, msgspec.json.encode(person))

    def asked(self, arguments: Any = None, **more: Any) -> Asked:
        given: dict[str, Any] = {
            "act": Act.TOOL_CALL, "caller": self.agent.rid, "copy": self.copy.rid, "principal": "", "server": "bank",
            "tool": "pay", "call": jcs.dumps(PAY if arguments is None else arguments), "policy": POLICY,
        }  # fmt: skip
        return Asked(**given | more)

    def find(self, asked: Asked | None = None, need: Need = TWO, *, named: str = "") -> Found | None:
        return self.holds.find(asked or self.asked(), need, self.clock.now, named=named)

    def opened(self, dec: str, **more: Any) -> OpenLeaf:
        asked = commit("in", salt(), b"{}")
        return OpenLeaf(
            act="tool_call", c=Commitments(in_=asked), dec=dec, n=nonce(), par=[], party=self.owner.rid, pol=POLICY,
            rule="R031", sys=self.agent.rid, t=self.clock.now, tier=0, via=self.fleet.other.rid,
            vwar=a_rid("their warrant"), war=a_rid("warrant"), wld="information", **more,
        )  # fmt: skip

    def pose(self, asked: Asked | None = None, need: Need = TWO) -> Hold:
        return self.posed(asked, need)[0].hold

    def posed(self, asked: Asked | None = None, need: Need = TWO) -> tuple[Posed, OpenLeaf]:
        asked = asked or self.asked()
        opened = self.opened("hold")
        data = encode(opened)
        posed = self.holds.pose(asked, need, rid(data), HELD, self.fleet.other.rid, self.clock.now)
        self.join(data, posed.rider)
        return posed, opened

    def join(self, data: bytes, rider: Rider) -> None:
        self.write(Unit((data, *rider.leaves), rider.effects, rider.expect, rider.payloads))

    def spend(self, hold: Hold, rider: Rider | None = None) -> str:
        """rid of the open leaf of the call that ran."""
        data = encode(self.opened("permit", x={SPENDS: hold.rid}))
        self.join(data, rider or self.holds.spend(hold, rid(data), self.clock.now))
        return rid(data)

    def vote(self, hold: Hold, dec: Ballot, *people: Admin, need: Need | None = None, nonce: str = "") -> ApprovalLeaf:
        leaf = statement(hold, dec, need=need, nonce=nonce)
        return self.fleet.sign(leaf, *people)  # type: ignore[return-value]

    def change(self, hold: Hold, arguments: Any, *people: Admin) -> tuple[ApprovalLeaf, Changed]:
        changed = Changed(salt(), exact.with_arguments(self.shown(hold), arguments))
        return self.fleet.sign(statement(hold, Ballot.MODIFY, changed=changed), *people), changed  # type: ignore[return-value]

    def shown(self, hold: Hold) -> bytes:
        return self.payloads[hold.call, exact.GROUP][1]

    def plan(self, leaf: ApprovalLeaf, changed: Changed | None = None, *, policy: str = POLICY) -> Voted:
        hold = self.holds.get(leaf.hold)
        shown = self.shown(hold) if hold else b""
        return decide(
            self.holds, leaf, self.clock.now, policy=policy, shown=shown, changed=changed,
            kind=self.payloads.get((leaf.hold, "kind")),
        )  # fmt: skip

    def decide(self, leaf: ApprovalLeaf, changed: Changed | None = None, *, policy: str = POLICY) -> Hold:
        planned = self.plan(leaf, changed, policy=policy)
        self.write(planned.unit)
        found = self.holds.get(leaf.hold)
        assert found == planned.row
        return found

    def approve(self, hold: Hold, *people: Admin) -> Hold:
        for person in people:
            hold = self.decide(self.vote(self.now(hold), Ballot.APPROVE, person))
        return hold

    def now(self, hold: Hold) -> Hold:
        found = self.holds.get(hold.rid)
        assert found is not None
        return found

    def write(self, unit: Unit) -> None:
        """Raises Refused ``log.conflict``."""
        self.fleet.ledger.write(unit)
        for payload in unit.payloads:
            self.payloads[payload.rid, payload.group] = payload.salt, payload.body
        self.leaves.extend(decode(data) for data in unit.leaves)

    def told(self, *, hidden: bool = True, index_key: bytes = b"") -> dict[str, bytes]:
        """The rows of holds as the leaves alone tell them, with what commitments hide unless `hidden` is False; with
        the key also by what a call finds its hold."""
        return dict(self.replayed(hidden=hidden, index_key=index_key).book.rows(Space.HELD))

    def replayed(self, *, hidden: bool = True, index_key: bytes = b"") -> Replay:
        before: dict[str, Leaf] = {}

        def text(rid_: str, group: str) -> str | None:
            kept = self.payloads.get((rid_, group)) if hidden else None
            return kept[1].decode() if kept else None

        replay = Replay(DOMAIN, text, before.get, index_key=index_key)
        # People and systems as they were enrolled: their own leaves are another test's.
        for space in (Space.PARTIES, Space.ADMINS, Space.SYSTEMS):
            replay.book.apply([Put(space, name, row) for name, row in self.book.rows(space)])
        for leaf in self.leaves:
            its = rid(encode(leaf))
            replay.take(leaf, its)
            before[its] = leaf
        return replay


def refused(call: Any) -> str:
    """The code with which it is refused."""
    try:
        call()
    except Refused as error:
        return error.code
    raise AssertionError("it was not refused")
