# SPDX-License-Identifier: Apache-2.0
"""One agent that calls a tool again and again through the protocol's own SDK. Prints one JSON object, as `mcp_load`."""

from __future__ import annotations

import argparse
import asyncio
import json
import sys
import time
from typing import Any

import httpx2 as httpx
from mcp.client.client import Client
from mcp.client.streamable_http import streamable_http_client

from benchmarks.load import quantile
from benchmarks.mcp_load import REVISION, TEXT


async def load(url: str, *, key: str, seconds: float, first: int) -> dict[str, Any]:
    """Call until the time is up. Raises RuntimeError for an answer that is not the tool's own."""
    latency: list[float] = []
    number = first
    fields = {"authorization": f"Bearer {key}"} if key else {}
    async with httpx.AsyncClient(headers=fields, timeout=60) as http:
        async with Client(streamable_http_client(url, http_client=http), mode=REVISION) as client:
            await client.list_tools()
            began = time.perf_counter()
            while time.perf_counter() - began < seconds:
                number += 1
                asked = time.perf_counter()
                result: Any = await client.call_tool("tick", {"number": number, "text": TEXT})
                latency.append(time.perf_counter() - asked)
                if result.is_error or f"tick {number} " not in result.content[0].text:
                    raise RuntimeError(str(result))
            took = time.perf_counter() - began
    return {
        "answers": len(latency),
        "rps": len(latency) / took,
        "p50_ms": quantile(latency, 0.5) * 1e3,
        "p99_ms": quantile(latency, 0.99) * 1e3,
    }


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("url")
    parser.add_argument("--key", default="")
    parser.add_argument("--seconds", type=float, default=3.0)
    parser.add_argument("--first", type=int, default=1_000_000_000)
    options = vars(parser.parse_args())
    sys.stdout.write(json.dumps(asyncio.run(load(options.pop("url"), **options))) + "\n")
    return 0


if __name__ == "__main__":
    sys.exit(main())
