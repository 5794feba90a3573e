# SPDX-License-Identifier: Apache-2.0
"""What MCP clients and tool servers send, as fuzz targets."""

from __future__ import annotations

import contextlib
import json
from collections.abc import Callable
from typing import Final

from answerable.errors import AnswerableError, Refused
from answerable.formats.mcp_result import McpResult
from answerable.protocols.mcp import head, message, mirrored, results, strict
from answerable.protocols.mcp.dialect import ToolCall, request_of
from answerable.protocols.mcp.message import NAME, Message

_HEADS: Final = (head.read({}), head.Head(version="2025-11-25"), head.Head("2026-07-28", "tools/call", "pay"))


def _strict(data: bytes) -> None:
    """Whatever is taken is taken by another reader too, and for the same."""
    assert strict.load(data) == json.loads(data, object_pairs_hook=_once)


def _once(pairs: list[tuple[str, object]]) -> dict[str, object]:
    assert len(dict(pairs)) == len(pairs), "a member that stands twice"
    return dict(pairs)


def _messages(data: bytes) -> None:
    """A call that is taken is written in one text, whichever way it came, and names a tool that may have that name."""
    first, _, second = data.partition(b"\n")
    told = head.read({head.VERSION: b"2025-11-25", head.METHOD: first[:64], head.NAME: first})
    for each in (*_HEADS, told):
        for body in (data, second):
            found = message.read(body, each)
            assert found.fault is None or isinstance(found.fault, Refused)
            if found.name:
                assert NAME.fullmatch(found.name)
                asked = request_of(found.name, found.arguments)
                with contextlib.suppress(AnswerableError):
                    written = ToolCall(found, McpResult()).prepare(asked, "", stream=False)
                    assert strict.load(written) == asked


def _results(data: bytes) -> None:
    """Whole, and cut in two: what is taken can be labelled, kept and given again."""
    cut = data[0] * len(data) // 256 if data else 0
    for body in (data, b'{"result":' + data + b"}"):
        with contextlib.suppress(AnswerableError):
            decoder, dialect = results.Decoder(), ToolCall(Message(id=1), McpResult())
            said = dialect.content()
            for chunk in (*decoder.feed(body[:cut]), *decoder.feed(body[cut:]), *decoder.end()):
                dialect.stamp(chunk, "r" * 32, "m")
                said.add(chunk)
                for medium in chunk.media:
                    with contextlib.suppress(ValueError):
                        medium.read()
                again, first = dialect.replay(said.body()), dialect.encode(chunk, stream=False)
                assert json.loads(again, parse_int=float) == json.loads(first, parse_int=float)


def _schemas(data: bytes) -> None:
    members = strict.load(data)
    with contextlib.suppress(ValueError):
        which = mirrored.mirrored(members)
        mirrored.check(which, members, mirrored.written(which, members))


MCP_TARGETS: Final[dict[str, Callable[[bytes], object]]] = {
    "mcp_label": McpResult().read,
    "mcp_message": _messages,
    "mcp_result": _results,
    "mcp_schema": _schemas,
    "mcp_strict": _strict,
}
