# SPDX-License-Identifier: Apache-2.0
"""openai-agents: ``/v1/responses``, and its own client of an MCP server."""

from __future__ import annotations

from agents import Agent, Runner, set_tracing_disabled
from agents.mcp import MCPServerStreamableHttp
from driving import Given, drive


async def agent(given: Given) -> str:
    set_tracing_disabled(True)  # traces would go to openai.com
    params = {"url": given.mcp_url, "headers": given.headers}
    async with MCPServerStreamableHttp(params=params, client_session_timeout_seconds=30) as server:
        made = Agent(name="clerk", model="auto", mcp_servers=[server])
        if not given.streamed:
            return str((await Runner.run(made, given.task, max_turns=40)).final_output)
        run = Runner.run_streamed(made, given.task, max_turns=40)
        async for _ in run.stream_events():
            pass
        return str(run.final_output)


drive(agent)
