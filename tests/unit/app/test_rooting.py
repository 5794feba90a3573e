# SPDX-License-Identifier: Apache-2.0
"""A root log over two real shards: SQLite stores, each with its sequencer and guard, read as another process reads."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

import pytest

from answerable.app import tiling
from answerable.app.core import Core
from answerable.app.rooting import FOLDER, Root, create_root, open_root
from answerable.config import Config, load
from answerable.crypto.ed25519 import Key
from answerable.errors import Refused
from answerable.log.checkpoint import parse
from answerable.log.joint import verify
from answerable.log.leaf import decode
from answerable.log.note import VerifierKey
from answerable.log.trust import Trust
from answerable.log.trust import parse as parse_trust
from answerable.model.leaves import KeyLeaf, ShardLeaf
from answerable.model.units import Unit
from answerable.sequencer.sequencer import Sequencer
from answerable.tiles.joining import join
from answerable.tiles.live import Live
from tests import ledger
from tests.tiled import Grown, entries, files


def config_of(folder: Path) -> Config:
    return load(None, {}, {"store.path": str(folder / "store"), "store.guard": str(folder / "guard")}).config


class ShardStore:
    """A real log of its own, under its own name and key."""

    def __init__(self, folder: Path, number: int) -> None:
        self.origin = f"shard.invalid/{number}"
        self.config = config_of(folder)
        self._key = Key.from_seed(bytes([number]) * 32)
        from answerable.sequencer.guard import Guard

        store, guard = ledger.sqlite_store(folder), Guard.create(folder / "guard", self.origin)
        self.ledger = Sequencer(store, self._key, self.origin, ledger.TestClock(), guard=guard)

    @property
    def key(self) -> VerifierKey:
        return VerifierKey.of(self.origin, self._key.public)

    async def grow(self, count: int) -> None:
        for _ in range(count):
            await self.ledger.commit(Unit(leaves=(ledger.leaf(),)))
        await self.ledger.published()


@asynccontextmanager
async def two_shards(folder: Path) -> AsyncIterator[tuple[ShardStore, ShardStore]]:
    shards = []
    for number in (1, 2):
        (folder / str(number)).mkdir()
        shards.append(ShardStore(folder / str(number), number))
        await shards[-1].ledger.start()
        await shards[-1].grow(3)
    try:
        yield shards[0], shards[1]
    finally:
        for shard in shards:
            await shard.ledger.close()


async def leaves_of(core: Core) -> list[ShardLeaf]:
    found = [decode(data) for data in await core.reader.tail(0, 1000)]
    assert isinstance(found[0], KeyLeaf)
    return [leaf for leaf in found if isinstance(leaf, ShardLeaf)]


async def test_what_shards_publish_is_recorded_and_proven(tmp_path: Path) -> None:
    root_config = config_of(tmp_path / "root")
    async with two_shards(tmp_path) as shards:
        trust = Trust(tuple(shard.key for shard in shards))
        sources = [tiling.live(shard.config) for shard in shards]
        core = await create_root(root_config, "root.invalid")
        told: list[tuple[str, int]] = []
        root = Root(core, sources, trust, lambda origin, size: told.append((origin, size)))
        assert await root.round() == 2
        assert await root.round() == 0  # nothing new
        await shards[0].grow(300)
        assert await root.round() == 1
        assert sorted(told) == [("shard.invalid/1", 3), ("shard.invalid/1", 303), ("shard.invalid/2", 3)]
        assert [(leaf.origin, leaf.size) for leaf in await leaves_of(core)][-1] == ("shard.invalid/1", 303)
        await core.reader.checkpoint()
        # record -> shard checkpoint -> root checkpoint, from the files that another process reads
        note = sources[0].get("checkpoint", 65_536)
        assert note is not None
        head = parse(note)[0]
        over = tiling.live(root_config)
        root_trust = parse_trust((root_config.store_path / "trust.txt").read_bytes())
        joint = join(head, sources[0], over, root_trust)
        assert verify(joint, head, root_trust).origin == "root.invalid"
        over.close()
        await core.close()
        # Another process goes on where this one ended.
        core = await open_root(root_config)
        again = Root(core, sources, trust)
        assert await again.round() == 0
        await shards[1].grow(1)
        assert await again.round() == 1
        assert again.last("shard.invalid/2")[0] is not None
        await core.close()
        for source in sources:
            source.close()


async def test_a_shard_with_two_faces_is_recorded_no_further(tmp_path: Path) -> None:
    honest, other = Grown(entries(300)), Grown(entries(600, what="lie"))
    shown = honest
    source = _Showing(lambda: shown)
    core = await create_root(config_of(tmp_path), "root.invalid")
    root = Root(core, [source, _second()], Trust((*honest.trust.logs, *SECOND.trust.logs)))
    assert await root.round() == 2
    shown = other
    SECOND.grow(entries(5, 5))
    assert await root.round() == 1  # the other shard goes on
    assert [error.code for error in root.ailing.values()] == ["source.forked"]
    assert [leaf.size for leaf in await leaves_of(core) if leaf.origin == honest.origin] == [300]
    kept = {data for path, data in files(core.config.store_path / FOLDER).items() if "evidence" in path}
    assert kept == {honest.note, other.note}
    shown = honest
    assert await root.round() == 0
    assert root.ailing == {}
    # A root that has just started knows what it recorded.
    shown = other
    fresh = Root(core, [source], honest.trust)
    assert await fresh.round() == 0
    assert [error.code for error in fresh.ailing.values()] == ["source.forked"]
    await core.close()


SECOND = Grown(entries(5), origin="second.invalid")


def _second() -> Live:
    return Live(SECOND, SECOND.published, name="second")


class _Showing:
    name = "first"

    def __init__(self, shown: object) -> None:
        self._shown = shown

    def get(self, path: str, limit: int) -> bytes | None:
        log = self._shown()  # type: ignore[operator]
        return Live(log, log.published).get(path, limit)

    def close(self) -> None:
        pass


async def test_it_runs_until_ended(tmp_path: Path) -> None:
    log = Grown(entries(5))
    core = await create_root(config_of(tmp_path), "root.invalid")
    recorded = asyncio.Event()
    root = Root(core, [_Showing(lambda: log)], log.trust, lambda _origin, _size: recorded.set())
    ended = asyncio.Event()
    running = asyncio.create_task(root.run(0.01, ended))
    await asyncio.wait_for(recorded.wait(), 10)
    recorded.clear()
    log.grow(entries(5, 5))
    await asyncio.wait_for(recorded.wait(), 10)
    ended.set()
    await running
    await core.close()


async def test_which_stores_are_a_root_logs(tmp_path: Path) -> None:
    core = await create_root(config_of(tmp_path), "root.invalid")
    await core.close()
    with pytest.raises(Refused) as caught:
        await create_root(config_of(tmp_path), "root.invalid")
    assert caught.value.code == "store.exists"
    with pytest.raises(Refused) as caught:
        await create_root(config_of(tmp_path / "other"), "no origin+")
    assert caught.value.code == "config.value"
