# SPDX-License-Identifier: Apache-2.0
"""The scripted world of `scripted.Stage` for tool calls: registered tools, people who approve, calls that run once.

The kernel, holds, calls and the MCP dialect are real; the server behind them is a script that notes what really ran.
"""

from __future__ import annotations

import asyncio
import dataclasses
from collections.abc import Callable
from typing import Any

import msgspec

from answerable.errors import Refused
from answerable.formats.mcp_result import McpResult
from answerable.log.leaf import decode, rid
from answerable.model.actions import Action
from answerable.model.calls import Call
from answerable.model.holds import Ballot
from answerable.model.terms import (
    Act,
    Audience,
    Criticality,
    Effect,
    SystemKind,
    World,
)
from answerable.model.tools import Tool, ToolState
from answerable.model.units import Committed, Put, Space, Unit
from answerable.model.warrants import Credential, Peer
from answerable.ports import Tools
from answerable.protocols.mcp.dialect import ToolCall
from answerable.protocols.mcp.message import Message
from answerable.tools.calls import Calls
from answerable.tools.calls import decode as call_row
from tests.held import Held
from tests.unit.pipeline.scripted import Carry, Ledger, Models, Recorder, Served, Stage, Upstream, bearer, system

SECRET = bytes(range(32))
DAY_S = 86_400
PAY = Tool(
    world=World.INFORMATION, criticality=Criticality.ORDINARY, domain="general", effect=Effect.WRITE, server="bank",
    name="pay", system="b" * 32, rid="t" * 32, state=ToolState.CLASSIFIED, since=0, changed=0, pin="sha256:" + "0" * 64,
    idempotency_s=DAY_S,
)  # fmt: skip
READ = msgspec.structs.replace(PAY, name="read", effect=Effect.READ, idempotency_s=0)


def result(text: str = "paid") -> bytes:
    return msgspec.json.encode({"result": {"content": [{"type": "text", "text": text}]}})


class Rows(dict[str, Tool]):
    """Registered tools, which stand in the directory too."""

    def __init__(self, held: Held) -> None:
        super().__init__()
        self._held = held

    def __setitem__(self, key: str, tool: Tool) -> None:
        super().__setitem__(key, tool)
        self._held.fleet.put(Space.TOOLS, key, msgspec.json.encode(tool))


class Registry:
    """`ports.Tools` over a dictionary."""

    def __init__(self, held: Held, *tools: Tool) -> None:
        self.tools = Rows(held)
        for tool in tools:
            self.tools[tool.key] = tool
        self.changed: set[str] = set()

    def find(self, server: str, name: str) -> Tool:
        tool = self.tools.get(f"{server}/{name}")
        if tool is None:
            raise Refused("tool.unknown", server=server, tool=name)
        if tool.key in self.changed:
            raise Refused("tool.changed", server=server, tool=name)
        return tool


class Units(Ledger):
    """Checks what a unit expects and shows its effects, whole or not at all, as the sequencer does."""

    def __init__(self, held: Held, log: list[str]) -> None:
        super().__init__(log=log)
        self._held = held
        self._opens: dict[str, bytes] = {}
        self.failing: Callable[[Unit], Exception | None] = lambda _unit: None

    async def commit(self, unit: Unit) -> Committed:
        if self.before is not None:
            await self.before(unit)
        await asyncio.sleep(0)
        if (failure := self.failing(unit)) is not None:
            raise failure
        for expect in unit.expect:
            if expect.space is Space.OPENS and self._opens.get(expect.key) != expect.value:
                raise Refused("log.conflict")
        kept = tuple(expect for expect in unit.expect if expect.space is not Space.OPENS)
        self._held.write(msgspec.structs.replace(unit, expect=kept))
        for effect in unit.effects:
            if effect.space is Space.OPENS:
                self._opens.pop(effect.key, None)
                if isinstance(effect, Put):
                    self._opens[effect.key] = effect.value
        self.units.append(unit)
        self.log.append(type(decode(unit.leaves[0])).__name__)
        return Committed(len(self.units) - 1, len(self.units), 0)


