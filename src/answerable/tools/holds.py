# SPDX-License-Identifier: Apache-2.0
"""Actions that wait for people, as the path meets them: who must agree, whether they did, and that what they agreed to
runs once (`docs/spec/approval.md`).

Pure, over the directory: nothing is counted twice because each rider expects the rows that it was planned over, those
of the people who agreed included.
"""

from __future__ import annotations

import json
from collections.abc import Awaitable, Callable, Container, Iterable, Iterator
from dataclasses import dataclass, field
from typing import Final

import msgspec

from answerable.crypto.random import nonce, salt
from answerable.errors import Refused, VerificationError
from answerable.log.commitment import commit
from answerable.log.leaf import encode, rid
from answerable.model.actions import Decision
from answerable.model.holds import Asked, Hold, HoldState, Need
from answerable.model.leaves import HoldLeaf
from answerable.model.terms import AdminRole, Ruling
from answerable.model.tools import Tool
from answerable.model.units import Effect, Expect, Payload, Put, Rider, Space
from answerable.ports import Directory
from answerable.tools import exact, voided
from answerable.tools.people import agreed, enough
from answerable.tools.planned import put, unchanged
from answerable.tools.tally import Tally
from answerable.tools.unended import Unended

KIND: Final = "answerable.kind"  # of a hold leaf: commitment to whether it was planted (`tools.planted`)
GROUP: Final = "kind"
REGISTERED: Final = "answerable.registered"  # of a hold leaf: rid of the newest leaf of the tool that it is for
SPENDS: Final = "answerable.hold"  # of an open leaf: rid of the hold that it spends
INDEX: Final = "tag:"  # before the tag of a call: the key of a row of `Space.HELD` that names its newest hold
OPENED: Final = INDEX + "open:"  # before the rid of an open leaf: the key of a row that names the hold asked in it
EXPIRES_MS: Final = 24 * 3_600_000
MOST_WAITING: Final = 64  # of one system: whoever asks without end must not bury what others ask
KEPT_MS: Final = 30 * 86_400_000  # what was asked can be looked at so long after the hold ended
# Why a hold allows nothing any more; of one that was rejected, once its time is over. Of one that is void: `voided`.
ENDED: Final = {HoldState.SPENT: "hold.spent", HoldState.EXPIRED: "hold.expired", HoldState.REJECTED: "hold.expired"}
_OPEN: Final = (HoldState.WAITING, HoldState.APPROVED)
ASKED: Final = json.dumps({"planted": False}).encode()

_row = msgspec.json.Decoder(Hold).decode
Read = Callable[[str, str], Awaitable[tuple[bytes, bytes | None] | None]]  # (rid, group) of a payload


async def unread(_rid: str, _group: str) -> tuple[bytes, bytes | None] | None:
    """No payloads are at hand."""
    return None


@dataclass(frozen=True, slots=True)
class Found:
    """The hold for a call. have: how many people agreed to it as it would run now."""

    hold: Hold
    state: HoldState
    have: int


@dataclass(frozen=True, slots=True)
class Posed:
    """A hold that is ready to be written with its open leaf. rid: of the hold leaf."""

    rider: Rider
    rid: str
    hold: Hold


class _Seen:
    """What is known without looking; None while nobody tells what is committed."""

    __slots__ = ("tally", "unended")

    def __init__(self) -> None:
        self.unended: Unended | None = None
        self.tally: Tally | None = None


