# SPDX-License-Identifier: Apache-2.0
"""fastmcp's own proxy before a tool server, in fastmcp's environment: `python mcp_proxy.py URL`. Its first line on
stdout is ``{"url": ...}``. Nothing of ours is imported."""

from __future__ import annotations

import json
import socket
import sys

import uvicorn
from fastmcp.server import create_proxy


def main() -> int:
    with socket.create_server(("127.0.0.1", 0), backlog=512) as listening:
        sys.stdout.write(json.dumps({"url": f"http://127.0.0.1:{listening.getsockname()[1]}/mcp"}) + "\n")
        sys.stdout.flush()
        app = create_proxy(sys.argv[1]).http_app(path="/mcp", json_response=True, stateless_http=True)
        uvicorn.Server(uvicorn.Config(app, log_level="error", access_log=False)).run(sockets=[listening])
    return 0


if __name__ == "__main__":
    sys.exit(main())
