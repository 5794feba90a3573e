# SPDX-License-Identifier: Apache-2.0
"""An open store: keys, ledger, directory and reader over one folder. What `init`, `serve` and `demo` stand on."""

from __future__ import annotations

import os
from collections.abc import Callable
from dataclasses import dataclass
from typing import Final, Protocol

from answerable.app.clock import SystemClock
from answerable.app.keys import Keys, load
from answerable.config import Config
from answerable.errors import Refused, Unavailable
from answerable.log.note import VerifierKey
from answerable.log.trust import Trust, format
from answerable.model.units import Effect, Space, Unit
from answerable.registry.book import Book
from answerable.sequencer.guard import Guard
from answerable.sequencer.reader import Reader
from answerable.sequencer.sequencer import Sequencer
from answerable.sequencer.writer import Retention
from answerable.stores.sqlite import SqliteStore

TRUST_FILE: Final = "trust.txt"
DEMO: Final = "demo"
MAX_SOCKET_PATH: Final = 107  # 108 bytes in Linux' sockaddr_un, the last of them zero


class Plan(Protocol):
    """What plan functions return: a unit to commit, and perhaps what to refuse with once it is recorded."""

    @property
    def unit(self) -> Unit: ...

    @property
    def rid(self) -> str: ...


@dataclass(frozen=True, slots=True)
class Core:
    """watchers: called after each batch with its effects, when the directory already shows them; see `watch`."""

    config: Config
    keys: Keys
    clock: SystemClock
    book: Book
    ledger: Sequencer
    reader: Reader
    origin: str
    demo: bool
    watchers: list[Callable[[tuple[Effect, ...]], None]]

    async def commit(self, plan: Plan) -> str:
        """Commit a plan; its rid. Raises its refusal, once that is recorded, and as `Ledger.commit`."""
        await self.ledger.commit(plan.unit)
        refusal = getattr(plan, "refusal", None)
        if refusal is not None:
            raise refusal
        return plan.rid

    @property
    def now(self) -> int:
        return self.clock.now_ms()

    @property
    def trust(self) -> bytes:
        """The trust file: by which key this log's checkpoints are believed."""
        return format(Trust((VerifierKey.of(self.origin, self.keys.log.public),)))

    async def close(self) -> None:
        await self.reader.close()
        await self.ledger.close()


def check_socket(config: Config) -> None:
    """Raises Refused ``config.value`` for a control socket whose path the system cannot hold (unix(7), `sun_path`):
    said before anything is made or started."""
    size = len(os.fsencode(config.socket_path))
    if size > MAX_SOCKET_PATH:
        detail = f"control.socket {config.socket_path} has {size} bytes, a socket's path at most {MAX_SOCKET_PATH}"
        raise Refused("config.value", detail=detail)


async def open_core(config: Config) -> Core:
    """Open an existing store, verify it, and settle what a crash left open.

    Raises Unavailable ``store.*``, Refused ``log.key``, ``config.value``: then nothing was signed or written.
    """
    check_socket(config)
    keys = load(config.store_path) if config.store_path.is_dir() else _missing(config)
    store = SqliteStore.open(config.store_path, payload_key=keys.payload)
    try:
        misc = {key: bytes(value) for key, value in store.rows(Space.MISC)}
        if not {"domain", "origin"} <= misc.keys():
            raise Unavailable("store.missing", path=str(config.store_path))
        origin = misc["origin"].decode()
        guard = Guard.open(config.guard_path, origin)
    except BaseException:
        store.close()
        raise
    return await run_core(config, keys, store, guard, misc["domain"].decode(), origin, demo=DEMO in misc)


async def run_core(
    config: Config, keys: Keys, store: SqliteStore, guard: Guard, domain: str, origin: str, *, demo: bool
) -> Core:
    """Start ledger and directory over an open store and guard, which the ledger closes when it ends."""
    clock = SystemClock()
    watchers: list[Callable[[tuple[Effect, ...]], None]] = []
    try:
        book = Book.load(domain, store.rows)

        def applied(effects: tuple[Effect, ...]) -> None:
            book.apply(effects)
            for watcher in watchers:
                watcher(effects)

        ledger = Sequencer(
            store,
            keys.log,
            origin,
            clock,
            guard=guard,
            listeners=(applied,),
            queue_bound=config.store.queue,
            retention=Retention(config.store.payload_days, config.store.payloads),
        )
        await ledger.start()
    except BaseException:
        store.close()
        guard.close()
        raise
    reader = Reader(store, published=ledger.published)
    return Core(config, keys, clock, book, ledger, reader, origin, demo, watchers)


def _missing(config: Config) -> Keys:
    raise Unavailable("store.missing", path=str(config.store_path))


def refuse_demo(core: Core) -> None:
    """Raises Refused ``store.foreign`` for a demo's store: its parties are invented, and its flag is for life."""
    if core.demo:
        raise Refused("store.demo", path=str(core.config.store_path))
