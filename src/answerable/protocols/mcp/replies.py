# SPDX-License-Identifier: Apache-2.0
"""What the gate itself says to a client: the frames of JSON-RPC, and the results that are its own."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, Final

import msgspec

import answerable
from answerable.errors import AnswerableError
from answerable.protocols.mcp.errors import error_object, told, words
from answerable.protocols.mcp.message import Message
from answerable.protocols.mcp.revisions import ERROR, RECORD, SERVER, SUPPORTED, Revision

# What a caller may see changes with its warrant and with what people classify: a list is not kept for long.
FRESH_MS: Final = 5_000
PRIVATE: Final = "private"

_encode = msgspec.json.Encoder().encode


def result(message: Message, body: dict[str, Any]) -> bytes:
    """The answer to `message` that consists of `body`; what its revision asks of a result is added."""
    if message.revision is Revision.STATELESS:
        meta = {**body.get("_meta", {}), SERVER: identity()}
        body = {"resultType": "complete", **body, "_meta": meta}
    return _encode({"jsonrpc": "2.0", "id": message.id, "result": body})


def error(message: Message, raised: AnswerableError, language: str, record: str = "", requested: str = "") -> bytes:
    """The error in answer to `message`. record: rid of what was recorded of it, or ""."""
    body: dict[str, Any] = {"jsonrpc": "2.0", "error": error_object(raised, language, record, requested)}
    if message.id is not None:
        body["id"] = message.id
    return _encode(body)


def refused(message: Message, raised: AnswerableError, language: str, record: str) -> bytes:
    """A call that was refused, as its result: what the model reads is the reason and the remedy."""
    said = told(raised, language, record)
    meta = {ERROR: said, **({RECORD: record} if record else {})}
    body = {
        "content": [{"type": "text", "text": words(raised, language)}],
        "structuredContent": {"answerable": {"state": "refused", **said, "message": words(raised, language)}},
        "isError": True,
        "_meta": meta,
    }
    return result(message, body)


def initialized(message: Message, server: str) -> bytes:
    """The answer to `initialize`: the one revision that has it."""
    body = {
        "protocolVersion": Revision.SESSIONS,
        "capabilities": {"tools": {"listChanged": False}},
        "serverInfo": identity(server),
    }
    return result(message, body)


def discovered(message: Message, server: str) -> bytes:
    """The answer to `server/discover`."""
    body = {
        "supportedVersions": list(SUPPORTED),
        "capabilities": {"tools": {"listChanged": False}},
        "ttlMs": FRESH_MS,
        "cacheScope": PRIVATE,
        "_meta": {SERVER: identity(server)},
    }
    return result(message, body)


def listed(message: Message, tools: Sequence[dict[str, Any]], cursor: str) -> bytes:
    """A page of the list. cursor: where the next one begins, "" on the last."""
    body: dict[str, Any] = {"tools": tools, "ttlMs": FRESH_MS, "cacheScope": PRIVATE}
    if cursor:
        body["nextCursor"] = cursor
    return result(message, body)


def identity(server: str = "") -> dict[str, str]:
    """Who answers (`Implementation`)."""
    title = {"title": f"{server} behind answerable"} if server else {}
    return {"name": "answerable", "version": answerable.__version__, **title}
