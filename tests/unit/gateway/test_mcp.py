# SPDX-License-Identifier: Apache-2.0
import json
from typing import Any

import pytest

from answerable.errors import Refused
from answerable.formats.mcp_result import McpResult
from answerable.gateway import mcp, mcp_call
from answerable.gateway.mcp import ToolEndpoint, check
from answerable.protocols.mcp.revisions import CAPABILITIES, VERSION
from tests.unit.gateway.posted import SHOWN, STRANGE, Request, definition, deps, said, tool

JSON = {b"host": b"here:1", b"content-type": b"application/json"}
MODERN = {b"mcp-protocol-version": b"2026-07-28"}
OLD = {b"mcp-protocol-version": b"2025-11-25"}


def body(method: str, id: Any = 1, **params: Any) -> bytes:
    message = {"jsonrpc": "2.0", "method": method, "params": params}
    return json.dumps(message | ({} if id is None else {"id": id})).encode()


def modern(method: str, **params: Any) -> bytes:
    return body(method, **params, _meta={VERSION: "2026-07-28", CAPABILITIES: {}})


async def post(
    data: bytes, headers: dict[bytes, bytes], *, here: Any = None, shown: Any = SHOWN, fault: Refused | None = None
) -> Request:
    request = Request()
    endpoint = ToolEndpoint(here or deps((tool("read"), definition("read"))), McpResult())
    await endpoint.answer(request, JSON | headers, said(), shown, data, fault)  # type: ignore[arg-type]
    return request


def test_a_path_names_a_server() -> None:
    check("/mcp/desk")
    for path in ("/mcp/", "/mcp/a/b", "/mcp/é", "/mcp/" + "x" * 65, "/mcp/a b"):
        with pytest.raises(Refused) as caught:
            check(path)
        assert caught.value.code == "request.not_found"


async def test_the_handshake_gives_a_session() -> None:
    shake = body("initialize", protocolVersion="2025-11-25", capabilities={"elicitation": {}}, clientInfo={})
    request = await post(shake, {})
    assert request.json["result"]["protocolVersion"] == "2025-11-25"
    session = request.field("mcp-session-id")
    assert session
    assert not request.cancels, "what was sent to a tool is not taken back"
    used = await post(body("tools/list"), OLD | {b"mcp-session-id": session.encode()})
    assert [each["name"] for each in used.json["result"]["tools"]] == []
    wrong = await post(body("tools/list"), OLD | {b"mcp-session-id": b"x"})
    assert (wrong.status, wrong.json["error"]["data"]["code"]) == (404, "mcp.session")


async def test_what_is_no_call_is_answered_without_a_record() -> None:
    assert (await post(body("ping"), OLD)).json["result"] == {}
    for kind in (b"Application/JSON; charset=UTF-8", b'application/json;charset="utf-8"'):
        assert (await post(body("ping"), OLD | {b"content-type": kind})).json["result"] == {}
    found = await post(modern("server/discover"), MODERN | {b"mcp-method": b"server/discover"})
    assert found.json["result"]["supportedVersions"] == ["2026-07-28", "2025-11-25"]
    for told in ("notifications/initialized", "notifications/cancelled", "notifications/anything"):
        request = await post(body(told, id=None), OLD)
        assert (request.status, request.sent) == (202, [b""])
    answer = b'{"jsonrpc":"2.0","id":"q","result":{"action":"accept"}}'
    assert (await post(answer, OLD)).status == 202


async def test_strangers_get_nothing_and_are_counted() -> None:
    for data in (body("tools/list"), body("ping"), body("notifications/initialized", id=None)):
        here = deps()
        request = await post(data, OLD, here=here, shown=STRANGE)
        assert (request.status, request.keep) == (401, False)
        assert here.counted == ["warrant.missing"]


async def test_a_server_that_is_not_there_and_a_gateway_without_tools() -> None:
    request = Request("/mcp/other")
    endpoint = ToolEndpoint(deps(), McpResult())
    await endpoint.answer(request, JSON | OLD, said(), SHOWN, body("tools/list"), None)  # type: ignore[arg-type]
    assert request.json["error"]["data"]["code"] == "tool.unknown"
    nowhere = await post(body("tools/list"), OLD, here=deps(tools=None))
    assert nowhere.json["error"]["data"]["code"] == "tool.nowhere"


async def test_calls_and_faults_take_the_path(monkeypatch: pytest.MonkeyPatch) -> None:
    carried: list[mcp_call.Post] = []

    async def call(self: Any, post: mcp_call.Post) -> None:
        carried.append(post)

    monkeypatch.setattr(mcp.Calling, "call", call)
    await post(body("tools/call", name="read"), OLD | {b"accept-language": b"zh"})
    assert carried[-1].message.name == "read"
    assert (carried[-1].language, carried[-1].server, carried[-1].url) == ("zh", "desk", "http://here:1/holds/{hold}")
    late = Refused("request.slow", seconds=1)
    for data, headers, fault, code in (
        (b"", OLD, late, "request.slow"),
        (b"{", OLD, None, "request.malformed"),
        (body("tools/list"), OLD | {b"content-type": b"text/plain"}, None, "request.header"),
        (body("tools/list"), OLD | {b"content-type": b"application/json; charset=utf-16"}, None, "request.header"),
        (body("tools/list"), MODERN, None, "mcp.params"),
        (body("tools/call", id=None, x=1), {b"mcp-protocol-version": b"1"}, None, "mcp.version"),
    ):
        await post(data, headers, fault=fault)
        found = carried[-1].message.fault
        assert found is not None
        assert found.code == code
