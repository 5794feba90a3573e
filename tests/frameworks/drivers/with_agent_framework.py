# SPDX-License-Identifier: Apache-2.0
"""Microsoft's agent-framework: ``/v1/responses``, and its own client of an MCP server."""

from __future__ import annotations

from agent_framework import Agent, MCPStreamableHTTPTool
from agent_framework.openai import OpenAIChatClient
from driving import Given, drive


async def agent(given: Given) -> str:
    client = OpenAIChatClient(model="auto", base_url=given.base_url, api_key=given.key)
    async with MCPStreamableHTTPTool("desk", given.mcp_url, static_headers=given.headers) as desk:
        made = Agent(client=client, tools=desk)
        if not given.streamed:
            return (await made.run(given.task)).text
        stream = made.run(given.task, stream=True)
        async for _ in stream:
            pass
        return (await stream.get_final_response()).text


drive(agent)
