# SPDX-License-Identifier: Apache-2.0
"""What the drivers share. They run in the frameworks' environments: nothing of ours is imported there but this file.

A driver reads the task from stdin and three variables, OPENAI_BASE_URL, OPENAI_API_KEY and MCP_URL, and prints one
line of JSON: `output`, what the agent said in the end, or `error` and `raised`, what ended its run.
"""

from __future__ import annotations

import asyncio
import json
import os
import sys
import traceback
from collections.abc import Awaitable, Callable
from dataclasses import dataclass


@dataclass(frozen=True)
class Given:
    """base_url, key, mcp_url: all that is known of the gateway. streamed: whether the model's answers are to stream."""

    task: str
    base_url: str
    key: str
    mcp_url: str
    streamed: bool

    @property
    def headers(self) -> dict[str, str]:
        return {"Authorization": f"Bearer {self.key}"}


def drive(agent: Callable[[Given], Awaitable[str]]) -> None:
    """Run the agent once and say how it ended."""
    asked = Given(
        sys.stdin.read(),
        os.environ["OPENAI_BASE_URL"],
        os.environ["OPENAI_API_KEY"],
        os.environ["MCP_URL"],
        "--stream" in sys.argv,
    )

    async def once() -> str:
        return await agent(asked)

    try:
        said = {"output": asyncio.run(once())}
    except BaseException as error:  # noqa: BLE001 - whatever ends the run is what is asked about
        traceback.print_exc()
        said = {"error": "; ".join(causes(error)), "raised": type(error).__name__}
    print(json.dumps(said), flush=True)


def causes(error: BaseException) -> list[str]:
    """What it says, with what stands in its group or behind it."""
    said = [f"{type(error).__name__}: {error}"]
    for inner in getattr(error, "exceptions", ()):
        said += causes(inner)
    behind = error.__cause__ or (None if error.__suppress_context__ else error.__context__)
    if behind is not None:
        said += causes(behind)
    return list(dict.fromkeys(said))[:8]
