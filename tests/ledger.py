# SPDX-License-Identifier: Apache-2.0
"""Units, clocks and stores for tests of the log's writing side."""

from __future__ import annotations

import itertools
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from hashlib import sha256
from pathlib import Path

import pytest

from answerable.crypto.ed25519 import Key
from answerable.crypto.random import nonce, salt
from answerable.errors import Unavailable
from answerable.log import checkpoint
from answerable.log.leaf import encode, leaf_hash, rid
from answerable.log.merkle import Frontier, root_of
from answerable.model.leaves import CloseLeaf, RefusalsLeaf
from answerable.model.units import Drop, Expect, Lane, Payload, Put, Space, Unit
from answerable.ports import Store
from answerable.sequencer.guard import Guard
from answerable.sequencer.sequencer import Sequencer
from answerable.stores.memory import MemoryStore
from answerable.stores.sqlite import SqliteStore

ORIGIN = "test.invalid/log"
SIGNER = Key.from_seed(bytes(range(32)))
VKEY = checkpoint.vkey(ORIGIN, SIGNER.public)
PAYLOAD_KEY = bytes(range(32, 64))
EMPTY = sha256(b"").digest()
DAY_MS = 86_400_000


class TestClock:
    """Real time plus what a test adds."""

    __test__ = False

    def __init__(self) -> None:
        self.ahead_ms = 0

    def now_ms(self) -> int:
        return time.time_ns() // 1_000_000 + self.ahead_ms

    def mono_ms(self) -> int:
        return time.monotonic_ns() // 1_000_000 + self.ahead_ms


_numbers = itertools.count(1)


def leaf(t: int = 1) -> bytes:
    """A leaf that no other is like; of a small kind."""
    return encode(RefusalsLeaf(n=nonce(), num={"x.invalid" + "0" * 70: next(_numbers)}, t=t, t0=t))


def opening(lane: Lane = Lane.ACTION, body: bytes = b"what is asked") -> tuple[Unit, str]:
    """A unit with a leaf, its row in OPENS and a payload, and its record id."""
    data = leaf()
    its = rid(data)
    put = Put(Space.OPENS, its, b"1763782764123")
    return Unit(leaves=(data,), effects=(put,), payloads=(Payload(its, "in", salt(), body),), lane=lane), its


def closing(its: str, tag: bytes = b"t" * 16) -> Unit:
    """The unit that takes the row away again."""
    data = encode_close(its)
    return Unit(
        leaves=(data,),
        effects=(Drop(Space.OPENS, its),),
        expect=(Expect(Space.OPENS, its, b"1763782764123"),),
        payloads=(Payload(rid(data), "out", salt(), b"what is said", (tag,)),),
    )


def encode_close(its: str) -> bytes:
    return encode(CloseLeaf(n=nonce(), open=its, st="done", t=2))


def append(store: Store, *units: Unit, expires: int = 0, bodies: bool = True) -> None:
    """What the writer does with a batch, on a store alone."""
    size, root = store.head()
    frontier = Frontier.from_tiles(size, store.tile)
    leaves = [data for unit in units for data in unit.leaves]
    tiles = frontier.append([leaf_hash(data) for data in leaves])
    note = checkpoint.sign(ORIGIN, frontier.size, frontier.root(), SIGNER)
    store.put_payloads(units, expires or 2 * DAY_MS, bodies=bodies)
    store.append(size, leaves, tiles, note, (size, root), frontier.root(), units)


def recomputed(store: Store) -> tuple[int, bytes]:
    """(size, root) from the leaves alone, by the definition of RFC 6962."""
    leaves = store.leaves(0, 1 << 40)
    return len(leaves), root_of([leaf_hash(data) for data in leaves])


StoreMaker = Callable[[Path], Store]


def sqlite_store(folder: Path) -> SqliteStore:
    """Made at the first call, opened at the next."""
    if (folder / "store" / "log.db").exists():
        return SqliteStore.open(folder / "store", payload_key=PAYLOAD_KEY)
    return SqliteStore.create(folder / "store", payload_key=PAYLOAD_KEY)


def memory_store(folder: Path) -> MemoryStore:
    return MemoryStore()


def store_of(request: pytest.FixtureRequest, folder: Path) -> Store:
    """The store that the fixture's parameter names: sqlite, memory, or postgres in a database of its own."""
    if request.param == "postgres":
        from tests.postgres import postgres_store

        server = request.getfixturevalue("postgres")
        return postgres_store(server, server.database())(folder)
    return {"sqlite": sqlite_store, "memory": memory_store}[request.param](folder)


def guard_at(folder: Path) -> Guard:
    path = folder / "guard"
    return Guard.open(path, ORIGIN) if path.exists() else Guard.create(path, ORIGIN)


def sequencer_over(store: Store, guard: Guard, **options: object) -> Sequencer:
    options.setdefault("clock", TestClock())
    clock = options.pop("clock")
    return Sequencer(store, SIGNER, ORIGIN, clock, guard=guard, **options)  # type: ignore[arg-type]


class Faulty:
    """A store whose calls fail when told to, before or after they did their work."""

    def __init__(self, store: Store) -> None:
        self._store = store
        self.plan: dict[str, tuple[str, Exception]] = {}  # method -> ("before" | "after", error), used once
        self.reserve = True

    def __getattr__(self, name: str) -> object:
        target = getattr(self._store, name)
        if name not in ("append", "erase", "put_payloads", "reopen", "sweep"):
            return target

        def call(*arguments: object, **named: object) -> object:
            when, error = self.plan.pop(name, ("", None))
            if when == "before" and error is not None:
                raise error
            result = target(*arguments, **named)
            if when == "after" and error is not None:
                raise error
            return result

        return call

    def spend_reserve(self) -> bool:
        spent, self.reserve = self.reserve, False
        return spent


@contextmanager
def unavailable(code: str) -> Iterator[None]:
    """The block must raise Unavailable with that code."""
    with pytest.raises(Unavailable) as raised:
        yield
    assert raised.value.code == code
