# SPDX-License-Identifier: Apache-2.0
"""langgraph with langchain-mcp-adapters: ``/v1/chat/completions``."""

from __future__ import annotations

from typing import Any

from driving import Given, drive
from langchain.agents import create_agent
from langchain_mcp_adapters.client import MultiServerMCPClient
from langchain_openai import ChatOpenAI


async def agent(given: Given) -> str:
    desk: Any = {"transport": "streamable_http", "url": given.mcp_url, "headers": given.headers}
    tools = await MultiServerMCPClient({"desk": desk}).get_tools()
    model = ChatOpenAI(model="auto", base_url=given.base_url, api_key=given.key, streaming=given.streamed)
    graph = create_agent(model, tools)
    asked: Any = {"messages": [("user", given.task)]}
    settings: Any = {"recursion_limit": 100}
    if not given.streamed:
        return str((await graph.ainvoke(asked, settings))["messages"][-1].content)
    last: Any = None
    async for state in graph.astream(asked, settings, stream_mode="values"):
        last = state
    return str(last["messages"][-1].content)


drive(agent)
