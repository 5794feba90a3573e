# SPDX-License-Identifier: Apache-2.0
"""An agent looks things up until its budget is used up. What is left: `answerable budgets ls`.

. ~/.local/share/answerable-demo/demo.env      # of a running `make run`
pip install mcp && python examples/budget.py
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
        for number in range(1_000):
            said = await desk.call_tool("in_stock", {"article": f"article {number}"})
            if said.is_error:
                print(f"After {number} calls:", said.content[0].text)
                break
            print(said.content[0].text)


asyncio.run(main())
