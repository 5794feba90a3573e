# SPDX-License-Identifier: Apache-2.0
from __future__ import annotations

import json
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from answerable.errors import Refused, Unavailable
from answerable.upstreams import mcp_session
from answerable.upstreams.mcp_session import Answer, Asked, Notice, Session, list_tools, open_session
from tests.small_mcp import WEATHER


class Server:
    """Answers by method; what it was asked, in order."""

    def __init__(self, session: Session, **answers: Any) -> None:
        self.session = session
        self.answers = {name.replace("_", "/", 1): value for name, value in answers.items()}
        self.asked: list[tuple[str, dict[str, Any]]] = []

    async def ask(self, method: str, params: bytes) -> Answer:
        number, message = self.session.request(method, params)
        self.asked.append((method, json.loads(message)["params"]))
        value = self.answers.get(method)
        if isinstance(value, Exception):
            raise value
        if isinstance(value, list):
            value = value.pop(0)
        if isinstance(value, int):
            return Answer(number, b"", b'{"code":%d,"message":"no"}' % value)
        if isinstance(value, tuple):
            return Answer(number, b"", json.dumps(value[0]).encode())
        return Answer(number, value if isinstance(value, bytes) else json.dumps(value).encode(), b"")

    async def tell(self, method: str, params: bytes) -> None:
        self.asked.append((method, json.loads(params)))


HELLO = {"protocolVersion": "2025-11-25", "capabilities": {"tools": {"listChanged": True}}}
DISCOVERED = {"supportedVersions": ["2026-07-28", "2025-11-25"], "capabilities": {"tools": {}}}


async def test_a_server_without_sessions() -> None:
    session = Session()
    server = Server(session, server_discover=DISCOVERED)
    await open_session(session, server.ask, server.tell)
    assert (session.version, session.stateless, session.changes) == ("2026-07-28", True, False)
    ((_, params),) = server.asked
    assert params["_meta"]["io.modelcontextprotocol/protocolVersion"] == "2026-07-28"
    assert params["_meta"]["io.modelcontextprotocol/clientCapabilities"] == {}, "nothing that it could ask for"
    _, message = session.request("tools/call", b'{"arguments":{"a":1.50},"name":"x"}')
    assert b'"arguments":{"a":1.50},"name":"x"}}' in message, "byte for byte"
    assert json.loads(message)["params"]["_meta"] == params["_meta"]


@pytest.mark.parametrize("said", [-32601, -32600, 0, {"tools": []}, b"[]", Refused("upstream.rejected", status=404)])
async def test_a_server_with_sessions(said: Any) -> None:
    session = Session()
    server = Server(session, server_discover=said, initialize=HELLO)
    await open_session(session, server.ask, server.tell)
    assert (session.version, session.stateless, session.changes) == ("2025-11-25", False, True)
    assert [method for method, _ in server.asked] == ["server/discover", "initialize", "notifications/initialized"]
    assert "_meta" not in server.asked[1][1]
    assert server.asked[1][1]["capabilities"] == {}


async def test_the_revision_that_the_operator_names() -> None:
    session = Session("2025-11-25")
    server = Server(session, initialize=HELLO)
    await open_session(session, server.ask, server.tell)
    assert server.asked[0][0] == "initialize"
    session = Session("2026-07-28")
    server = Server(session, server_discover=-32601, initialize=HELLO)
    with pytest.raises(Unavailable) as broken:
        await open_session(session, server.ask, server.tell)
    assert broken.value.code == "upstream.broken"


UNSPOKEN = ({"code": -32022, "message": "no", "data": {"supported": ["2031-01-01"]}},)
OLDER = ({"code": -32022, "message": "no", "data": {"supported": ["2025-11-25"]}},)


async def test_a_server_of_the_same_era_and_another_version() -> None:
    session = Session()
    with pytest.raises(Unavailable):
        await open_session(session, (server := Server(session, server_discover=UNSPOKEN)).ask, server.tell)
    server = Server(session, server_discover=OLDER, initialize=HELLO)
    await open_session(session, server.ask, server.tell)
    assert session.version == "2025-11-25"


@pytest.mark.parametrize("hello", [{**HELLO, "protocolVersion": "1999-01-01"}, {}, -32600, b"7", b"nonsense"])
async def test_no_revision_that_both_speak(hello: Any) -> None:
    session = Session()
    server = Server(session, server_discover=-32601, initialize=hello)
    with pytest.raises(Unavailable) as broken:
        await open_session(session, server.ask, server.tell)
    assert broken.value.code == "upstream.broken"


async def test_pages_of_tools() -> None:
    session = Session()
    pages = [{"tools": [WEATHER], "nextCursor": "2"}, {"tools": [{**WEATHER, "name": "note"}]}]
    server = Server(session, tools_list=pages)
    found, refused = await list_tools(server.ask)
    assert [definition.name for definition in found] == ["note", "weather"]
    assert refused == ()
    assert [params for _, params in server.asked] == [{}, {"cursor": "2"}]