class Server(Upstream):
    """A tool server: what really ran stands in `ran`."""

    def __init__(self, log: list[str]) -> None:
        super().__init__(log, Stage.says(result()), name="bank")
        self.ran: list[bytes] = []
        self.reached = asyncio.Event()
        self.refuses: Exception | None = None

    async def call(self, path: str, body: bytes, *, stream: bool, kind: str = "application/json") -> Any:
        if self.refuses is not None:
            raise self.refuses
        self.ran.append(body)
        self.reached.set()
        return await super().call(path, body, stream=stream, kind=kind)


class ToolStage(Stage):
    """One agent, one server. `clock` is the scripted one of `Stage`, moved to the time of the fleet."""

    def __init__(self, carry: Carry, *tools: Tool, deadline_s: float = 5.0) -> None:
        super().__init__(carry, deadline_s=deadline_s)
        self.held = Held()
        self.clock.ms = self.held.clock.now
        self.app = self.held.agent
        self.ledger = Units(self.held, [])
        self.server = Server(self.ledger.log)
        self.bank = system("bank", 3, kind=SystemKind.APPLICATION)
        self.registry = Registry(self.held, *(tools or (PAY, READ)))
        self.calls = Calls(self.held.book, SECRET, self._answer)
        self.let_in()
        model = bearer(self.bank, exp_ms=self.clock.ms + 60_000)
        self.desk.models[model.copy.rid] = model
        self.models = Models([Served(self.bank, model.copy, self.server, "bank")])
        tools_port: Tools = self.registry  # type: ignore[assignment]  # what the path asks of it
        self.deps = dataclasses.replace(
            self.deps, models=self.models, ledger=self.ledger, tools=tools_port, calls=self.calls,
            holds=self.held.holds,
        )  # fmt: skip
        self.outs: list[Recorder] = []

    def let_in(self, **changed: Any) -> None:
        """The agent's own warrant."""
        fields: dict[str, Any] = {"exp_ms": self.clock.ms + 60_000, "tools": ("*",), "audience": Audience.MACHINE}
        self.desk.callers["ans_good"] = bearer(self.app, **fields | changed)

    async def _answer(self, record: str) -> bytes | None:
        for leaf, unit in ((decode(unit.leaves[0]), unit) for unit in self.ledger.units):
            if getattr(leaf, "open", "") == record:
                kept = self.held.payloads.get((rid(unit.leaves[0]), "out"))
                return kept[1] if kept else None
        return None

    def asks(self, tool: str = "pay", arguments: Any = None, **changed: Any) -> Action:
        request = {"arguments": {"amount": 100} if arguments is None else arguments, "name": tool}
        fields: dict[str, Any] = {
            "act": Act.TOOL_CALL, "credential": Credential("ans_good", Peer("127.0.0.1")), "model": "bank",
            "request": request, "body": msgspec.json.encode(request), "stream": False, "language": "en", "tool": tool,
        }  # fmt: skip
        return Action(**fields | changed)

    async def call(
        self, tool: str = "pay", arguments: Any = None, *, out: Recorder | None = None, **changed: Any
    ) -> Recorder:
        out = out or Recorder()
        self.outs.append(out)
        dialect = ToolCall(Message(id=len(self.outs)), McpResult())
        async with asyncio.timeout(10):
            await self.carry(self.asks(tool, arguments, **changed), dialect, self.deps, out)
        return out

    def rows(self) -> list[Call]:
        return [call_row(raw) for _, raw in self.held.book.rows(Space.CALLS)]

    def approve(self, out: Recorder) -> str:
        """Two people approve what waits; rid of the hold."""
        hold = self.held.holds.get(out.error.params["hold"])
        assert hold is not None
        self.held.clock.now = self.clock.ms
        for person in self.held.people[: hold.people]:
            hold = self.held.decide(self.held.vote(hold, Ballot.APPROVE, person), policy=hold.pol)
        return hold.rid


def said(out: Recorder) -> dict[str, Any]:
    """The result in an answer."""
    found: dict[str, Any] = msgspec.json.decode(out.data)["result"]
    return found
