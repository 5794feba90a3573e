# SPDX-License-Identifier: Apache-2.0
"""``tools/call``, and every message with a fault: one `Action`, `pipeline.carry`.

A call that waits for people is shown to the client's own people where the client can; that approves nothing, and the
call is made again only to see whether those who may approve it have done so meanwhile.
"""

from __future__ import annotations

from typing import Any, Final

import msgspec

from answerable.crypto import jcs
from answerable.errors import AnswerableError, Refused, VerificationError
from answerable.gateway.front import Said
from answerable.gateway.mcp_asking import Asking
from answerable.gateway.mcp_out import ToolAnswer, say
from answerable.gateway.out import named
from answerable.log.leaf import is_rid
from answerable.model.actions import Action, Chunk
from answerable.model.holds import Hold, HoldState
from answerable.model.terms import Act
from answerable.model.warrants import Bearer, Credential
from answerable.net.request import JSON, NO_STORE, Request
from answerable.pipeline.awaiting import standing
from answerable.pipeline.carry import carry
from answerable.pipeline.deps import Deps
from answerable.ports import LabelFormat
from answerable.protocols.mcp import held, mirrored, sessions
from answerable.protocols.mcp.dialect import ToolCall, request_of
from answerable.protocols.mcp.head import Head
from answerable.protocols.mcp.message import Message
from answerable.protocols.mcp.revisions import AGAIN, CAPABILITIES, Revision
from answerable.protocols.mcp.sessions import NOTHING, Able, Sessions
from answerable.tools.people import agreed

MAX_AGAIN: Final = 128
MAX_MIRRORED: Final = 1_024  # definitions whose mirrored arguments are remembered

_decode = msgspec.json.Decoder(dict[str, Any]).decode


class Post(msgspec.Struct):
    """One POST, read. body: as it came; url: where people see a hold, with ``{hold}`` in it; events: the client takes
    an answer as events; again: the header of that name, "" for none."""

    request: Request
    server: str
    shown: Credential
    body: bytes
    head: Head
    said: Said
    message: Message
    language: str
    url: str
    events: bool
    again: str = ""


