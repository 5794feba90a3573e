# SPDX-License-Identifier: Apache-2.0
"""The registry as a tool server: ``[servers.NAME] kind = "registry"``. Agents announce, register and start what they
make through the gate, on the same path as every other tool: classified, approved, budgeted, recorded.

Its effect is one unit of the registry: what `registry.making` plans, or nothing. How many people approve depends on
what is asked for: the class of a tool is raised, call by call, and never lowered.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Annotated, Any, Final, TypeVar

import msgspec
from msgspec import Meta

from answerable.app.core import Core
from answerable.errors import AnswerableError, Refused, Unavailable
from answerable.model.actions import Action
from answerable.model.records import System
from answerable.model.terms import AdminRole, Criticality, Effect, Locality, World
from answerable.model.tools import Definition, Tool, ToolClass
from answerable.model.warrants import Bearer
from answerable.ports import Reply, Upstream
from answerable.registry import describe, making
from answerable.registry.making import AnnounceMade, MakeSystem
from answerable.registry.planned import Planned
from answerable.registry.requests import EndCopy, Request, StartCopy
from answerable.tools import pins
from answerable.upstreams.mcp_reply import Whole, read_call

ANNOUNCE: Final = "announce_system"
REGISTER: Final = "register_system"
START: Final = "start_copy"
END: Final = "end_copy"
LIST: Final = "list_made"
ASK: Final = "ask_people"
# A plan loses against each registration that commits meanwhile. More than a few in a row is no accident.
ATTEMPTS: Final = 4
DAY_S: Final = 86_400
A_MINUTE: Final = 30  # calls of one tool, of everybody together

Body = TypeVar("Body", bound=Request)


class ListMade(Request, frozen=True, kw_only=True):
    """Nothing is asked for."""


class Question(Request, frozen=True, kw_only=True):
    """about: what a person is asked to agree to."""

    about: Annotated[str, Meta(min_length=1, max_length=2_000)]


_TEXTS: Final[dict[str, tuple[type[Request], str]]] = {
    ANNOUNCE: (AnnounceMade, "Say that you will build a system, before you do. You will be its parent."),
    REGISTER: (
        MakeSystem,
        "Register a system that you made. You are its parent; it answers to the same party, and has no tier, world, "
        "tool, criticality or budget beyond yours. Above a tier people approve it first.",
    ),
    START: (
        StartCopy,
        "Start a copy of a system that you made. `key` is the copy's own Ed25519 key; `signature` is by that key over "
        "the copy leaf.",
    ),
    END: (EndCopy, "End a copy of a system that you made."),
    LIST: (ListMade, "List the systems that you made, and what those made."),
    ASK: (Question, "Ask a person to agree to something before you go on. It waits until somebody decides."),
}


def _said(effect: Effect, **more: Any) -> ToolClass:
    return ToolClass(
        world=World.INFORMATION, criticality=Criticality.ORDINARY, domain="weights", effect=effect,
        rate=A_MINUTE, max_tier=3, **more,
    )  # fmt: skip


# As which an administrator is asked to classify them.
CLASSES: Final[Mapping[str, ToolClass]] = {
    ANNOUNCE: _said(Effect.WRITE, idempotency_s=DAY_S),
    REGISTER: _said(Effect.WRITE, idempotency_s=DAY_S),
    START: _said(Effect.WRITE, idempotency_s=DAY_S, undo=END),
    END: _said(Effect.WRITE, idempotency_s=DAY_S),
    LIST: _said(Effect.READ),
    ASK: _said(Effect.READ, approvals=1, roles=(AdminRole.APPROVER,)),
}


class OwnTools:
    """Implements `ports.OwnTools` over this store's own registry."""

    own = True
    locality = Locality.LOCAL
    error: AnswerableError | None = None

    def __init__(self, core: Core, name: str) -> None:
        self.name = name
        self.classes = CLASSES
        self._core = core
        self._definitions = {each.name: each for each in map(_definition, _TEXTS)}

    async def start(self) -> None:
        """Nothing is waited for."""

    async def close(self) -> None:
        """Nothing is open."""

    async def refresh(self) -> None:
        """Its list is always the same."""

    def definitions(self) -> tuple[Definition, ...]:
        return tuple(self._definitions.values())

    def definition(self, name: str) -> Definition | None:
        return self._definitions.get(name)

    def refused(self) -> tuple[tuple[str, str], ...]:
        return ()

    async def call(self, path: str, body: bytes, *, stream: bool, kind: str = "application/json") -> Reply:
        """Nobody calls but somebody. Raises Refused ``tool.nowhere``."""
        raise Refused("tool.nowhere")

    def of(self, caller: Bearer, tool: Tool) -> Upstream:
        """See `ports.OwnTools`."""
        return _For(self, self._core, caller, tool)

    def weigh(self, action: Action, caller: Bearer, tool: Tool) -> Tool:
        """See `ports.OwnTools`. Raises Refused ``tool.arguments``, ``system.*``, ``party.*``, ``stop.system``."""
        people = self.people(action.tool, action.request.get("arguments", {}), caller)
        if people <= tool.approvals:
            return tool
        return msgspec.structs.replace(tool, approvals=people, roles=tool.roles or (AdminRole.APPROVER,))

    def people(self, name: str, arguments: Any, caller: Bearer) -> int:
        """How many people approve this call beside what its class says. Raises as `weigh`."""
        book, maker = self._core.book, caller.system
        if name == REGISTER:
            planned = making.register(book, _read(arguments, MakeSystem), caller.copy, caller.warrant, self._core.now)
            return making.people_for(book, making.planned_system(planned), maker, starts=False)
        if name == START:
            found = making.made(book, _read(arguments, StartCopy).system, maker)
            return making.people_for(book, found, maker, starts=True)
        return 0


