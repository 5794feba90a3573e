# SPDX-License-Identifier: Apache-2.0
"""A scripted world around `carry`: the kernel is real, time and the outside are scripts (house rule 4)."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Callable, Coroutine
from dataclasses import dataclass, field
from typing import Any

import msgspec

from answerable.errors import Refused
from answerable.formats.api_text import dialects
from answerable.log.leaf import decode
from answerable.model.actions import Action, Finding, Spent
from answerable.model.labels import EngineMarks
from answerable.model.leaves import CloseLeaf, Leaf, OpenLeaf
from answerable.model.records import Copy, Party, PartyRole, System
from answerable.model.terms import (
    Act,
    Audience,
    Criticality,
    DataClass,
    Locality,
    Measure,
    PartyKind,
    Role,
    Standing,
    SystemKind,
    World,
)
from answerable.model.units import Committed, Unit
from answerable.model.warrants import Bearer, Credential, Horizon, Peer, Recognised, Warrant
from answerable.pipeline.deps import Deps
from answerable.pipeline.flights import Flights
from answerable.ports import Dialect, Out

PROVIDER = "001191110000MA0000001X10000"
PARTY = Party(rid="p" * 32, id="LEIXG-x", kind=PartyKind.ORG, name="Somebody", standing=Standing.VOUCHED, since=0)
DIALECTS = dialects()
CHAT = DIALECTS.at("/v1/chat/completions")
Carry = Callable[[Action, Dialect, Deps, Out], Coroutine[Any, Any, None]]


def system(name: str, num: int, **changed: Any) -> System:
    made = System(
        rid=name[0] * 32,
        id=f"spiffe://demo.invalid/system/{name}",
        num=num,
        kind=SystemKind.MODEL,
        name=name,
        version="1",
        parties=(PartyRole(party=PARTY.rid, role=Role.DEPLOYER),),
        edges=(),
        ancestors=(),
        tier=0,
        audience=Audience.PUBLIC,
        worlds=(World.INFORMATION,),
        criticality=Criticality.ORDINARY,
        since=0,
    )
    return msgspec.structs.replace(made, **changed)


def bearer(of: System, **changed: Any) -> Bearer:
    copy = Copy(rid=of.rid[::-1][:31] + "2", id=of.id + "/copy/1", system=of.rid, key="k", since=0)
    fields: dict[str, Any] = {
        "iss": "i", "aud": "g", "copy": copy.id, "system": of.id, "party": PARTY.rid, "grant": "w" * 31 + of.rid[0],
        "ancestors": (of.num,), "iat_ms": 0, "exp_ms": 60_000, "jti": "j", "seq": 1, "nonce": "n", "epoch": 0, "key":
        "k", "worlds": of.worlds, "max_criticality": of.criticality, "tier": of.tier, "audience": of.audience,
        "copy_rid": copy.rid,
    }  # fmt: skip
    held = changed.pop("held", False)
    return Bearer(Warrant(**(fields | changed)), of, copy, PARTY, 60_000, held=held)


class Clock:
    def __init__(self) -> None:
        self.ms = 1_000

    def now_ms(self) -> int:
        return self.ms

    def mono_ms(self) -> int:
        return self.ms


class Gate:
    """Admission as `admission.admit` does it, as far as these scripts need: life, and a set of stopped numbers."""

    def __init__(self, clock: Clock) -> None:
        self.clock = clock
        self.stopped: dict[int, str] = {}

    def stopped_by(self, bearer: Bearer) -> str:
        return next((order for num, order in self.stopped.items() if num in bearer.warrant.ancestors), "")

    def holds(self, horizon: Horizon) -> bool:
        return False

    def admit(self, bearer: Bearer) -> None:
        if order := self.stopped_by(bearer):
            raise Refused("stop.system", order=order)
        if bearer.warrant.exp_ms <= self.clock.ms:
            raise Refused("warrant.expired")


class Desk:
    def __init__(self) -> None:
        self.callers: dict[str, Bearer] = {}
        self.refusals: dict[str, str] = {}  # known credential -> why it does not let in
        self.models: dict[str, Bearer] = {}

    async def present(self, credential: Credential) -> Bearer:
        if credential.value not in self.callers:
            raise Refused("warrant.missing")
        if code := self.refusals.get(credential.value):
            raise Recognised(code, self.callers[credential.value])
        return self.callers[credential.value]

    async def still(self, credential: Credential, bearer: Bearer) -> Bearer:
        presented = await self.present(credential)
        return await self.own(presented.copy) if bearer.held else presented

    def horizon(self, credential: Credential, caller: Bearer, model: Bearer) -> None:
        """These scripts change things behind everybody's back: each admission is asked for."""

    async def own(self, copy: Copy) -> Bearer:
        return self.models[copy.rid]


