# SPDX-License-Identifier: Apache-2.0
"""An open store: keys, ledger, directory and reader over one folder. What `init`, `serve` and `demo` stand on."""

from __future__ import annotations

import asyncio
import logging
import os
from collections.abc import Callable
from dataclasses import dataclass, replace
from typing import Final, Protocol

from answerable import durable
from answerable.app.clock import SystemClock
from answerable.app.keys import Keys, load
from answerable.app.loading import load_book, naming, settled
from answerable.app.stores import open_store
from answerable.app.upgrading import upgrade
from answerable.app.witnesses import Witnesses
from answerable.config import Config
from answerable.control.said import deriving
from answerable.crypto.ed25519 import Key
from answerable.errors import Refused, Unavailable, VerificationError
from answerable.log.note import Kind, VerifierKey
from answerable.log.trust import Trust, format, parse
from answerable.model.units import Effect, Space, Unit
from answerable.ports import Store
from answerable.registry.book import Book
from answerable.sequencer.guard import Guard
from answerable.sequencer.halted import READ_ONLY, Halted
from answerable.sequencer.reader import Reader
from answerable.sequencer.sequencer import Sequencer
from answerable.sequencer.writer import Retention

TRUST_FILE: Final = "trust.txt"
READERS_FILE: Final = "trust-witnessed.txt"
DEMO: Final = "demo"
_log = logging.getLogger("answerable.core")
MAX_SOCKET_PATH: Final = 107  # 108 bytes in Linux' sockaddr_un, the last of them zero


class Plan(Protocol):
    """What plan functions return: a unit to commit, and perhaps what to refuse with once it is recorded."""

    @property
    def unit(self) -> Unit: ...

    @property
    def rid(self) -> str: ...


# Spaces that it is about, and what is called with the effects of a batch that changed one of them.
Watcher = tuple[frozenset[Space], Callable[[tuple[Effect, ...]], None]]


@dataclass(frozen=True, slots=True)
class Core:
    """watchers: see `watch`. names: of natural persons, on their way into the directory."""

    config: Config
    keys: Keys
    clock: SystemClock
    book: Book
    ledger: Sequencer | Halted
    reader: Reader
    origin: str
    demo: bool
    watchers: list[Watcher]
    names: asyncio.Task[None]
    witnesses: Witnesses | None = None
    guard: Guard | None = None  # of a store that is written; closed with the ledger

    def watch(self, watcher: Callable[[tuple[Effect, ...]], None], *spaces: Space) -> None:
        """From now on `watcher` is called after each batch that changed one of these spaces, with all of its effects,
        when the directory already shows them."""
        self.watchers.append((frozenset(spaces), watcher))

    async def commit(self, plan: Plan) -> str:
        """Commit a plan; its rid. Raises its refusal, once that is recorded, and as `Ledger.commit`."""
        await self.ledger.commit(plan.unit)
        self.book.learn(plan.unit.payloads)
        refusal = getattr(plan, "refusal", None)
        if refusal is not None:
            raise refusal
        return plan.rid

    @property
    def now(self) -> int:
        return self.clock.now_ms()

    @property
    def signer(self) -> Key | None:
        """The log's key, None where the store is served read-only: nothing is signed over it, in no form."""
        return None if isinstance(self.ledger, Halted) else self.keys.log

    @property
    def trust(self) -> bytes:
        """The trust file: by which key this log's checkpoints are believed."""
        return format(Trust(known_keys(self.keys, self.origin)))

    async def close(self) -> None:
        if self.witnesses is not None:
            await self.witnesses.close()
        self.names.cancel()
        await asyncio.wait([self.names])
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
    """Open an existing store, verify it, and settle what a crash left open. One that is damaged, or that the guard
    knows otherwise, is opened to be read: its ledger has a `failure` and refuses everything.

    Raises Unavailable ``store.*``, Refused ``log.key``, ``config.value``: then nothing was signed or written.
    """
    check_socket(config)
    keys = load(config.store_path) if config.store_path.is_dir() else _missing(config)
    store = open_store(config, keys.payload)
    try:
        misc = {key: bytes(value) for key, value in store.rows(Space.MISC)}
        if not {"domain", "origin"} <= misc.keys():
            raise Unavailable("store.missing", path=str(config.store_path))
        origin = misc["origin"].decode()
        guard = _guard(config, origin)
    except BaseException:
        store.close()
        raise
    domain, demo = misc["domain"].decode(), DEMO in misc
    if isinstance(guard, Unavailable):
        return await _read_only(config, keys, store, None, domain, origin, demo=demo, failure=guard)
    try:
        upgrade(config.store_path, store)
    except Unavailable as error:
        if error.code in READ_ONLY:
            return await _read_only(config, keys, store, guard, domain, origin, demo=demo, failure=error)
        if error.code != "store.full":  # which keeps no store from opening: its rows are brought up to date later
            store.close()
            guard.close()
            raise
        _log.error("rows of an earlier version are left as they are: %s", error)
    return await run_core(config, keys, store, guard, domain, origin, demo=demo)


