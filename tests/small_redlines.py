# SPDX-License-Identifier: Apache-2.0
"""A small registry with two systems of two parties, and sights of what happens there."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import msgspec
from msgspec import UNSET

from answerable.config import RedlinesConfig
from answerable.crypto.ed25519 import Key
from answerable.crypto.random import nonce
from answerable.log.leaf import rid as rid_of
from answerable.model.events import Told, what
from answerable.model.leaves import (
    ApprovalLeaf,
    CloseLeaf,
    Commitments,
    EventLeaf,
    HoldLeaf,
    OpenLeaf,
    ReceiptLeaf,
    Sig,
    Usage,
    WarrantLeaf,
)
from answerable.model.records import Copy, EventSaid, System
from answerable.model.sights import Sight, Standing
from answerable.model.terms import AdminRole
from answerable.model.units import Put, Space, Unit
from answerable.redlines.desk import CANARY, Desk
from answerable.registry.requests import ComputeSpec
from tests.small_registry import ORIGIN, Registry, digest

_numbers = iter(range(1, 1_000_000))


def a_rid(name: str = "") -> str:
    return rid_of(f"{name or next(_numbers)}".encode())


@dataclass(frozen=True)
class Place:
    registry: Registry
    victim: System  # a model whose weights are registered, tier 0, information
    agent: System  # another party's
    grave: System  # of tier 2: what is suspended there stays so
    copy: Copy  # of the victim
    key: Key
    other: Copy  # of the agent
    other_key: Key
    officer: tuple[Key, str]
    operator: tuple[Key, str]

    @property
    def book(self) -> Any:
        return self.registry.book

    @property
    def now(self) -> int:
        return self.registry.now

    def desk(self, **config: Any) -> Desk:
        return Desk(self.book, RedlinesConfig(**config))

    def tell(self, fact: Told, **more: Any) -> Sight:
        """A told event about the victim's copy, by itself."""
        leaf = EventLeaf(
            at=self.now, by=self.copy.rid, c=Commitments(), n=nonce(), sig="", sys=self.victim.rid, t=self.now,
            what=what(fact),
        )  # fmt: skip
        given: dict[str, Any] = {
            "rid": a_rid(), "at": self.now, "system": self.victim.rid, "copy": self.copy.rid,
            "standing": Standing.OWN, "leaf": leaf, "fact": fact,
        }  # fmt: skip
        return Sight(**(given | more))

    def opened(self, *, dec: str = "permit", err: str = "", **more: Any) -> Sight:
        """An open leaf of the victim's copy."""
        its = a_rid()
        leaf = OpenLeaf(
            act="generation", c=Commitments(), dec=dec, err=err or UNSET, n=nonce(), par=more.pop("par", []),
            party=self.victim.parties[0].party, pol="0" * 64, rule="R001", sys=more.get("system", self.victim.rid),
            t=more.get("at", self.now), tier=0, war=a_rid("war"), wld=more.pop("wld", "information"),
            via=more.pop("via", UNSET),
        )  # fmt: skip
        given: dict[str, Any] = {
            "rid": its, "at": self.now, "system": self.victim.rid, "copy": self.copy.rid, "leaf": leaf, "action": its,
        }  # fmt: skip
        return Sight(**(given | more))

    def closed(
        self, opened: Sight, *, st: str = "done", err: str = "", usage: Usage | None = None, **more: Any
    ) -> Sight:
        leaf = CloseLeaf(
            err=err or UNSET, n=nonce(), open=opened.rid, st=st, t=more.get("at", self.now), u=usage or UNSET
        )
        given: dict[str, Any] = {
            "rid": a_rid(), "at": self.now, "system": opened.system, "copy": opened.copy, "leaf": leaf,
            "opened": opened.leaf, "action": opened.rid,
        }  # fmt: skip
        return Sight(**(given | more))

    def warranted(self, *, worlds: tuple[str, ...] = ("information",), tier: int = 0) -> Sight:
        leaf = WarrantLeaf(
            anc="0" * 64, aud="a", cpy=self.copy.rid, crit="ordinary", exp=self.now + 60_000, jti="j", n=nonce(),
            party=self.victim.parties[0].party, seq=1, sys=self.victim.rid, t=self.now, tier=tier, wld=list(worlds),
        )  # fmt: skip
        return Sight(a_rid(), self.now, self.victim.rid, self.copy.rid, leaf=leaf)

    def received(self, *, last: int, received: int) -> Sight:
        leaf = ReceiptLeaf(
            fly=0, last=last, n=nonce(), order=a_rid("order"), own=self.copy.rid, rcv=received, sig="", st="stopped",
            t=self.now,
        )  # fmt: skip
        return Sight(a_rid(), self.now, self.victim.rid, self.copy.rid, leaf=leaf)

    def approved(self, *, until: int) -> tuple[Sight, Sight]:
        """A hold that one person has to agree to, and that person's word."""
        dig, hold, sigs = "0" * 64, a_rid("hold"), [Sig(key=a_rid("anna"), sig="")]
        held = HoldLeaf(
            dig=dig, exp=until, n=nonce(), need=1, open=a_rid("open"), pol=dig, roles=["approver"], t=self.now
        )
        leaf = ApprovalLeaf(dec="approve", dig=dig, exp=until, hold=hold, n=nonce(), pol=dig, sigs=sigs, t=self.now)
        return Sight(hold, self.now, leaf=held), Sight(a_rid(), self.now, leaf=leaf)

    def said(self, fact: Told, *, system: System | None = None, at: int = 0) -> EventSaid:
        """A person's word, on file."""
        row = EventSaid(
            rid=a_rid(), what=what(fact), system=(system or self.victim).rid, by=self.officer[1], at=at or self.now,
            facts=msgspec.json.encode(fact).decode(),
        )  # fmt: skip
        self.registry.write(Unit(effects=(Put(Space.EVENTS, row.rid, msgspec.json.encode(row)),)))
        return row

    def canary(self) -> None:
        """From now on the victim is the canary."""
        self.registry.write(Unit(effects=(Put(Space.MISC, CANARY, self.victim.rid.encode()),)))


def place() -> Place:
    registry = Registry()
    key, other_key = Key.generate(), Key.generate()
    mine, theirs = registry.party("Mine", vouched=True), registry.party("Theirs", vouched=True)
    small: dict[str, Any] = {"compute": ComputeSpec(petaflop=1), "capabilities": ("text",), "licence": "MIT"}
    officer = registry.admin(registry.person("Officer"), AdminRole.OFFICER)
    for name in ("Second", "Third"):
        registry.admin(registry.person(name), AdminRole.OFFICER)
    operator = registry.admin(registry.person("Operator"), AdminRole.OPERATOR)
    victim = registry.system(mine, "victim", digests=(digest("victim"),), **small)
    agent = registry.system(theirs, "agent", digests=(digest("agent"),), **small)
    grave = registry.system(
        mine, "grave", digests=(digest("grave"),), **{**small, "compute": ComputeSpec(petaflop=10**10)}
    )
    copy = registry.book.copy(registry.copy(victim, key))
    other = registry.book.copy(registry.copy(agent, other_key))
    assert copy is not None
    assert other is not None
    return Place(registry, victim, agent, grave, copy, key, other, other_key, officer, operator)


__all__ = ["ORIGIN", "Place", "a_rid", "place"]
