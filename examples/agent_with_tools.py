# SPDX-License-Identifier: Apache-2.0
"""An agent's tools behind the gate, by the protocol's plain client: what is seen, recorded, refused.

. ~/.local/share/answerable-demo/demo.env      # of a running `make run`
pip install mcp && python examples/agent_with_tools.py
"""

import asyncio
import os

import httpx2
from mcp import Client
from mcp.client.streamable_http import streamable_http_client

KEY = {"Authorization": f"Bearer {os.environ['OPENAI_API_KEY']}"}


async def main() -> None:
    async with (
        httpx2.AsyncClient(headers=KEY, timeout=60) as http,
        Client(streamable_http_client(os.environ["MCP_URL"], http_client=http)) as desk,
    ):
        print("It may use:", *(tool.name for tool in (await desk.list_tools()).tools))
        said = await desk.call_tool("high_water", {"harbour": "Leith"})
        print(said.content[0].text)
        print("Who answers for it: answerable who", said.meta["answerable/record"])
        # A payment is graver than this agent's warrant admits: not listed, and refused to who asks all the same.
        paid = await desk.call_tool("pay_invoice", {"invoice": "A-17", "euros": 40})
        print("Refused:", paid.content[0].text)


asyncio.run(main())
