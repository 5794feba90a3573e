# SPDX-License-Identifier: Apache-2.0
"""The demo's buyer: asks for one payment through the gate and waits for what people say, with nothing but the standard
library (MCP 2026-07-28, streamable HTTP).

    answerable copy start "Demo buyer" -- python -m answerable.app.demo_buyer A-17 40

Its warrant lies in the file that ANSWERABLE_WARRANT_FILE names and is renewed there by `copy start`: it is read anew
for each call. MCP_URL says where the tools are.
"""

from __future__ import annotations

import json
import os
import sys
import time
import urllib.error
import urllib.request
from pathlib import Path
from typing import Any, Final

from answerable.protocols.mcp.held import RESULT_TOOL
from answerable.protocols.mcp.revisions import CAPABILITIES, CLIENT, HOLD, RECORD, VERSION, Revision

TIMEOUT_S: Final = 120.0
EVERY_S: Final = 1.0


def call(url: str, credential: str, tool: str, arguments: dict[str, Any]) -> dict[str, Any]:
    """The result of one call. Raises OSError, urllib.error.HTTPError for a refusal before any tool was looked at."""
    about = {VERSION: Revision.STATELESS, CAPABILITIES: {}, CLIENT: {"name": "demo-buyer", "version": "1"}}
    params = {"name": tool, "arguments": arguments, "_meta": about}
    request = urllib.request.Request(  # noqa: S310  the URL is the user's own setting
        url,
        json.dumps({"jsonrpc": "2.0", "id": 1, "method": "tools/call", "params": params}).encode(),
        {
            "authorization": f"Bearer {credential}",
            "content-type": "application/json",
            "accept": "application/json, text/event-stream",
            "mcp-protocol-version": Revision.STATELESS,
            "mcp-method": "tools/call",
            "mcp-name": tool,
        },
    )
    with urllib.request.urlopen(request, timeout=TIMEOUT_S) as response:  # noqa: S310  as above
        answer: dict[str, Any] = json.load(response)
    if "result" not in answer:
        return {"isError": True, "content": [{"type": "text", "text": str(answer["error"]["message"])}], "_meta": {}}
    result: dict[str, Any] = answer["result"]
    return result


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
    except urllib.error.HTTPError as error:
        print(error.read().decode("utf-8", "replace"), file=sys.stderr)
        return 1
    except OSError as error:
        print(f"no gateway: {error}", file=sys.stderr)
        return 4
    print(text)
    if RECORD in meta:
        print(f"record {meta[RECORD]}")
    return 1 if result.get("isError") else 0


if __name__ == "__main__":
    raise SystemExit(main(sys.argv[1:]))
