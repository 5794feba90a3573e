# SPDX-License-Identifier: Apache-2.0
"""The demo's tool server: two tools that tell, one that orders and one that pays, all invented, over stdio (MCP
2025-11-25, transports).

    python -m answerable.app.demo_desk

It has no money and no tides: a payment is a line that it answers with. It is here so that there is something to refuse,
to hold and to stop. One message a line; whatever it does not know is answered with an error.
"""

from __future__ import annotations

import hashlib
import json
import sys
from typing import Any, Final

REVISIONS: Final = ("2025-11-25", "2025-06-18", "2025-03-26")
MAX_LINE: Final = 1 << 20
PARSE_ERROR: Final = -32700
INVALID_REQUEST: Final = -32600
METHOD_NOT_FOUND: Final = -32601
INVALID_PARAMS: Final = -32602


def _tool(name: str, title: str, description: str, reads: bool, **arguments: dict[str, Any]) -> dict[str, Any]:
    schema = {"type": "object", "properties": arguments, "required": list(arguments), "additionalProperties": False}
    hints = {"readOnlyHint": reads, "destructiveHint": not reads}
    return {"name": name, "title": title, "description": description, "inputSchema": schema, "annotations": hints}


_TEXT: Final = {"type": "string", "maxLength": 80}
TOOLS: Final = (
    _tool("high_water", "High water", "When it is high water in a harbour today (invented).", True, harbour=_TEXT),
    _tool("in_stock", "In stock", "How many of an article are in the warehouse (invented).", True, article=_TEXT),
    _tool(
        "order_article",
        "Order an article",
        "Order so many of an article (invented: nothing is delivered). An order can be called off.",
        False,
        article=_TEXT,
        count={"type": "integer", "minimum": 1},
    ),
    _tool(
        "pay_invoice",
        "Pay an invoice",
        "Pay an invoice from the company's account (invented: no money moves).",
        False,
        invoice=_TEXT,
        euros={"type": "integer", "minimum": 1},
    ),
)


def answer(message: Any) -> dict[str, Any] | None:
    """The answer to one decoded message; None for a notification."""
    if not isinstance(message, dict) or message.get("jsonrpc") != "2.0" or not isinstance(message.get("method"), str):
        return _error(None, INVALID_REQUEST, "no JSON-RPC 2.0 request")
    if "id" not in message:
        return None
    number, method, params = message["id"], message["method"], message.get("params") or {}
    if not isinstance(params, dict):
        return _error(number, INVALID_PARAMS, "params is no object")
    if method == "initialize":
        asked = params.get("protocolVersion")
        version = asked if asked in REVISIONS else REVISIONS[0]
        about = {"name": "demo-desk", "title": "Demo desk (invented)", "version": "1"}
        return _result(number, {"protocolVersion": version, "capabilities": {"tools": {}}, "serverInfo": about})
    if method == "ping":
        return _result(number, {})
    if method == "tools/list":
        return _result(number, {"tools": list(TOOLS)})
    if method == "tools/call":
        return _call(number, params)
    return _error(number, METHOD_NOT_FOUND, "no such method")


def _call(number: Any, params: dict[str, Any]) -> dict[str, Any]:
    tool = next((tool for tool in TOOLS if tool["name"] == params.get("name")), None)
    given = params.get("arguments") or {}
    if tool is None:
        return _error(number, INVALID_PARAMS, "no such tool")
    if not isinstance(given, dict) or given.keys() != tool["inputSchema"]["properties"].keys():
        return _result(number, _said("Other arguments are asked for.", failed=True))
    return _result(number, _said(_do(str(tool["name"]), given)))


def _do(name: str, given: dict[str, Any]) -> str:
    if name == "high_water":
        minutes = _drawn(given["harbour"], 24 * 60)
        return f"High water in {given['harbour']}: {minutes // 60:02}:{minutes % 60:02} (invented)."
    if name == "in_stock":
        return f"{given['article']}: {_drawn(given['article'], 500)} in stock (invented)."
    if name == "order_article":
        return f"Ordered {given['count']} of {given['article']} (invented: nothing is delivered)."
    return f"Paid invoice {given['invoice']}: {given['euros']} euros (invented: no money moved)."


def _drawn(text: Any, below: int) -> int:
    """A number that follows from the text."""
    return int.from_bytes(hashlib.sha256(str(text).encode()).digest()[:4], "big") % below


def _said(text: str, *, failed: bool = False) -> dict[str, Any]:
    return {"content": [{"type": "text", "text": text}], "isError": failed}


def _result(number: Any, result: dict[str, Any]) -> dict[str, Any]:
    return {"jsonrpc": "2.0", "id": number, "result": result}


def _error(number: Any, code: int, message: str) -> dict[str, Any]:
    return {"jsonrpc": "2.0", "id": number, "error": {"code": code, "message": message}}


def main() -> int:
    """Answer until stdin ends."""
    while line := sys.stdin.buffer.readline(MAX_LINE):
        try:
            said = answer(json.loads(line))
        except ValueError:
            said = _error(None, PARSE_ERROR, "no JSON")
        if said is not None:
            sys.stdout.buffer.write(json.dumps(said, ensure_ascii=False).encode() + b"\n")
            sys.stdout.buffer.flush()
    return 0


if __name__ == "__main__":
    raise SystemExit(main())
