# SPDX-License-Identifier: Apache-2.0
"""Messages of MCP clients and answers of tool servers, whatever they are: our errors alone, one meaning each."""

from __future__ import annotations

import json
from typing import Any

from hypothesis import example, given, settings
from hypothesis import strategies as st

from answerable.errors import AnswerableError, Refused
from answerable.protocols.mcp import head, message, results, strict
from answerable.protocols.mcp.dialect import ToolCall, request_of
from answerable.protocols.mcp.head import Head
from answerable.protocols.mcp.revisions import CAPABILITIES, VERSION
from fuzz.mcp_targets import MCP_TARGETS
from fuzz.targets import run

VALUES = st.recursive(
    st.none()
    | st.booleans()
    | st.integers(-(2**54), 2**54)
    | st.floats(allow_nan=False, allow_infinity=False)
    | st.text(max_size=6),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=4), inner, max_size=3),
    max_leaves=8,
)
OBJECTS = st.dictionaries(st.text(max_size=4), VALUES, max_size=4)
OLD = Head(version="2025-11-25")


class Twice(ValueError):
    pass


def once(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    if len(dict(pairs)) != len(pairs):
        raise Twice
    return dict(pairs)


@st.composite
def texts(draw: st.DrawFn) -> bytes:
    """JSON objects as people and attackers write them: members twice, escapes where none are needed, spaces."""

    def value(depth: int) -> str:
        kind = draw(st.integers(0, 5 if depth < 3 else 2))
        if kind == 0:
            return draw(st.sampled_from(["1", "-0", "2.50", "1e3", "true", "null", "9007199254740993", "1e400"]))
        if kind <= 2:
            return text()
        if kind == 3:
            return "[" + ",".join(value(depth + 1) for _ in range(draw(st.integers(0, 3)))) + "]"
        return members(depth + 1)

    def text() -> str:
        raw = draw(st.text(st.sampled_from('ab:"\\{é'), max_size=4))
        return "".join(rf"\u{ord(each):04x}" if draw(st.booleans()) else json.dumps(each)[1:-1] for each in raw).join(
            '""'
        )

    def members(depth: int) -> str:
        count = draw(st.integers(0, 3))
        return "{" + ",".join(f"{text()}{draw(st.sampled_from(['', ' ']))}:{value(depth)}" for _ in range(count)) + "}"

    return members(0).encode()


@settings(max_examples=150, deadline=None)
@given(texts())
@example(rb'{"a":1,"a":"\u003a"}')
@example(rb'{"a\u003a":1,"b":":"}')
def test_a_member_that_stands_twice_is_found_and_nothing_else(data: bytes) -> None:
    try:
        expected = json.loads(data, object_pairs_hook=once)
    except Twice:
        expected = None
    try:
        assert strict.load(data) == expected
    except Refused as refusal:
        detail = refusal.params.get("detail")
        assert expected is None or detail != "a member that stands twice"


@settings(max_examples=100, deadline=None)
@given(st.binary(max_size=200) | texts())
def test_any_bytes_are_a_message_or_a_fault(data: bytes) -> None:
    for name in MCP_TARGETS:
        run(MCP_TARGETS[name], data)


@settings(max_examples=100, deadline=None)
@given(st.from_regex(r"[A-Za-z0-9_.\-]{1,128}", fullmatch=True), OBJECTS)
def test_what_is_sent_is_what_was_judged(name: str, arguments: dict[str, Any]) -> None:
    meta = {VERSION: "2026-07-28", CAPABILITIES: {}}
    params = {"name": name, "arguments": arguments, "_meta": meta}
    body = json.dumps({"jsonrpc": "2.0", "id": 1, "method": "tools/call", "params": params}).encode()
    found = message.read(body, Head("2026-07-28", "tools/call", name))
    if found.fault is not None:
        assert any(abs(n) >= 2**53 for n in _numbers(arguments))
        return
    sent = ToolCall(found, None).prepare(request_of(found.name, found.arguments), "", stream=False)  # type: ignore[arg-type]
    assert json.loads(sent) == {"name": name, "arguments": arguments}


def _numbers(value: Any) -> list[float]:
    if isinstance(value, dict):
        return [n for each in value.values() for n in _numbers(each)]
    if isinstance(value, list):
        return [n for each in value for n in _numbers(each)]
    return [value] if type(value) in (int, float) else []


@settings(max_examples=100, deadline=None)
@given(st.text(max_size=12))
def test_only_the_one_name_is_called(name: str) -> None:
    """A header that names another tool, in whatever spelling, is a fault."""
    body = json.dumps({"jsonrpc": "2.0", "id": 1, "method": "tools/call", "params": {"name": "pay"}}).encode()
    found = message.read(body, Head(version="2025-11-25", name=name))
    assert (found.fault is None) == (name == "pay")


@settings(max_examples=100, deadline=None)
@given(st.text())
def test_a_header_carries_any_text(value: str) -> None:
    from base64 import b64encode

    written = f"=?base64?{b64encode(value.encode()).decode()}?=".encode()
    told = head.read({head.NAME: written})
    assert told.name == value or len(written) > head.MAX_VALUE


@settings(max_examples=100, deadline=None)
@given(st.dictionaries(st.sampled_from(["content", "structuredContent", "isError", "_meta", "x"]), VALUES))
def test_any_result_is_seen_whole_or_broken(result: dict[str, Any]) -> None:
    try:
        chunk = results.piece(results.result(json.dumps({"result": result}).encode()))
    except AnswerableError as error:
        assert error.code == "upstream.broken"  # noqa: PT017
        return
    for text in _texts({name: value for name, value in chunk.body.items() if name != "_meta"}):
        assert text in chunk.text


def _texts(value: Any) -> list[str]:
    if isinstance(value, dict):
        return [*value, *(text for each in value.values() for text in _texts(each))]
    if isinstance(value, list):
        return [text for each in value for text in _texts(each)]
    return [value] if isinstance(value, str) else []
