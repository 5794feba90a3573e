# SPDX-License-Identifier: Apache-2.0
"""Requests without a socket, and who asks: for tests of what the gateway makes of a POST to a tool server."""

from __future__ import annotations

import asyncio
import json
from types import SimpleNamespace
from typing import Any

from answerable.errors import Refused
from answerable.model.terms import Criticality, DataClass, Effect, World
from answerable.model.tools import Definition, Tool, ToolState
from answerable.model.warrants import Credential, Peer
from tests.unit.pipeline.scripted import bearer, system

AGENT = bearer(system("agent", 5))
SHOWN = Credential("ans_good", Peer())
STRANGE = Credential("ans_bad", Peer())


class Request:
    """What of `net.request.Request` these rooms touch."""

    def __init__(self, path: str = "/mcp/desk") -> None:
        self.path = path
        self.keep = self.cancels = True
        self.started = self.complete = self.gone = False
        self.status = 0
        self.fields: list[bytes] = []
        self.sent: list[bytes] = []
        self.over = asyncio.Event()

    def answer(self, status: int, fields: Any, body: bytes) -> None:
        self.begin(status, fields, body)
        self.complete = True

    def begin(self, status: int, fields: Any, data: bytes = b"", **_: Any) -> None:
        assert not self.started
        self.started, self.status, self.fields = True, status, list(fields)
        self.sent.append(data)

    def end(self, data: bytes = b"") -> None:
        self.sent.append(data)
        self.complete = True

    async def ended(self) -> None:
        await self.over.wait()

    @property
    def json(self) -> Any:
        return json.loads(b"".join(self.sent))

    def field(self, name: str) -> str:
        found = [line for line in self.fields if line.lower().startswith(name.encode() + b":")]
        return found[0].partition(b": ")[2].decode() if found else ""


def tool(name: str, **changed: Any) -> Tool:
    return Tool(
        **{
            "world": World.INFORMATION, "criticality": Criticality.ORDINARY, "domain": "general",
            "effect": Effect.READ, "server": "desk", "name": name, "system": "s", "rid": "r",
            "state": ToolState.CLASSIFIED, "since": 0, "changed": 0, "pin": f"sha256:{name}", **changed,
        }
    )  # fmt: skip


def definition(name: str, **members: Any) -> Definition:
    body = {"name": name, "description": f"{name}s.", "inputSchema": {"type": "object"}, **members}
    return Definition(name, f"sha256:{name}", b"", body)


class Tools:
    """`ports.Tools` over a list."""

    def __init__(self, *known: tuple[Tool, Definition]) -> None:
        self.known = known

    def shown(self, server: str) -> Any:
        if server != "desk":
            raise Refused("tool.unknown", tool=server)
        return self.known

    def find(self, server: str, name: str) -> Tool:
        found = [tool for tool, _ in self.shown(server) if tool.name == name]
        if not found:
            raise Refused("tool.unknown", tool=f"{server}/{name}")
        return found[0]

    def definition(self, server: str, name: str) -> Definition | None:
        return next((each for _, each in self.shown(server) if each.name == name), None)


def deps(*known: tuple[Tool, Definition], **changed: Any) -> Any:
    """What the rooms ask of `pipeline.deps.Deps`, for `AGENT` alone."""
    counted: list[str] = []

    async def present(shown: Credential) -> Any:
        if shown != SHOWN:
            raise Refused("warrant.missing")
        return AGENT

    async def own(copy: Any) -> Any:
        return AGENT

    made = {
        "desk": SimpleNamespace(present=present, own=own),
        "gate": SimpleNamespace(admit=lambda bearer: None),
        "ledger": SimpleNamespace(count_refusal=counted.append),
        "models": SimpleNamespace(
            named=lambda name, act: (SimpleNamespace(copy=None, system=AGENT.system),) if name == "desk" else ()
        ),
        "clock": SimpleNamespace(now_ms=lambda: 1_000),
        "tools": Tools(*known),
        "holds": None,
        "policies": (),
        "tier_of": lambda system: system.tier,
        "index_key": b"k" * 32,
        "counted": counted,
    }
    return SimpleNamespace(**(made | changed))


def said(**changed: Any) -> Any:
    from answerable.gateway.front import Said

    fields = {"data_class": DataClass.OPEN, "world": World.INFORMATION, "criticality": Criticality.ORDINARY}
    return Said(**{**fields, "principal": "", "hold": "", **changed})