@dataclass(frozen=True, slots=True)
class Holds:
    """index_key: 32 bytes, the store's; expires_ms: how long people have; most_waiting: calls of one system that may
    wait at once; kept: whether the store keeps what was said; read: of payloads. After `watch` it is told of all that
    is committed, and looks through what was ever asked no more."""

    directory: Directory
    index_key: bytes
    expires_ms: int = EXPIRES_MS
    most_waiting: int = MOST_WAITING
    kept: bool = True
    read: Read = unread
    _seen: _Seen = field(init=False, default_factory=_Seen, repr=False, compare=False)

    def watch(self) -> None:
        """From now on `follow` is called with all that is committed. Looks at every row, once."""
        every = tuple(self.all())
        self._seen.unended, self._seen.tally = Unended(every), Tally(every)

    def follow(self, effects: Iterable[Effect]) -> list[Hold]:
        """Effects of a committed unit. The rows of holds among them."""
        found = []
        for effect in effects:
            if effect.space is not Space.HELD or effect.key.startswith(INDEX):
                continue
            hold = _row(effect.value) if isinstance(effect, Put) else None
            if hold is not None:
                found.append(hold)
            if self._seen.unended is not None and self._seen.tally is not None:
                if hold is not None:
                    self._seen.unended.take(hold)
                    self._seen.tally.take(hold)
                else:
                    self._seen.unended.end(effect.key)
                    self._seen.tally.drop(effect.key)
        return found

    def tally(self) -> Tally:
        """How people decided so far."""
        return self._seen.tally or Tally(self.all())

    def need(self, decision: Decision, tool: Tool | None) -> Need | None:
        """Who must agree; None where nobody must, or where no agreement would help."""
        return need_of(decision, tool)

    def find(self, asked: Asked, need: Need | None, now_ms: int, *, named: str = "") -> Found | None:
        """The hold that stands for exactly this call: waiting or approved; None where it is to be asked (anew).

        named: rid of the hold, or of the open leaf that it was asked in, where the caller names one. A hold is its
        copy's as long as that runs, and then its system's: people may take longer than a process lives. need: None
        where nobody need agree any more. Raises Refused ``hold.rejected``, and for a named one
        ``hold.unknown|mismatch|expired|spent`` and what `voided.why` says.
        """
        own, shared = self._tags(asked)
        if named:
            hold = self.named(named)
            if hold is None or hold.system != asked.caller or hold.planted:
                raise Refused("hold.unknown", hold=named[:64])
            if not self._is_of(hold, asked, shared):
                raise Refused("hold.mismatch", hold=hold.rid)
        else:
            hold = self._pointed(own) or self._pointed(shared)
        if hold is None or hold.planted or not self._is_of(hold, asked, shared):
            return None
        void = self.void(hold, policy=asked.policy, need=need, via=(asked.via,) if asked.via else (), reg=asked.reg)
        state = self.stands(hold, now_ms, void)
        if state is HoldState.REJECTED and now_ms < hold.exp:
            raise Refused("hold.rejected", hold=hold.rid, until=hold.exp)
        if state not in _OPEN:
            if named:
                raise Refused(ENDED.get(state, void), hold=hold.rid)
            return None
        return Found(hold, state, len(agreed(self.directory, hold)))

    def pose(self, asked: Asked, need: Need, open_rid: str, decision: Decision, via: str, now_ms: int) -> Posed:
        """Ask people: hold leaf, row and what the call finds it by, for the unit of its open leaf. via: rid of the
        system that would answer. Raises Refused ``hold.crowded|unkept``; VerificationError ``log.encoding``."""
        if not self.kept:
            raise Refused("hold.unkept")
        waiting = self.waiting(now_ms, policy=asked.policy, system=asked.caller)
        have = sum(not each.planted for each in waiting)
        if have >= self.most_waiting:
            raise Refused("hold.crowded", have=have, most=self.most_waiting)
        data, drawn = exact.body(asked), salt()
        own, shared = self._tags(asked)
        posed = written(
            Hold(
                rid="", open=open_rid, act=asked.act, system=asked.caller, via=via, rule=decision.rule,
                dig=exact.digest(drawn, data), pol=asked.policy, people=need.people, roles=need.roles, at=now_ms,
                exp=now_ms + self.expires_ms, call=open_rid, copy=asked.copy, server=asked.server, tool=asked.tool,
                tag=shared, reg=asked.reg,
            ),
            ASKED,
        )  # fmt: skip
        keep = posed.hold.exp + KEPT_MS
        pointers = (Put(Space.HELD, INDEX + mark, posed.rid.encode()) for mark in (own, shared))
        rider = Rider(
            leaves=posed.rider.leaves,
            effects=(*posed.rider.effects, *pointers),
            expect=(unchanged(self.directory, Space.HELD, INDEX + own),),
            payloads=(*posed.rider.payloads, Payload(open_rid, exact.GROUP, drawn, data, (), keep)),
        )
        return Posed(rider, posed.rid, posed.hold)

    def spend(self, hold: Hold, open_rid: str, now_ms: int) -> Rider:
        """Use the approval, in the unit of the open leaf with that rid, whose extension `SPENDS` names the hold. It
        conflicts if anything that it rests on changed: the hold, the tool's row, the key of a person who agreed.

        Raises Refused ``hold.spent|expired|rejected|void|registered|unknown`` where it is not approved.
        """
        kept = self.get(hold.rid)
        if kept is None or kept.planted:
            raise Refused("hold.unknown", hold=hold.rid)
        void = self.void(kept)
        state = self.stands(kept, now_ms, void)
        if state is HoldState.REJECTED:
            raise Refused("hold.rejected", hold=hold.rid, until=hold.exp)
        if kept != hold or state is not HoldState.APPROVED:
            raise Refused(ENDED.get(state, void or voided.POLICY), hold=hold.rid)
        row = msgspec.structs.replace(kept, spent=open_rid)
        people = (unchanged(self.directory, Space.ADMINS, vote.key) for vote in agreed(self.directory, kept))
        tool = voided.tool_of(kept)
        rows = (unchanged(self.directory, Space.TOOLS, tool),) if tool else ()
        return Rider(
            effects=(put(Space.HELD, row.rid, row),),
            expect=(unchanged(self.directory, Space.HELD, row.rid), *rows, *people),
        )

    def _tags(self, asked: Asked) -> tuple[str, str]:
        """By which this copy finds the call, and by which any copy of its system does."""
        anyone = msgspec.structs.replace(asked, copy="")
        return exact.tag(exact.body(asked), self.index_key), exact.tag(exact.body(anyone), self.index_key)

    def _pointed(self, mark: str) -> Hold | None:
        pointer = self.directory.raw(Space.HELD, INDEX + mark)
        return self.get(pointer.decode()) if pointer else None

    def _is_of(self, hold: Hold, asked: Asked, shared: str) -> bool:
        """Whether the hold is for this call: of this copy, or of one of its system that has ended."""
        if hold.tag != shared:
            return False
        copy = self.directory.copy(hold.copy)
        return hold.copy == asked.copy or (copy is not None and bool(copy.ended))

    def state(self, hold: Hold, now_ms: int, *, policy: str = "", need: Need | None = None) -> HoldState:
        """How it stands. policy: digest of the policy of now, "" for not asked; need: what is needed now."""
        return self.stands(hold, now_ms, self.void(hold, policy=policy, need=need))

    def void(
        self, hold: Hold, *, policy: str = "", need: Need | None = None, via: Container[str] = (), reg: str = ""
    ) -> str:
        """`voided.why`, over this directory."""
        return voided.why(self.directory, hold, policy=policy, need=need, via=via, reg=reg)

    def stands(self, hold: Hold, now_ms: int, void: str) -> HoldState:
        """`state`, where it is known already why it is void, "" for that it is not."""
        if hold.spent:
            return HoldState.SPENT
        if hold.rejected:
            return HoldState.REJECTED
        if now_ms >= hold.exp:
            return HoldState.EXPIRED
        if void:
            return HoldState.VOID
        return HoldState.APPROVED if enough(self.directory, hold) else HoldState.WAITING

    def get(self, hold: str) -> Hold | None:
        """The row with that rid."""
        raw = None if hold.startswith(INDEX) else self.directory.raw(Space.HELD, hold)
        return None if raw is None else _row(raw)

    def named(self, ref: str) -> Hold | None:
        """The row by its rid, or by the rid of the open leaf that it was asked in."""
        pointer = self.directory.raw(Space.HELD, OPENED + ref)
        return self.get(pointer.decode() if pointer is not None else ref)

    def all(self) -> Iterator[Hold]:
        """Every hold, the oldest first."""
        return (_row(raw) for key, raw in self.directory.rows(Space.HELD) if not key.startswith(INDEX))

    def waiting(self, now_ms: int, *, policy: str = "", system: str = "") -> Iterator[Hold]:
        """What people can still decide about, the oldest first; approved and unused ones too. system: rid of the one
        whose calls are meant, "" for all."""
        unended = self._seen.unended or Unended(self.all())
        for hold in unended.left():
            if now_ms >= hold.exp:
                unended.end(hold.rid)
            elif system in ("", hold.system) and self.state(hold, now_ms, policy=policy) in (
                HoldState.WAITING,
                HoldState.APPROVED,
            ):
                yield hold

    async def shown(self, hold: Hold) -> bytes:
        """The exact call as it would run now (`tools.exact.body`), checked against what people sign.
        Raises Refused ``hold.unreadable``."""
        kept = await self.read(hold.call, exact.GROUP)
        if kept is None or kept[1] is None or exact.digest(kept[0], kept[1]) != hold.dig:
            raise Refused("hold.unreadable", hold=hold.rid)
        return kept[1]

    async def call(self, hold: Hold) -> bytes:
        """What would run, as a request: RFC 8785 JSON (`tools.exact.request`). Raises Refused ``hold.unreadable``."""
        try:
            return exact.request(await self.shown(hold))
        except VerificationError:
            raise Refused("hold.unreadable", hold=hold.rid) from None

    async def original(self, hold: Hold) -> bytes:
        """The request as it was asked, by which it finds its hold whatever approvers changed. Raises Refused
        ``hold.unreadable``."""
        kept = await self.read(hold.open, exact.GROUP)
        dig = hold.asked or hold.dig
        if kept is None or kept[1] is None or exact.digest(kept[0], kept[1]) != dig:
            raise Refused("hold.unreadable", hold=hold.rid)
        return exact.request(kept[1])

    async def arguments(self, hold: Hold) -> bytes | None:
        """The request with which an approver replaced what was asked; None where nobody did.
        Raises Refused ``hold.unreadable``."""
        return await self.call(hold) if hold.asked else None


