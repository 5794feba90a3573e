# SPDX-License-Identifier: Apache-2.0
"""An agent asks for a payment and a person decides. The call waits; its result is fetched once somebody agreed.

. ~/.local/share/answerable-demo/demo.env      # of a running `make run`
answerable copy start "Demo buyer" -- python examples/approval.py
answerable holds ls                            # in another terminal, then `holds show` and `holds approve`
"""

import asyncio
import os
from pathlib import Path
from typing import Any

import httpx2
from mcp import Client
from mcp.client.streamable_http import streamable_http_client


def key() -> dict[str, str]:  # `copy start` renews the warrant in this file: it is read anew for each call
    return {"Authorization": f"Bearer {Path(os.environ['ANSWERABLE_WARRANT_FILE']).read_text().strip()}"}


async def call(tool: str, arguments: dict[str, Any]) -> Any:
    async with (
        httpx2.AsyncClient(headers=key(), timeout=60) as http,
        Client(streamable_http_client(os.environ["MCP_URL"], http_client=http)) as desk,
    ):
        return await desk.call_tool(tool, arguments)


async def main() -> None:
    said = await call("pay_invoice", {"invoice": "A-17", "euros": 40})
    print(said.content[0].text, flush=True)
    while (hold := said.meta.get("answerable/hold", {})).get("state") == "pending":
        await asyncio.sleep(1)
        said = await call("answerable_result", {"id": hold["hold"]})
    print(said.content[0].text)


asyncio.run(main())
