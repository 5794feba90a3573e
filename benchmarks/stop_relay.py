# SPDX-License-Identifier: Apache-2.0
"""The relay under measurement: the real hub, fan-out and listener in a process of its own, on loopback.

First line on stdout: ``{"url": ...}``. Each line on stdin is the number of an order that is to be told: the hub takes
it in as it takes what the registry commits, and ``{"round": n, "at": ns}`` says when (CLOCK_MONOTONIC). With --bus
nothing is read: orders come over the bus, from another process.
"""

from __future__ import annotations

import argparse
import asyncio
import json
import sys
import time

import uvloop

from answerable.admission.clocks import ClockMode
from answerable.admission.holding import HolderView
from answerable.app.clock import SystemClock
from answerable.app.serve import raise_descriptors
from answerable.buses.opening import open_bus
from answerable.net.bind import tcp
from answerable.net.server import Listener
from answerable.relay.board import Board
from answerable.relay.fanout import Bounds, Fanout
from answerable.relay.hub import Hub
from answerable.relay.plane import Plane
from benchmarks.stop_orders import TRUST, message

FILES = 65_536


async def pulled() -> None:
    """What a bus loses is not made good here: a measurement that needs a pull says so by never ending."""


async def main(bus_url: str) -> None:
    raise_descriptors(FILES)
    bus = open_bus(bus_url) if bus_url else None
    fanout = Fanout(Bounds(holders=FILES, per_address=FILES, heartbeat=3600.0))
    hub = Hub(Board(), fanout, HolderView(TRUST, ClockMode.SAME_HOST), SystemClock(), bus)
    listener = Listener(Plane(hub.board, fanout), tcp("127.0.0.1", 0, tls=False), connections=FILES)
    await listener.start()
    tasks = [asyncio.create_task(fanout.run()), asyncio.create_task(hub.run(pulled))]
    print(json.dumps({"url": f"http://127.0.0.1:{listener.port}"}), flush=True)
    loop = asyncio.get_running_loop()
    while line := await loop.run_in_executor(None, sys.stdin.readline):
        if bus is None:
            data = message(int(line))
            at = time.monotonic_ns()
            hub.order(data)
            print(json.dumps({"round": int(line), "at": at}), flush=True)
    for task in tasks:
        task.cancel()
    await asyncio.gather(*tasks, return_exceptions=True)
    await fanout.close()
    await listener.close()
    if bus is not None:
        await bus.close()


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--bus", default="")
    uvloop.run(main(parser.parse_args().bus))