@dataclass
class Ledger:
    """Keeps units in order. `before` runs inside `commit`, where a disk would be waited for."""

    units: list[Unit] = field(default_factory=list)
    refusals: list[str] = field(default_factory=list)
    before: Callable[[Unit], Coroutine[Any, Any, None]] | None = None
    log: list[str] = field(default_factory=list)

    async def commit(self, unit: Unit) -> Committed:
        if self.before is not None:
            await self.before(unit)
        await asyncio.sleep(0)
        self.units.append(unit)
        self.log.append(type(decode(unit.leaves[0])).__name__)
        return Committed(len(self.units) - 1, len(self.units), 0)

    def count_refusal(self, code: str) -> None:
        self.refusals.append(code)

    @property
    def leaves(self) -> list[Leaf]:
        return [decode(data) for unit in self.units for data in unit.leaves]


class Reply:
    def __init__(self, upstream: Upstream) -> None:
        self._upstream = upstream
        self._script = upstream.script()

    async def read(self) -> bytes:
        return await anext(self._script, b"")

    def close(self) -> None:
        self._upstream.left += 1


@dataclass
class Upstream:
    """Answers by its script; notes its calls in the ledger's log, so that their order shows."""

    log: list[str]
    script: Callable[[], AsyncIterator[bytes]]
    name: str = "scripted"
    locality: Locality = Locality.LOCAL
    calls: int = 0
    left: int = 0

    async def call(self, path: str, body: bytes, *, stream: bool, kind: str = "application/json") -> Reply:
        self.calls += 1
        self.log.append("call")
        return Reply(self)

    async def close(self) -> None: ...


@dataclass
class Served:
    system: System
    copy: Copy
    upstream: Upstream
    model: str
    marks: EngineMarks = EngineMarks.UNKNOWN


@dataclass
class Models:
    served: list[Served]

    def named(self, model: str, act: Act) -> tuple[Served, ...]:
        return tuple(s for s in self.served if model in ("auto", s.system.name))

    def absent(self, model: str, act: Act) -> Refused:
        return Refused("model.unknown", model=model)


class Leak:
    """A detector with a memory, for a word that must not leave."""

    name = "leak"

    def watch(self, action: Action) -> Leak:
        made = Leak()
        made.seen = ""
        return made

    seen = ""

    def see(self, text: str) -> Finding | None:
        self.seen += text
        return Finding("RL2", "red", "redline.credential", {}) if "forbidden" in self.seen else None


class Metering:
    def start(self, served: Any) -> Metering:
        return self

    def spent(self, tokens_in: int, tokens_out: int) -> Spent:
        return Spent(tokens_in, tokens_out, 5, tokens_out * 3, Measure.ESTIMATED)


@dataclass
class Traces:
    steps: list[str] = field(default_factory=list)
    ends: list[tuple[str, str]] = field(default_factory=list)
    tools: list[str] = field(default_factory=list)

    def start(self, action: Action) -> Traces:
        return self

    def step(self, name: str) -> None:
        if name not in self.steps:
            self.steps.append(name)

    def tool(self, name: str) -> None:
        self.tools.append(name)

    def end(self, outcome: str, code: str, spent: Spent | None) -> None:
        self.ends.append((outcome, code))


