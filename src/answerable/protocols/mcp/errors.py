# SPDX-License-Identifier: Apache-2.0
"""How a refusal is told in MCP: as an error of JSON-RPC where the request is at fault, otherwise as the result of the
call, with `isError`, so that the model reads the reason and what to do (server/tools, "Error Handling")."""

from __future__ import annotations

from typing import Any, Final

from answerable.errors import DOC, AnswerableError
from answerable.protocols.mcp.revisions import SUPPORTED, Revision

# JSON-RPC 2.0 section 5.1, and MCP 2026-07-28 basic "Error Codes".
PARSE: Final = -32700
REQUEST: Final = -32600
METHOD: Final = -32601
PARAMS: Final = -32602
INTERNAL: Final = -32603
MISMATCH: Final = -32020
UNSUPPORTED: Final = -32022

_CODES: Final = {
    "request.malformed": PARSE,
    "mcp.message": REQUEST,
    "mcp.params": PARAMS,
    "mcp.method": METHOD,
    "mcp.version": UNSUPPORTED,
    "mcp.mismatch": MISMATCH,
    "tool.unknown": PARAMS,
    "internal.error": INTERNAL,
}
# Of the sessions' revision a client takes 404 for the end of its session, and other errors for a broken connection.
_ANSWERED: Final = frozenset({"mcp.method", "mcp.params"})
UNAUTHORIZED: Final = 401


def of_request(error: AnswerableError) -> bool:
    """Whether `error` is about the request itself, or about who may ask at all, rather than about the call."""
    return error.code in _CODES or error.code.startswith(("request.", "mcp.")) or error.http == UNAUTHORIZED


def code(error: AnswerableError) -> int:
    """Its number in JSON-RPC; where the specifications have none, the status of HTTP, outside what they reserve."""
    return _CODES.get(error.code) or (REQUEST if error.code.startswith("request.") else error.http)


def status(error: AnswerableError, revision: Revision) -> int:
    """Of the answer in HTTP."""
    if error.code.startswith(("request.", "mcp.")) or error.http == UNAUTHORIZED:
        return 200 if revision is Revision.SESSIONS and error.code in _ANSWERED else error.http
    return 200


def told(error: AnswerableError, language: str, record: str = "") -> dict[str, Any]:
    """What is said beside the words: code, reason, remedy and where it is written down. language: "en" or "zh"."""
    said = {
        "code": error.code,
        "reason": error.reason(language),
        "remedy": error.remedy(language),
        "doc": DOC + error.code.replace(".", ""),
    }
    return {**said, "record": record} if record else said


def words(error: AnswerableError, language: str) -> str:
    """One text for whoever reads texts alone."""
    return f"{error.code}: {error.reason(language)} {error.remedy(language)}"


def error_object(error: AnswerableError, language: str, record: str = "", requested: str = "") -> dict[str, Any]:
    """JSON-RPC's error object. requested: the revision that was asked for, as it was written."""
    data = told(error, language, record)
    if error.code == "mcp.version":
        data |= {"supported": list(SUPPORTED), "requested": requested}
    return {"code": code(error), "message": words(error, language), "data": data}
