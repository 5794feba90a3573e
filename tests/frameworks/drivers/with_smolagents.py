# SPDX-License-Identifier: Apache-2.0
"""smolagents: ``/v1/chat/completions``, and MCP by way of mcpadapt (the protocol's SDK, version 1)."""

from __future__ import annotations

import asyncio

from driving import Given, drive
from smolagents import MCPClient, OpenAIModel, ToolCallingAgent


async def agent(given: Given) -> str:
    return await asyncio.to_thread(_run, given)


def _run(given: Given) -> str:
    model = OpenAIModel("auto", api_base=given.base_url, api_key=given.key)
    desk = {"url": given.mcp_url, "transport": "streamable-http", "headers": given.headers}
    with MCPClient(desk, structured_output=False) as tools:
        made = ToolCallingAgent(tools=tools, model=model, max_steps=40, stream_outputs=given.streamed)
        return str(made.run(given.task))


drive(agent)