async def test_what_nobody_can_pin_is_left_out_and_told() -> None:
    listed = [
        WEATHER,
        {"name": "p\u0430y", "inputSchema": {"type": "object"}},
        {"name": "bad"},
        {**WEATHER, "name": "twice"},
        {**WEATHER, "name": "twice", "description": "Other."},
        7,
        {**WEATHER, "name": "hidden", "description": "\u200b"},
    ]
    found, refused = await list_tools(Server(Session(), tools_list={"tools": listed}).ask)
    assert [definition.name for definition in found] == ["weather"]
    assert dict(refused) == {
        "p\\u0430y": "tool.name", "bad": "tool.definition", "twice": "tool.definition", "?": "tool.definition",
        "hidden": "tool.definition",
    }  # fmt: skip


ENDLESS = {"tools": [], "nextCursor": "again"}


@pytest.mark.parametrize(
    "said",
    [
        [ENDLESS] * 200,
        {"tools": [], "nextCursor": "x" * 5_000},
        {"tools": [WEATHER] * 1_001},
        [{"tools": [{**WEATHER, "name": f"t{n}", "x": "y" * 60_000} for n in range(100)]}],
        {"tools": {}},
        {},
        -32601,
        b'{"tools":[' + b"[" * 20_000,
    ],
)
async def test_lists_without_end_and_what_is_none(said: Any) -> None:
    with pytest.raises(Unavailable) as broken:
        await list_tools(Server(Session(), tools_list=said).ask)
    assert broken.value.code == "upstream.broken"


def test_what_a_message_is() -> None:
    session = Session()
    answer = session.take(b'{"jsonrpc":"2.0","id":7,"result":{"a": 1}}')
    assert isinstance(answer, Answer)
    assert (answer.id, answer.body, answer.code) == (7, b'{"result":{"a": 1}}', 0)
    failed = session.take(b'{"jsonrpc":"2.0","id":7,"error":{"code":-32602,"message":"x"}}')
    assert isinstance(failed, Answer)
    assert (failed.code, failed.body[:9]) == (-32602, b'{"error":')
    assert session.take(b'{"jsonrpc":"2.0","method":"notifications/tools/list_changed"}') == Notice(
        mcp_session.LIST_CHANGED
    )
    ping, sampling = (
        session.take(b'{"jsonrpc":"2.0","id":"a","method":"%s"}' % method)
        for method in (b"ping", b"sampling/createMessage")
    )
    assert isinstance(ping, Asked)
    assert json.loads(ping.reply) == {"jsonrpc": "2.0", "id": "a", "result": {}}
    assert isinstance(sampling, Asked)
    assert json.loads(sampling.reply)["error"]["code"] == -32601, "we let nobody's model be asked"


@pytest.mark.parametrize(
    "data",
    [
        b"",
        b"null",
        b"[]",
        b'[{"jsonrpc":"2.0","id":1,"result":{}}]',
        b'{"jsonrpc":"1.0","id":1,"result":{}}',
        b'{"jsonrpc":"2.0","id":1}',
        b'{"jsonrpc":"2.0","id":"1","result":{}}',
        b'{"jsonrpc":"2.0","id":1.5,"result":{}}',
        b'{"jsonrpc":"2.0","result":{}}',
        b'{"jsonrpc":"2.0","id":1,"result":{},"error":{}}',
        b'{"jsonrpc":"2.0","id":1,"method":"x","result":{}}',
        b'{"jsonrpc":"2.0","id":"%s","method":"ping"}' % (b"x" * 300),
        b'{"jsonrpc":"2.0","id":1,"result":' + b"[" * 10_000,
        b"\xff\xfe",
    ],
)
def test_what_is_no_message(data: bytes) -> None:
    with pytest.raises(Unavailable) as broken:
        Session().take(data)
    assert broken.value.code == "upstream.broken"


@given(
    st.binary(max_size=200)
    | st.text(max_size=80).map(lambda text: b'{"jsonrpc":"2.0","id":1,"result":' + text.encode())
)
def test_anything_is_a_message_or_ends_the_conversation(data: bytes) -> None:
    try:
        Session().take(data)
    except Unavailable as error:
        code = error.code
    else:
        code = "upstream.broken"
    assert code == "upstream.broken"


def test_errors_that_come_with_a_status() -> None:
    good = b'{"jsonrpc":"2.0","id":3,"error":{"code":-32602,"message":"x"}}'
    assert mcp_session.error_of(good, 3) == b'{"code":-32602,"message":"x"}'
    assert mcp_session.error_of(good.replace(b'"id":3', b'"id":null'), 3)
    for wrong in (good.replace(b'"id":3', b'"id":4'), b"no", b"{}", good.replace(b"-32602", b'"x"'), b"[" * 9_999):
        assert mcp_session.error_of(wrong, 3) is None
