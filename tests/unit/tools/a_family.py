# SPDX-License-Identifier: Apache-2.0
"""A founder, what it made, and what that one made, in a registry that commits; and a caller's bearer for each."""

from __future__ import annotations

from typing import Any

import msgspec

from answerable.model.actions import Action
from answerable.model.records import Copy, Party, System
from answerable.model.terms import Act, Audience, Criticality, Effect, Relation, SystemKind, World
from answerable.model.tools import Tool, ToolMeter, ToolState
from answerable.model.warrants import Bearer, Credential, Peer, Warrant
from answerable.registry import systems
from tests.small_registry import Registry

CREDENTIAL = Credential("ans_x", Peer())


class Family:
    def __init__(self) -> None:
        self.registry = Registry()
        self.book = self.registry.book
        self.firm = self.registry.party()
        self.founder = self.agent(self.firm, "founder")
        self.root = self.start(self.founder)
        self.child = self.made("child", self.root)
        self.branch = self.start(self.child)
        self.grandchild = self.made("grandchild", self.branch)
        self.leaf = self.start(self.grandchild)
        self.other = self.agent(self.firm, "other")
        self.apart = self.start(self.other)

    def agent(self, party: Party, name: str, **changes: Any) -> System:
        return self.registry.system(party, name, kind=SystemKind.AGENT, **changes)

    def made(self, name: str, by: Copy, **changes: Any) -> System:
        maker = self.book.system(by.system)
        assert maker is not None
        request = self.registry.request(
            self.firm, name, kind=SystemKind.AGENT, edges=[(maker, Relation.MADE)], **changes
        )
        rid = self.registry.commit(systems.register(self.book, request, self.registry.now, maker=by.rid))
        found = self.book.system(rid)
        assert found is not None
        return found

    def start(self, system: System) -> Copy:
        found = self.book.copy(self.registry.copy(system))
        assert found is not None
        return found

    def bearer(self, copy: Copy, **changes: Any) -> Bearer:
        system = self.book.system(copy.system)
        assert system is not None
        warrant = Warrant(
            iss="i", aud="a", copy=copy.id, system=system.id, party=self.firm.rid, grant="g" * 32,
            ancestors=(*system.ancestors, system.num), iat_ms=0, exp_ms=1, jti="j", seq=1, nonce="n", epoch=0,
            key=copy.key, worlds=system.worlds, max_criticality=system.max_criticality, tier=system.tier,
            audience=Audience.INTERNAL, tools=system.tools, copy_rid=copy.rid,
        )  # fmt: skip
        return Bearer(msgspec.structs.replace(warrant, **changes), system, copy, self.firm, 1)


def generation(**request: Any) -> Action:
    request = {"messages": [], **request}
    return Action(Act.GENERATION, CREDENTIAL, "auto", request, b"x" * 100, False, "en")


def call(server: str, name: str, **arguments: Any) -> Action:
    request = {"name": name, "arguments": arguments}
    return Action(Act.TOOL_CALL, CREDENTIAL, server, request, b"{}", False, "en", tool=name)


def tool(name: str = "pay", *meters: ToolMeter, rate: int = 0, server: str = "bank") -> Tool:
    return Tool(
        world=World.INFORMATION, criticality=Criticality.ORDINARY, domain="other", effect=Effect.WRITE, meters=meters,
        rate=rate, server=server, name=name, system="s", rid="r", state=ToolState.CLASSIFIED, since=0, changed=0,
    )  # fmt: skip
