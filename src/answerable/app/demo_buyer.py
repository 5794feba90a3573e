# SPDX-License-Identifier: Apache-2.0
"""The demo's buyer: asks for one payment through the gate and waits for what people say, with nothing but the standard
library (MCP 2026-07-28, streamable HTTP).

    answerable copy start "Demo buyer" -- python -m answerable.app.demo_buyer A-17 40

Its warrant lies in the file that ANSWERABLE_WARRANT_FILE names and is renewed there by `copy start`: it is read anew
for each call. MCP_URL says where the tools are.
"""

from __future__ import annotations

import os
import sys
import time
from pathlib import Path
from typing import Any, Final

from answerable.app.demo_asking import post
from answerable.protocols.mcp.held import RESULT_TOOL
from answerable.protocols.mcp.revisions import CAPABILITIES, CLIENT, HOLD, RECORD, VERSION, Revision

EVERY_S: Final = 1.0


def call(url: str, credential: str, tool: str, arguments: dict[str, Any]) -> dict[str, Any]:
    """The result of one call, also where it was refused before any tool was looked at. Raises OSError."""
    about = {VERSION: Revision.STATELESS, CAPABILITIES: {}, CLIENT: {"name": "demo-buyer", "version": "1"}}
    params = {"name": tool, "arguments": arguments, "_meta": about}
    reply = post(
        url,
        credential,
        {"jsonrpc": "2.0", "id": 1, "method": "tools/call", "params": params},
        {
            "accept": "application/json, text/event-stream",
            "mcp-protocol-version": Revision.STATELESS,
            "mcp-method": "tools/call",
            "mcp-name": tool,
        },
    )
    if not reply.ok:
        return _failed(reply.text)
    answer = reply.json()
    if "result" not in answer:
        return _failed(str(answer["error"]["message"]))
    result: dict[str, Any] = answer["result"]
    return result


def _failed(text: str) -> dict[str, Any]:
    return {"isError": True, "content": [{"type": "text", "text": text}], "_meta": {}}


def main(words: list[str]) -> int:
    url, file = os.environ.get("MCP_URL"), os.environ.get("ANSWERABLE_WARRANT_FILE")
    if not url or not file or len(words) != 2 or not words[1].isdigit():
        print(
            'answerable copy start "Demo buyer" -- python -m answerable.app.demo_buyer INVOICE EUROS', file=sys.stderr
        )
        return 2
    tool, arguments = "pay_invoice", {"invoice": words[0], "euros": int(words[1])}
    told = ""
    try:
        while True:
            result = call(url, Path(file).read_text(encoding="ascii").strip(), tool, arguments)
            meta = result.get("_meta") or {}
            text = " ".join(part["text"] for part in result["content"] if part.get("type") == "text")
            if HOLD not in meta or meta[HOLD]["state"] != "pending":
                break
            if meta[HOLD]["hold"] != told:
                told = meta[HOLD]["hold"]
                print(f"It waits for people: hold {told}.", flush=True)
            time.sleep(EVERY_S)
            tool, arguments = RESULT_TOOL, {"id": told}
    except OSError as error:
        print(f"no gateway: {error}", file=sys.stderr)
        return 4
    print(text)
    if RECORD in meta:
        print(f"record {meta[RECORD]}")
    return 1 if result.get("isError") else 0


if __name__ == "__main__":
    raise SystemExit(main(sys.argv[1:]))
