# SPDX-License-Identifier: Apache-2.0
import json
from types import SimpleNamespace
from typing import Any

import pytest

from answerable.errors import Refused
from answerable.formats.mcp_result import McpResult
from answerable.gateway import mcp_call
from answerable.gateway.mcp_asking import Asking
from answerable.gateway.mcp_call import Calling, Post
from answerable.model.actions import Action
from answerable.model.holds import HoldState
from answerable.model.terms import Act, Criticality, World
from answerable.protocols.mcp.head import Head
from answerable.protocols.mcp.message import Message
from answerable.protocols.mcp.revisions import AGAIN, CAPABILITIES, Revision
from answerable.protocols.mcp.sessions import Able, Sessions
from tests.unit.gateway.posted import AGENT, SHOWN, STRANGE, Request, definition, deps, said, tool

RID = "h" * 32
HELD = Refused("action.held", hold=RID, needed=1, have=0, expires=0)
SQL = definition("sql", inputSchema={"properties": {"region": {"type": "string", "x-mcp-header": "Region"}}})


class Path:
    """What was carried; `says` is what the path tells."""

    def __init__(self, monkeypatch: pytest.MonkeyPatch, *says: Exception | None) -> None:
        self.actions: list[Action] = []
        self._says = list(says)
        monkeypatch.setattr(mcp_call, "carry", self._carry)

    async def _carry(self, action: Action, dialect: Any, deps: Any, out: Any) -> None:
        self.actions.append(action)
        told = self._says.pop(0) if self._says else None
        if told is not None:
            await out.fail(told, "r" * 32)
        else:
            out.start("r" * 32, b"")
            await out.finish(b'{"done":true}')


def post(message: Message, *, head: Head | None = None, shown: Any = SHOWN, **how: Any) -> Post:
    about = how.pop("said", said())
    return Post(
        request=Request(), server="desk", shown=shown, body=b"as it came", head=head or Head(), said=about,  # type: ignore[arg-type]
        message=message, language="en", url="https://page/{hold}", events=how.pop("events", True), **how,
    )  # fmt: skip


def call(name: str = "read", arguments: Any = None, **more: Any) -> Message:
    meta = more.pop("meta", {})
    revision = more.pop("revision", Revision.STATELESS)
    params = {"name": name, **({"arguments": arguments} if arguments is not None else {}), **more}
    return Message(revision, 1, "tools/call", params, meta)


def calling(here: Any = None, *, pages: bool = True, asking: Asking | None = None) -> Calling:
    here = here or deps((tool("read"), definition("read")), (tool("sql"), SQL))
    return Calling(here, McpResult(), Sessions(b"k" * 32), asking or Asking(), pages=pages)


async def test_a_call_is_one_action(monkeypatch: pytest.MonkeyPatch) -> None:
    path = Path(monkeypatch)
    about = said(world=World.PHYSICAL, criticality=Criticality.SENSITIVE, principal="ada", hold=RID)
    it = post(call("read", {"b": 1, "a": "é"}, meta={AGAIN: "2nd"}), said=about)
    await calling().call(it)
    (action,) = path.actions
    assert (action.act, action.model, action.tool, action.stream) == (Act.TOOL_CALL, "desk", "read", False)
    assert action.request == {"name": "read", "arguments": {"a": "é", "b": 1}}
    assert action.body == '{"arguments":{"a":"é","b":1},"name":"read"}'.encode(), "what is judged and sent"
    assert (action.world, action.criticality) == (World.PHYSICAL, Criticality.SENSITIVE)
    assert (action.principal, action.hold, action.again, action.fault) == ("ada", RID, "2nd", None)
    assert it.request.json == {"done": True}  # type: ignore[attr-defined]


async def test_a_fault_is_carried_as_it_came(monkeypatch: pytest.MonkeyPatch) -> None:
    path = Path(monkeypatch)
    broken = Message(fault=Refused("request.malformed", detail="x"))
    await calling().call(post(broken))
    for message, head in (
        (call(meta={AGAIN: 3}), Head()),
        (call(meta={AGAIN: "x" * 129}), Head()),
        (call(requestState="no id"), Head()),
        (call("sql", {"region": "eu"}), Head(params={"region": "us"})),
        (call("sql", {"region": "eu"}), Head()),
        (call("answerable_result", {"id": "x"}), Head()),
        (call("answerable_result", {"id": RID}), Head()),
        (call(revision=Revision.SESSIONS), Head(session="stolen")),
    ):
        await calling().call(post(message, head=head))
    assert [action.fault.code for action in path.actions if action.fault] == [
        "request.malformed", "mcp.params", "mcp.params", "mcp.params", "mcp.mismatch", "mcp.mismatch", "mcp.params",
        "mcp.no_such_call", "mcp.session",
    ]  # fmt: skip
    assert {action.body for action in path.actions} == {b"as it came"}


async def test_a_stranger_is_refused_on_the_path_alone(monkeypatch: pytest.MonkeyPatch) -> None:
    path = Path(monkeypatch)
    await calling().call(post(call(), shown=STRANGE))
    assert path.actions[0].credential == STRANGE
    assert path.actions[0].fault is None


