# SPDX-License-Identifier: Apache-2.0
"""pydantic-ai: ``/v1/chat/completions``, and MCP by way of fastmcp's client."""

from __future__ import annotations

from driving import Given, drive
from pydantic_ai import Agent
from pydantic_ai.mcp import MCPToolset
from pydantic_ai.models.openai import OpenAIChatModel
from pydantic_ai.providers.openai import OpenAIProvider
from pydantic_ai.usage import UsageLimits


async def agent(given: Given) -> str:
    model = OpenAIChatModel("auto", provider=OpenAIProvider(base_url=given.base_url, api_key=given.key))
    made = Agent(model, toolsets=[MCPToolset(given.mcp_url, headers=given.headers, tool_error_behavior="failed")])
    limits = UsageLimits(request_limit=100)
    async with made:
        if not given.streamed:
            return str((await made.run(given.task, usage_limits=limits)).output)
        async with made.run_stream(given.task, usage_limits=limits) as run:
            return str(await run.get_output())


drive(agent)
