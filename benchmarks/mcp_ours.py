# SPDX-License-Identifier: Apache-2.0
"""This gateway before a tool server, everything on: `python -m benchmarks.mcp_ours --store DIR URL`.

A new store on disk, a registered server system and agent, a handle, the tool classified as one that writes: each call
has a key under which it runs once, a safe envelope and a budget; two durable leaves are written of it. Its first line
on stdout is ``{"url": ..., "key": ..., "store": ...}``.
"""

from __future__ import annotations

import argparse
import asyncio
import contextlib
import json
import signal
import sys
from pathlib import Path

import uvloop

from answerable.app.serve import settle
from answerable.model.terms import Criticality, Effect, World
from answerable.model.tools import Bound, MeterKind, ToolClass, ToolMeter
from tests.tool_gate import gate

TICK = ToolClass(
    world=World.INFORMATION, criticality=Criticality.ORDINARY, domain="general", effect=Effect.WRITE,
    idempotency_s=60, meters=(ToolMeter(kind=MeterKind.CALLS),),
    envelope=(Bound(at="/number", least="0", most="9000000000"), Bound(at="/text", longest=4_096)),
)  # fmt: skip
BUDGET = {"tool": "far/tick", "meter": "calls", "most": 2**40, "hours": 24}


async def serve(store: Path, url: str) -> None:
    asked = asyncio.Event()
    for number in (signal.SIGTERM, signal.SIGINT):
        asyncio.get_running_loop().add_signal_handler(number, asked.set)
    async with gate(store, url=url, classes={"tick": TICK}, budgets=[BUDGET]) as made:
        said = {"url": f"{made.url}/mcp/far", "key": made.key, "store": str(made.core.config.store_path)}
        settle()  # as `answerable serve` does once it answers
        sys.stdout.write(json.dumps(said) + "\n")
        sys.stdout.flush()
        await asked.wait()


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("url")
    parser.add_argument("--store", type=Path, required=True)
    options = parser.parse_args()
    with contextlib.suppress(KeyboardInterrupt):
        uvloop.run(serve(options.store, options.url))
    return 0


if __name__ == "__main__":
    sys.exit(main())