class _For:
    """Implements `ports.Upstream` for one call of one caller."""

    def __init__(self, server: OwnTools, core: Core, caller: Bearer, tool: Tool) -> None:
        self.name = server.name
        self.locality = server.locality
        self._server, self._core, self._caller, self._tool = server, core, caller, tool

    async def close(self) -> None:
        """Nothing is open."""

    async def call(self, path: str, body: bytes, *, stream: bool, kind: str = "application/json") -> Reply:
        """See `ports.ToolServer`. What the registry refuses is the tool's own error: nothing was done."""
        asked = read_call(body)
        try:
            done = await self._done(asked.name, msgspec.json.decode(asked.arguments))
        except Refused as refused:
            said = {"code": refused.code, "reason": refused.reason(), "remedy": refused.remedy()}
            return _reply(said, f"{refused.reason()} {refused.remedy()}", failed=True)
        return _reply(done, msgspec.json.encode(done).decode(), failed=False)

    async def _done(self, name: str, arguments: Any) -> dict[str, Any]:
        core, by, caller = self._core, self._caller.copy, self._caller
        book = core.book
        if name == ANNOUNCE:
            announced = _read(arguments, AnnounceMade)
            return await self._commit(lambda: making.announce(book, announced, by, core.now))

        def agreed() -> None:
            """What was approved was approved for what it was then. Names are looked up anew by each plan, so this is
            counted with each, while nothing else happens."""
            people = self._server.people(name, arguments, caller)
            if people > self._tool.approvals:
                raise Refused("system.people", people=people, agreed=self._tool.approvals)

        if name == REGISTER:
            wanted = _read(arguments, MakeSystem)

            def register() -> Planned:
                agreed()
                return making.register(book, wanted, by, caller.warrant, core.now)

            done = await self._commit(register)
            found = book.system(done["rid"])
            return done if found is None else done | {"tier": found.tier, "tools": list(found.tools)}
        if name == START:
            started = _read(arguments, StartCopy)

            def start() -> Planned:
                agreed()
                return making.start(book, started, by, core.now)

            return await self._commit(start)
        if name == END:
            ended = _read(arguments, EndCopy)
            return await self._commit(lambda: making.end(book, ended, by, core.now))
        if name == LIST:
            _read(arguments, ListMade)
            return {"systems": [self._shown(each) for each in making.family(book, caller.system)]}
        if name == ASK:
            _read(arguments, Question)
            return {"agreed": True}
        raise Refused("tool.unknown", tool=self._tool.key)

    def _shown(self, system: System) -> dict[str, Any]:
        book = self._core.book
        maker = next(making.makers(book, system))
        return {
            "rid": system.rid, "id": system.id, "name": system.name, "version": system.version, "tier": system.tier,
            "state": describe.state(book, system, self._core.now).value, "maker": maker.id,
            "copies": [copy.id for copy in book.copies_of(system.rid)],
        }  # fmt: skip

    async def _commit(self, plan: Callable[[], Planned]) -> dict[str, Any]:
        for _ in range(ATTEMPTS):
            planned = plan()
            try:
                await self._core.commit(planned)
            except Refused as error:
                if error.code != "log.conflict":
                    raise
                continue
            except Unavailable as error:
                if error.code == "log.full":  # it was not taken
                    raise Unavailable("upstream.busy", upstream=self.name) from None
                raise
            return {"rid": planned.rid, "id": planned.id}
        raise Unavailable("upstream.busy", upstream=self.name)


def _definition(name: str) -> Definition:
    body, text = _TEXTS[name]
    (_, components) = msgspec.json.schema_components([body], ref_template="#/$defs/{name}")
    own = components.pop(body.__name__)
    schema = {key: value for key, value in own.items() if key != "title"}
    if components:
        schema["$defs"] = components
    return pins.definition({"name": name, "description": text, "inputSchema": schema})


def _read(arguments: Any, body: type[Body]) -> Body:
    """Raises Refused ``tool.arguments``."""
    try:
        return msgspec.convert(arguments, body, strict=True)
    except (msgspec.ValidationError, OverflowError) as error:
        raise Refused("tool.arguments", detail=str(error)[:200]) from None


def _reply(said: dict[str, Any], text: str, *, failed: bool) -> Reply:
    result: dict[str, Any] = {"content": [{"text": text, "type": "text"}], "structuredContent": said}
    if failed:
        result["isError"] = True
    return Whole(msgspec.json.encode({"result": result}))
