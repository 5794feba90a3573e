# SPDX-License-Identifier: Apache-2.0
"""A tool server made with the protocol's own SDK, as people write them, over HTTP: `tick`, which counts, and `count`,
which tells how often it was called. Its first line on stdout is ``{"url": ...}``."""

from __future__ import annotations

import json
import socket
import sys

import uvicorn
from mcp.server.mcpserver import MCPServer


def main() -> int:
    made = MCPServer("bench", version="1", log_level="CRITICAL")
    calls = 0

    @made.tool()
    def tick(number: int, text: str) -> str:
        """Count on."""
        nonlocal calls
        calls += 1
        return f"tick {number} {text}"

    @made.tool()
    def count() -> str:
        """How often tick was called."""
        return str(calls)

    with socket.create_server(("127.0.0.1", 0), backlog=512) as listening:
        sys.stdout.write(json.dumps({"url": f"http://127.0.0.1:{listening.getsockname()[1]}/mcp"}) + "\n")
        sys.stdout.flush()
        app = made.streamable_http_app(json_response=True, stateless_http=True)
        uvicorn.Server(uvicorn.Config(app, log_level="error", access_log=False)).run(sockets=[listening])
    return 0


if __name__ == "__main__":
    sys.exit(main())