class Calling:
    """labels: how a result carries its label; pages: whether people may decide where the URL of a hold leads."""

    def __init__(self, deps: Deps, labels: LabelFormat[Chunk], marks: Sessions, asking: Asking, *, pages: bool) -> None:
        self._deps = deps
        self._labels = labels
        self._pages = pages
        self._sessions = marks
        self._asking = asking
        self._mirrored: dict[str, mirrored.Mirrored] = {}  # by the pin of the definition

    async def call(self, post: Post) -> None:
        """Carry what was asked for, or the refusal of it."""
        if (waits := await self._waiting(post)) is not None:
            body = held.pending(post.message, waits, post.language, "", held.where(post.url, waits))
            say(post.request, 200, (JSON, NO_STORE), body)
            return
        action, can = await self._asked(post)
        dialect = ToolCall(post.message, self._labels, None if action.fault else (action.request, action.body))
        out = self._answer(post, asks=can.asks and action.fault is None)
        await carry(action, dialect, self._deps, out)
        if out.waits is not None:
            await self._ask(post, action, dialect, can, out.waits)

    async def _waiting(self, post: Post) -> Refused | None:
        """How a held call stands that its caller asks about while people have not decided: told without a record, for
        an agent may ask each second for days. None for anything else, which the path decides about."""
        asked, holds = post.message, self._deps.holds
        if asked.fault is not None or asked.name != held.RESULT_TOOL or holds is None:
            return None
        hold = holds.get(held.asked(asked.arguments))
        try:
            caller = await self._deps.desk.present(post.shown)
            self._deps.gate.admit(caller)
        except AnswerableError:
            return None  # recorded, or counted, where its use is
        if hold is None or not _own(hold, caller, post.server):
            return None
        if standing(hold, holds, self._deps)[0] is not HoldState.WAITING:
            return None
        have = len(agreed(holds.directory, hold))
        return Refused("action.held", hold=hold.rid, needed=hold.people, have=have, expires=hold.exp)

    async def _ask(
        self, post: Post, action: Action, dialect: ToolCall, can: Able, waits: tuple[AnswerableError, str]
    ) -> None:
        error, record = waits
        url = held.where(post.url, error)
        can = can if self._pages else Able(form=True)
        if post.message.revision is Revision.STATELESS:
            body = held.input_required(post.message, error, post.language, url, can)
            say(post.request, 200, (JSON, NO_STORE, *named(record)), body)
            return
        question = held.question(error, post.language, url, can)
        caller = await self._deps.desk.present(post.shown)
        await self._asking.ask(post.request, caller.copy.rid, question, named(record))
        if not post.request.gone:
            await carry(action, dialect, self._deps, self._answer(post, asks=False))

    def _answer(self, post: Post, *, asks: bool) -> ToolAnswer:
        return ToolAnswer(
            post.request, post.message, post.language, post.url,
            asks=asks, shown=bool(post.shown.value), requested=post.head.version or "",
        )  # fmt: skip

    async def _asked(self, post: Post) -> tuple[Action, Able]:
        """The action, with what is wrong with it, and how the client can ask its people."""
        asked, said = post.message, post.said
        can, hold, principal, again = NOTHING, said.hold, said.principal, ""
        request, tool, fault = request_of(asked.name, asked.arguments), asked.name, asked.fault
        if fault is None:
            try:
                caller = await self._caller(post.shown)
                again = _again(post)
                if tool == held.RESULT_TOOL:
                    hold, tool, request = await self._original(held.asked(asked.arguments), post.server, caller)
                else:
                    can = self._able(post, caller)
                    hold = asked.params.get("requestState") or hold
                    self._agree(post)
                if hold and not is_rid(hold):
                    raise Refused("mcp.params", param="params.requestState", expected="one that this gate gave")
            except Refused as found:
                fault = found
        body = post.body
        if fault is None:
            try:
                body = jcs.dumps(request)  # what is judged, committed to, and sent
            except VerificationError:
                fault = Refused("mcp.params", param="params.arguments", expected="what RFC 8785 can write")
        action = Action(
            act=Act.TOOL_CALL,
            credential=post.shown,
            model=post.server,
            tool=tool,
            request=request,
            body=body,
            stream=False,
            language=post.language,
            data_class=said.data_class,
            world=said.world,
            criticality=said.criticality,
            principal=principal,
            hold=hold,
            again=again,
            fault=fault,
        )
        return action, can

    async def _caller(self, shown: Credential) -> Bearer | None:
        """Whose credential this is; whether it lets in is asked on the path, where its use is recorded."""
        try:
            return await self._deps.desk.present(shown)
        except AnswerableError:
            return None

    def _able(self, post: Post, caller: Bearer | None) -> Able:
        """How the client can ask its people, and has not been asked to. Raises Refused ``mcp.session``."""
        asked = post.message
        if asked.revision is Revision.STATELESS:
            retried = "inputResponses" in asked.params or "requestState" in asked.params
            return NOTHING if retried else sessions.able(asked.meta.get(CAPABILITIES))
        if post.head.session is None or caller is None:
            return NOTHING
        can = self._sessions.read(post.head.session, post.server, caller.copy.rid)
        return can if post.events and not self._asking.full else NOTHING

    async def _original(self, named: str, server: str, caller: Bearer | None) -> tuple[str, str, dict[str, Any]]:
        """The call that waits under that id: its hold, its tool and its request as it was asked. Raises Refused
        ``mcp.params`` for what is no id, ``mcp.no_such_call`` for what is not this caller's, ``hold.unreadable``."""
        if not named:
            raise Refused("mcp.params", param="params.arguments", expected="an object of the id alone")
        holds = self._deps.holds
        hold = holds.get(named) if holds is not None else None
        if holds is None or hold is None or caller is None or not _own(hold, caller, server):
            raise Refused("mcp.no_such_call")
        return hold.rid, hold.tool, _decode(await holds.original(hold))

    def _agree(self, post: Post) -> None:
        """The arguments that stand in the head too. Raises Refused ``mcp.mismatch``."""
        asked = post.message
        if asked.revision is not Revision.STATELESS:
            return
        definition = self._deps.tools.definition(post.server, asked.name) if self._deps.tools is not None else None
        if definition is None:
            return
        which = self._mirrored.get(definition.pin)
        if which is None:
            which = _mirrored(definition.input_schema)
            if len(self._mirrored) >= MAX_MIRRORED:
                self._mirrored.clear()
            self._mirrored[definition.pin] = which
        mirrored.check(which, asked.arguments, post.head.params)


def _own(hold: Hold, caller: Bearer, server: str) -> bool:
    """Whether it is a call of that caller's to that server, and none that was planted for approvers."""
    return hold.act is Act.TOOL_CALL and (hold.system, hold.server) == (caller.system.rid, server) and not hold.planted


def _mirrored(schema: dict[str, Any]) -> mirrored.Mirrored:
    try:
        return mirrored.mirrored(schema)
    except ValueError:
        return ()  # clients do not show such a tool, so none of them repeats its arguments


def _again(post: Post) -> str:
    """The caller's own key for a second call that is the same. Raises Refused ``mcp.params``."""
    key = post.message.meta.get(AGAIN, post.again)
    if type(key) is not str or len(key) > MAX_AGAIN:
        raise Refused("mcp.params", param=f"params._meta.{AGAIN}", expected=f"a text of at most {MAX_AGAIN} characters")
    return key
