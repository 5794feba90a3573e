# SPDX-License-Identifier: Apache-2.0
"""`answerable serve`: open the store, start the service, run until asked to end."""

from __future__ import annotations

import asyncio
import gc
import resource
import signal
from collections.abc import Awaitable, Callable, Coroutine
from typing import Any, Final, Protocol

from answerable.app.core import Core, open_core, refuse_demo
from answerable.app.node_card import is_node
from answerable.app.service import Address, Service
from answerable.app.serving import Say
from answerable.config import Config
from answerable.errors import Refused
from answerable.telemetry import logs

DESCRIPTORS: Final = 16_384
# One that listens, half a one that asks, and as much again that strangers do not get (`net.inbound`).
FILES_A_HOLDER: Final = 4

COLLECT_AFTER: Final = 10_000  # objects more than before

Announce = Callable[[Address, Core], Awaitable[None]]


def run(config: Config, announce: Announce, say: Say = lambda _en, _zh: None) -> int:
    """Serve until SIGINT or SIGTERM; returns 0. announce: called once everything answers.

    Raises what keeps it from starting: Unavailable ``store.*``, ``request.bind``, ``upstream.*``, Refused ``config.*``,
    ``store.demo`` for a demo's store.
    """
    logs.configure(config.telemetry.level, text=config.telemetry.format == "text")

    async def serve() -> int:
        if is_node(config.store_path):
            raise Refused("node.here")
        if config.relay.port >= 0:
            raise_descriptors(max(DESCRIPTORS, FILES_A_HOLDER * config.relay.holders))
        core = await open_core(config)
        try:
            refuse_demo(core)
        except BaseException:
            await core.close()
            raise
        if (failure := core.ledger.failure) is not None:
            say(
                f"READ-ONLY. {failure.code}: {failure.reason('en')} {failure.remedy('en')}",
                f"只读。{failure.code}：{failure.reason('zh')}{failure.remedy('zh')}",
            )
        return await until_asked(Service(core, say), announce)

    return on_loop(serve())


class Runs(Protocol):
    """A service, or a gateway node."""

    core: Core

    async def start(self) -> Address: ...

    def hang_up(self) -> None:
        """What SIGHUP asks for. Called once it has started."""

    async def close(self) -> None: ...


async def until_asked(service: Runs, announce: Announce) -> int:
    """Start the service, announce it, wait for a signal, close it."""
    asked = asyncio.Event()
    loop = asyncio.get_running_loop()
    for number in (signal.SIGINT, signal.SIGTERM):
        loop.add_signal_handler(number, asked.set)
    waiting = asyncio.ensure_future(asked.wait())
    try:
        starting = asyncio.ensure_future(service.start())
        await asyncio.wait([starting, waiting], return_when=asyncio.FIRST_COMPLETED)
        if not starting.done():
            starting.cancel()
            await asyncio.gather(starting, return_exceptions=True)
            return 0
        loop.add_signal_handler(signal.SIGHUP, service.hang_up)
        await announce(starting.result(), service.core)
        settle()
        await waiting
    finally:
        waiting.cancel()
        await service.close()
    return 0


def raise_descriptors(least: int = DESCRIPTORS) -> None:
    """Take as many open files as this process may have: the usual 1024 is soon used up by connections."""
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    wanted = least if hard == resource.RLIM_INFINITY else min(hard, least)
    if soft != resource.RLIM_INFINITY and soft < wanted:
        resource.setrlimit(resource.RLIMIT_NOFILE, (wanted, hard))


def settle() -> None:
    """What is there once the service answers stays as long as it does: collections need not walk through it each time,
    nor come after every 700 objects, of which a busy second makes a million that die by themselves."""
    gc.collect()
    gc.freeze()
    gc.set_threshold(COLLECT_AFTER, 20, 20)


def on_loop(main: Coroutine[Any, Any, int]) -> int:
    """Run on uvloop, which halves what a call costs, or on asyncio's own loop where there is none."""
    raise_descriptors()
    try:
        import uvloop
    except ImportError:
        return asyncio.run(main)
    with asyncio.Runner(loop_factory=uvloop.new_event_loop) as runner:
        return runner.run(main)