async def run_core(
    config: Config, keys: Keys, store: Store, guard: Guard, domain: str, origin: str, *, demo: bool
) -> Core:
    """Start ledger and directory over an open store and guard, which the ledger closes when it ends. Read-only as
    `open_core` says."""
    clock = SystemClock()
    watchers: list[Watcher] = []
    witnesses: Witnesses | None = None
    try:
        witnesses = await Witnesses.of(config, known_keys(keys, origin), clock)
        book = load_book(domain, store.rows)

        def applied(effects: tuple[Effect, ...]) -> None:
            book.apply(effects)
            changed = {effect.space for effect in effects}
            for spaces, watcher in watchers:
                if not changed.isdisjoint(spaces):
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
            former=[str(key) for key in keys.former],
            safe=keys.safe,
            quorum=witnesses.quorum if witnesses else None,
            elsewhere=witnesses.shown if witnesses else (),
            held=Unavailable("recover.behind", waiting="it was rebuilt") if guard.behind is not None else None,
            known=book.rows,
        )
        try:
            await ledger.start()
        except Unavailable as error:
            if error.code not in READ_ONLY:
                raise
            if witnesses is not None:
                await witnesses.close()
            return await _read_only(config, keys, store, guard, domain, origin, demo=demo, failure=error)
    except BaseException:
        if witnesses is not None:
            await witnesses.close()
        store.close()
        guard.close()
        raise
    settled(book)
    reader = Reader(
        store,
        published=ledger.published,
        witnessed=ledger.witnessed if witnesses else None,
        derive=deriving(keys.index),
    )
    names = await naming(book, reader)
    core = Core(config, keys, clock, book, ledger, reader, origin, demo, watchers, names, witnesses, guard)
    _tell_trust(core)
    if witnesses is not None:
        witnesses.start(ledger, reader)
    return core


def log_keys(keys: Keys, origin: str) -> tuple[VerifierKey, ...]:
    """By which a reader believes what this log signs now: either signature suffices."""
    own = (VerifierKey.of(origin, keys.log.public),)
    return own if keys.safe is None else (*own, VerifierKey.of(origin, keys.safe.public, Kind.MLDSA))


def known_keys(keys: Keys, origin: str) -> tuple[VerifierKey, ...]:
    """By which a reader believes whatever this log ever signed: its keys now, then those before its rotations."""
    own = log_keys(keys, origin)
    return (*own, *(key for key in keys.former if key not in own))


def _tell_trust(core: Core) -> None:
    """Add the ML-DSA-44 key to the trust file of a store that did not have one before; whatever else it says stays.
    Beside it stands what readers are to demand, where there are witnesses."""
    path = core.config.store_path / TRUST_FILE
    if not path.exists():
        return  # the store is being made
    readers = core.config.store_path / READERS_FILE
    try:
        if core.witnesses is None:
            readers.unlink(missing_ok=True)
        else:
            durable.write(readers, format(core.witnesses.quorum.trust), 0o644)
        known = parse(path.read_bytes())
        fresh = [key for key in log_keys(core.keys, core.origin) if key not in known.logs]
        if fresh and len(fresh) < len(log_keys(core.keys, core.origin)):
            durable.write(path, format(replace(known, logs=(*known.logs, *fresh))), 0o644)
    except (OSError, VerificationError) as error:
        _log.warning("%s was left as it is: %s", path, error)


def _guard(config: Config, origin: str) -> Guard | Unavailable:
    """The guard, or why it cannot be used."""
    try:
        return Guard.open(config.guard_path, origin)
    except Unavailable as error:
        return error


async def _read_only(
    config: Config,
    keys: Keys,
    store: Store,
    guard: Guard | None,
    domain: str,
    origin: str,
    *,
    demo: bool,
    failure: Unavailable,
) -> Core:
    try:
        book = load_book(domain, store.rows)
    except BaseException:
        store.close()
        if guard is not None:
            guard.close()
        raise
    own = VerifierKey.of(origin, keys.log.public)
    ledger = Halted(store, guard, failure, [str(key) for key in (own, *keys.former)])
    reader = Reader(store, published=ledger.published, derive=deriving(keys.index))
    names = await naming(book, reader)
    return Core(config, keys, SystemClock(), book, ledger, reader, origin, demo, [], names)


def _missing(config: Config) -> Keys:
    raise Unavailable("store.missing", path=str(config.store_path))


def refuse_demo(core: Core) -> None:
    """Raises Refused ``store.demo`` for a demo's store: its parties are invented, and its flag is for life."""
    if core.demo:
        raise Refused("store.demo", path=str(core.config.store_path))