@dataclass
class Recorder:
    """ports.Out, kept."""

    record: str = ""
    aigc: bytes = b""
    notice: str = ""
    data: bytes = b""
    error: Any = None
    finished: bool = False
    sent: asyncio.Event = field(default_factory=asyncio.Event)

    @property
    def code(self) -> str:
        """Of what it was refused with; "" for nothing."""
        return self.error.code if self.error is not None else ""

    def start(self, record: str, aigc: bytes, notice: str = "") -> None:
        self.record, self.aigc, self.notice = record, aigc, notice

    async def send(self, data: bytes) -> None:
        self.data += data
        self.sent.set()
        await asyncio.sleep(0)

    async def fail(self, error: Exception, record: str) -> None:
        self.error, self.record = error, record

    async def finish(self, data: bytes) -> None:
        self.data += data
        self.finished = True


def answer(text: str) -> bytes:
    return msgspec.json.encode(
        {
            "id": "up",
            "object": "chat.completion",
            "created": 1,
            "model": "up",
            "choices": [{"index": 0, "finish_reason": "stop", "message": {"role": "assistant", "content": text}}],
            "usage": {"prompt_tokens": 3, "completion_tokens": 4, "total_tokens": 7},
        }
    )


def event(text: str, finish: str | None = None) -> bytes:
    delta = {"content": text} if finish is None else {}
    body = {
        "id": "up",
        "object": "chat.completion.chunk",
        "created": 1,
        "model": "up",
        "choices": [{"index": 0, "delta": delta, "finish_reason": finish}],
    }
    return b"data: " + msgspec.json.encode(body) + b"\n\n"


DONE = b"data: [DONE]\n\n"


class Stage:
    """Everything together. `carry` is handed in, so that the same script runs against a mutant."""

    def __init__(self, carry: Carry, *, detectors: tuple[Any, ...] | None = None, deadline_s: float = 5.0) -> None:
        self.carry = carry
        self.clock = Clock()
        self.gate = Gate(self.clock)
        self.desk = Desk()
        self.ledger = Ledger()
        self.app, self.model = system("app", 7), system("model", 3)
        self.desk.callers["ans_good"] = bearer(self.app)
        self.upstream = Upstream(self.ledger.log, self.says(answer("hello")))
        self.serve(self.model, self.upstream)
        self.trace = Traces()
        self.flights = Flights(self.gate)
        self.out = Recorder()
        self.deps = Deps(
            clock=self.clock,
            desk=self.desk,
            gate=self.gate,
            models=self.models,
            policies=(),
            ledger=self.ledger,
            detectors=(Leak(),) if detectors is None else detectors,
            meter=Metering(),
            tracer=self.trace,
            flights=self.flights,
            duties_met=lambda _: True,
            tier_of=lambda system: system.tier,
            provider=PROVIDER,
            index_key=b"i" * 32,
            deadline_s=deadline_s,
        )

    def serve(self, of: System, upstream: Upstream) -> None:
        model = bearer(of)
        self.desk.models[model.copy.rid] = model
        self.models = Models([Served(of, model.copy, upstream, "weights")])

    @staticmethod
    def says(
        *pieces: bytes | Callable[[], Coroutine[Any, Any, None]] | Exception,
    ) -> Callable[[], AsyncIterator[bytes]]:
        """A script: bytes are sent, coroutine functions are awaited in between, exceptions are raised."""

        async def script() -> AsyncIterator[bytes]:
            for piece in pieces:
                if isinstance(piece, bytes):
                    yield piece
                elif isinstance(piece, Exception):
                    raise piece
                else:
                    await piece()

        return script

    def ask(self, **changed: Any) -> Action:
        request = {"model": "model", "messages": [{"role": "user", "content": "hi"}]}
        fields: dict[str, Any] = {
            "act": Act.GENERATION,
            "credential": Credential("ans_good", Peer("127.0.0.1")),
            "model": "model",
            "request": request,
            "body": msgspec.json.encode(request),
            "stream": False,
            "language": "en",
            "data_class": DataClass.OPEN,
        }
        return Action(**(fields | changed))

    async def run(self, **changed: Any) -> Recorder:
        action = self.ask(**changed)
        async with asyncio.timeout(5):
            await self.carry(action, CHAT, self.deps, self.out)
        return self.out

    @property
    def opens(self) -> list[OpenLeaf]:
        return [leaf for leaf in self.ledger.leaves if isinstance(leaf, OpenLeaf)]

    @property
    def closes(self) -> list[CloseLeaf]:
        return [leaf for leaf in self.ledger.leaves if isinstance(leaf, CloseLeaf)]