async def test_the_client_is_asked_once_and_the_call_made_again(monkeypatch: pytest.MonkeyPatch) -> None:
    path = Path(monkeypatch, HELD, None)
    asking = Asking()
    asked: list[Any] = []

    async def ask(request: Any, copy: str, params: Any, fields: Any) -> None:
        asked.append((copy, params))
        request.begin(200, fields)

    monkeypatch.setattr(asking, "ask", ask)
    session = Sessions(b"k" * 32).mint("desk", AGENT.copy.rid, Able(url=True), b"n" * 16)
    it = post(call(revision=Revision.SESSIONS), head=Head(session=session))
    await calling(asking=asking).call(it)
    assert len(path.actions) == 2
    ((copy, params),) = asked
    assert (copy, params["mode"], params["url"]) == (AGENT.copy.rid, "url", f"https://page/{RID}")
    assert it.request.sent[-1] == b'data: {"done":true}\n\n'  # type: ignore[attr-defined]


async def test_whoever_cannot_be_asked_is_told(monkeypatch: pytest.MonkeyPatch) -> None:
    session = Sessions(b"k" * 32).mint("desk", AGENT.copy.rid, Able(form=True), b"n" * 16)
    able = {CAPABILITIES: {"elicitation": {}}}
    for message, how in (
        (call(revision=Revision.SESSIONS), {}),
        (call(revision=Revision.SESSIONS), {"head": Head(session=session), "events": False}),
        (call(meta={CAPABILITIES: {}}), {}),
        (call(meta=able, inputResponses={}), {}),
        (call(meta=able, requestState=RID), {}),
    ):
        path = Path(monkeypatch, HELD)
        it = post(message, **how)
        await calling().call(it)
        assert it.request.json["result"]["structuredContent"]["answerable"]["state"] == "pending"  # type: ignore[attr-defined]
        assert len(path.actions) == 1


async def test_the_newer_revision_asks_for_input(monkeypatch: pytest.MonkeyPatch) -> None:
    for pages, mode in ((True, "url"), (False, "form")):
        Path(monkeypatch, HELD)
        it = post(call(meta={CAPABILITIES: {"elicitation": {"url": {}, "form": {}}}}))
        await calling(pages=pages).call(it)
        result = it.request.json["result"]  # type: ignore[attr-defined]
        assert (result["resultType"], result["requestState"]) == ("input_required", RID)
        assert result["inputRequests"]["answerable_hold"]["params"]["mode"] == mode


def holds(state: HoldState, **changed: Any) -> Any:
    fields = {"rid": RID, "system": AGENT.system.rid, "planted": False, "act": Act.TOOL_CALL, "server": "desk"}
    row = SimpleNamespace(**{**fields, "tool": "read", "people": 2, "exp": 9, "agreed": (), **changed})

    async def original(hold: Any) -> bytes:
        return json.dumps({"arguments": {"n": 1}, "name": "read"}).encode()

    return SimpleNamespace(
        get=lambda rid: row if rid == RID else None, stands=lambda hold, now, void: state, original=original,
        void=lambda hold, **_: "hold.moved", directory=None,
    )  # fmt: skip


async def test_a_call_that_still_waits_is_told_so_without_a_record(monkeypatch: pytest.MonkeyPatch) -> None:
    path = Path(monkeypatch)
    monkeypatch.setattr(mcp_call, "agreed", lambda directory, hold: ("one",))
    it = post(call("answerable_result", {"id": RID}))
    await calling(deps(holds=holds(HoldState.WAITING))).call(it)
    said = it.request.json["result"]["structuredContent"]["answerable"]  # type: ignore[attr-defined]
    assert (said["state"], said["hold"], said["needed"], said["have"], said["expires"]) == ("pending", RID, 2, 1, 9)
    assert path.actions == []


@pytest.mark.parametrize("state", [each for each in HoldState if each is not HoldState.WAITING])
async def test_what_people_decided_is_the_paths_to_tell(monkeypatch: pytest.MonkeyPatch, state: HoldState) -> None:
    path = Path(monkeypatch)
    await calling(deps(holds=holds(state))).call(post(call("answerable_result", {"id": RID})))
    (action,) = path.actions
    assert (action.tool, action.hold, action.request) == ("read", RID, {"name": "read", "arguments": {"n": 1}})
    assert action.fault is None


@pytest.mark.parametrize(
    "other", [{"system": "x"}, {"planted": True}, {"act": Act.GENERATION}, {"server": "bank"}, {"rid": "z" * 32}]
)
async def test_nobody_elses_call_is_fetched(monkeypatch: pytest.MonkeyPatch, other: dict[str, Any]) -> None:
    for state in (HoldState.WAITING, HoldState.APPROVED):
        path = Path(monkeypatch)
        made = holds(state, **other)
        if "rid" in other:
            made.get = lambda rid: None
        await calling(deps(holds=made)).call(post(call("answerable_result", {"id": RID})))
        (action,) = path.actions
        assert action.fault is not None
        assert action.fault.code == "mcp.no_such_call"
