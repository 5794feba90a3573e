# SPDX-License-Identifier: Apache-2.0
"""The vectors of the MCP endpoint: `docs/spec/vectors/mcp.json`."""

from __future__ import annotations

import json
from typing import Any

from answerable.errors import AnswerableError
from answerable.formats.mcp_result import McpResult
from answerable.protocols.mcp import head, message, mirrored, results, strict
from answerable.protocols.mcp.dialect import ToolCall, request_of
from answerable.protocols.mcp.errors import code
from answerable.protocols.mcp.message import Message
from answerable.protocols.mcp.revisions import CAPABILITIES, VERSION
from answerable.protocols.mcp.sessions import Able, Sessions

META = {VERSION: "2026-07-28", CAPABILITIES: {}}
MODERN = {"mcp-protocol-version": "2026-07-28", "mcp-method": "tools/call", "mcp-name": "pay"}
OLD = {"mcp-protocol-version": "2025-11-25"}
SECRET, NONCE, COPY = bytes(range(32)), bytes(range(16)), "a" * 32


def _call(**params: Any) -> str:
    return json.dumps({"jsonrpc": "2.0", "id": 1, "method": "tools/call", "params": params}, ensure_ascii=False)


MESSAGES: tuple[tuple[str, dict[str, str], str], ...] = (
    ("a call", MODERN, _call(name="pay", arguments={"b": 1.0, "a": "é"}, _meta=META)),
    ("a call of the older revision", OLD, _call(name="pay", arguments={"a": [1, 2e21, 0.1]}, task={"ttl": 1})),
    ("a name in base64", {**MODERN, "mcp-name": "=?base64?cGF5?="}, _call(name="pay", _meta=META)),
    ("a handshake", {}, '{"jsonrpc":"2.0","id":0,"method":"initialize","params":{"protocolVersion":"2025-06-18"}}'),
    ("another name in the head", {**MODERN, "mcp-name": "read"}, _call(name="pay", _meta=META)),
    ("another method in the head", {**OLD, "mcp-method": "tools/list"}, _call(name="pay")),
    ("no name in the head", {**OLD, "mcp-protocol-version": "2026-07-28"}, _call(name="pay", _meta=META)),
    ("two revisions", OLD, _call(name="pay", _meta=META)),
    ("a revision that is not spoken", {"mcp-protocol-version": "2025-06-18"}, _call(name="pay")),
    ("no revision", {}, _call(name="pay")),
    ("no capabilities", MODERN, _call(name="pay", _meta={VERSION: "2026-07-28"})),
    ("a letter of another script", OLD, _call(name="pаy")),
    ("a member twice", OLD, '{"jsonrpc":"2.0","id":1,"method":"tools/call","params":{"name":"a","name":"pay"}}'),
    ("a member twice, written otherwise", OLD, r'{"jsonrpc":"2.0","id":1,"method":"ping","m\u0065thod":"tools/call"}'),
    ("a batch", OLD, f"[{_call(name='pay')}]"),
    ("a member that nobody knows", OLD, _call(name="pay", Arguments={})),
    ("an integer that others round", OLD, '{"jsonrpc":"2.0","id":9007199254740993,"method":"ping"}'),
    ("a float that others take for an integer", OLD, _call(name="pay", arguments={"n": 1.5e17})),
    ("no id", OLD, '{"jsonrpc":"2.0","id":null,"method":"ping"}'),
    ("too deep", OLD, '{"jsonrpc":"2.0","id":1,"method":"tools/call","params":' + '{"a":' * 40 + "1" + "}" * 41),
)
RESULTS: tuple[tuple[str, str], ...] = (
    ("texts", '{"result":{"content":[{"type":"text","text":"42 €"}],"structuredContent":{"n":1.0},"isError":false}}'),
    ("an error", '{"error":{"code":-32602,"message":"no such account"}}'),
    ("words in our name", '{"result":{"content":[],"_meta":{"answerable/record":"x","com.example/a":1}}}'),
    ("a block of an unknown kind", '{"result":{"content":[{"type":"video","data":"AA=="}]}}'),
    ("a question", '{"result":{"resultType":"input_required","requestState":"x"}}'),
)
SCHEMA: dict[str, Any] = {
    "type": "object",
    "properties": {
        "region": {"type": "string", "x-mcp-header": "Region"},
        "at": {"type": "object", "properties": {"dry": {"type": "boolean", "x-mcp-header": "Dry"}}},
    },
}


def _message(why: str, headers: dict[str, str], body: str) -> dict[str, Any]:
    told = head.read({name.encode(): value.encode() for name, value in headers.items()})
    found = message.read(body.encode(), told)
    row: dict[str, Any] = {"why": why, "headers": headers, "body": body, "id": found.id}
    if found.fault is not None:
        return row | {"code": found.fault.code, "number": code(found.fault)}
    row |= {"revision": found.revision.value, "method": found.method}
    if found.name:
        asked = request_of(found.name, found.arguments)
        row["sent"] = ToolCall(found, McpResult()).prepare(asked, "", stream=False).decode()
    return row


def _result(why: str, reply: str) -> dict[str, Any]:
    row = {"why": why, "reply": reply}
    try:
        chunk = results.piece(results.result(reply.encode()))
    except AnswerableError as error:
        return row | {"code": error.code}
    dialect = ToolCall(Message(id=1), McpResult())
    dialect.stamp(chunk, "r" * 32, "")
    said = dialect.content()
    said.add(chunk)
    return row | {"content": said.body().decode(), "examined": chunk.text}


def mcp() -> dict[str, Any]:
    """Messages with what is made of them, servers' answers with what is kept of them, sessions, arguments in heads."""
    marks = Sessions(SECRET)
    which = mirrored.mirrored(SCHEMA)
    calls: tuple[dict[str, Any], ...] = ({"region": "eu", "at": {"dry": True}}, {"region": None}, {})
    return {
        "messages": [_message(*each) for each in MESSAGES],
        "results": [_result(*each) for each in RESULTS],
        "sessions": {
            "index_key": SECRET.hex(), "nonce": NONCE.hex(), "server": "desk", "copy": COPY,
            "ids": [
                {"form": form, "url": url, "id": marks.mint("desk", COPY, Able(form=form, url=url), NONCE)}
                for form in (False, True) for url in (False, True)
            ],
        },
        "mirrored": {
            "schema": SCHEMA, "calls": [{"arguments": a, "headers": mirrored.written(which, a)} for a in calls],
        },
        "levels": strict.MAX_DEPTH,
    }  # fmt: skip