def need_of(decision: Decision, tool: Tool | None) -> Need | None:
    """Who must agree to what was decided so, with this tool: the larger number, the roles of both."""
    if decision.ruling is Ruling.REFUSE:
        return None
    people, roles = 0, set[AdminRole]()
    for duty in decision.obligations:
        kind, _, value = duty.partition(":")
        if kind == "approvals":
            people = max(people, int(value))
        elif kind == "role":
            roles.add(AdminRole(value))
    if tool is not None and tool.approvals:
        people = max(people, tool.approvals)
        roles.update(tool.roles)
    if decision.ruling is Ruling.HOLD:
        people = max(people, 1)
    if not people:
        return None
    listed = tuple(sorted(roles or {AdminRole.APPROVER}))
    return Need(max(people, len(listed)), listed)


def written(hold: Hold, kind: bytes) -> Posed:
    """The leaf of a hold and its row; whether it was planted stands there as a commitment alone. kind: its payload."""
    hidden = salt()
    extensions = {KIND: commit(GROUP, hidden, kind)}
    if hold.reg:
        extensions[REGISTERED] = hold.reg
    leaf = HoldLeaf(
        dig=hold.dig, exp=hold.exp, n=nonce(), need=hold.people, open=hold.open, pol=hold.pol,
        roles=[role.value for role in hold.roles], t=hold.at, x=extensions,
    )  # fmt: skip
    data = encode(leaf)
    row = msgspec.structs.replace(hold, rid=rid(data))
    named = Put(Space.HELD, OPENED + row.open, row.rid.encode())
    effects: tuple[Effect, ...] = (put(Space.HELD, row.rid, row), named)
    payload = Payload(row.rid, GROUP, hidden, kind, (), row.exp + KEPT_MS)
    return Posed(Rider((data,), effects, (Expect(Space.HELD, row.rid, None),), (payload,)), row.rid, row)
