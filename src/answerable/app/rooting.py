# SPDX-License-Identifier: Apache-2.0
"""A root log: a store of its own that records what its shards publish, once a second each (`docs/spec/tiles.md`).

One process, and no consensus: shards go on when it is away, and it catches up with whatever they have published since.
It is a log like any other: guard, witnesses, publication and repair are those of every store.
"""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Callable, Sequence
from typing import Final

from answerable import durable
from answerable.app.beginning import begin, log_key, sign_first
from answerable.app.core import TRUST_FILE, Core, open_core
from answerable.config import Config
from answerable.crypto.random import nonce
from answerable.errors import AnswerableError, Refused, Unavailable, VerificationError
from answerable.log import leaf as leaves
from answerable.log.head import Checkpoint
from answerable.log.note import VerifierKey
from answerable.log.trust import Trust
from answerable.model.leaves import ShardLeaf
from answerable.model.units import Expect, Put, Space, Unit
from answerable.net.source import Source
from answerable.sequencer.replay import ROOT, SHARD
from answerable.tiles.shards import Seen, Shard

FOLDER: Final = "shards"
_log = logging.getLogger("answerable.root")

Told = Callable[[str, int], None]  # origin, size: what was recorded


async def create_root(config: Config, origin: str) -> Core:
    """A new root log. Raises Refused ``store.exists``, ``config.value``, Unavailable ``store.*``."""
    try:
        VerifierKey.of(origin, bytes(32))
    except VerificationError:
        raise Refused("config.value", detail=f"{origin!r} is no origin of a log") from None
    core = await begin(config, origin)
    try:
        await sign_first(core, (log_key(core),), {ROOT: "1"})
        durable.write(config.store_path / TRUST_FILE, core.trust, 0o644)
    except BaseException:
        await core.close()
        raise
    return core


async def open_root(config: Config) -> Core:
    """An existing root log. Raises Refused ``store.foreign`` for a store that is another's, and as `open_core`."""
    core = await open_core(config)
    if core.book.raw(Space.MISC, ROOT) is None:
        await core.close()
        raise Refused("config.value", detail=f"{config.store_path} is no root log's store")
    return core


class Root:
    """Records shards into `core`'s log. sources: one a shard; trust: names the log of each. Used on one event loop."""

    def __init__(self, core: Core, sources: Sequence[Source], trust: Trust, told: Told = lambda _origin, _size: None):
        self._core = core
        self._told = told
        self._shards = [Shard(source, trust, core.config.store_path / FOLDER) for source in sources]
        self._origins: dict[Shard, str] = {}
        self.ailing: dict[str, AnswerableError] = {}

    async def round(self) -> int:
        """Look at every shard and record what is new; how many were recorded. What ails one shard stops no other: see
        `ailing`, by source. Raises Unavailable ``log.*`` when the root log itself takes nothing."""
        return sum(await asyncio.gather(*map(self._record, self._shards)))

    async def run(self, every_s: float, ended: asyncio.Event) -> None:
        """A round each so often until `ended`."""
        while not ended.is_set():
            await self.round()
            try:
                await asyncio.wait_for(ended.wait(), every_s)
            except TimeoutError:
                continue

    def last(self, origin: str) -> tuple[Checkpoint | None, bytes | None]:
        """What the log holds of a shard: its newest checkpoint, and the row."""
        row = self._core.book.raw(Space.MISC, SHARD + origin)
        if row is None:
            return None, None
        leaf = leaves.decode(row)
        if not isinstance(leaf, ShardLeaf):
            raise Unavailable("store.damaged", detail=f"row {SHARD}{origin}")
        return Checkpoint(leaf.origin, leaf.size, bytes.fromhex(leaf.root)), row

    async def _record(self, shard: Shard) -> int:
        name = shard.source.name
        try:
            known = self._origins.get(shard)
            last, row = self.last(known) if known else (None, None)
            seen = await asyncio.to_thread(shard.look, last)
            if seen is not None and known is None:
                # Its name is known only now: what was recorded under it before holds.
                self._origins[shard] = seen.head.origin
                last, row = self.last(seen.head.origin)
                if last is not None:
                    seen = await asyncio.to_thread(shard.look, last)
            if seen is None:
                self.ailing.pop(name, None)
                return 0
            await asyncio.to_thread(shard.keep, seen)
            await self._write(seen, row)
        except AnswerableError as error:
            if error.code.startswith("log.") and isinstance(error, Unavailable):
                raise
            if repr(self.ailing.get(name)) != repr(error):
                _log.error("%s is not recorded: %s", name, error)
            self.ailing[name] = error
            return 0
        self.ailing.pop(name, None)
        self._told(seen.head.origin, seen.head.size)
        return 1

    async def _write(self, seen: Seen, row: bytes | None) -> None:
        head = seen.head
        leaf = ShardLeaf(n=nonce(), origin=head.origin, root=head.root.hex(), size=head.size, t=self._core.now)
        data = leaves.encode(leaf)
        key = SHARD + head.origin
        await self._core.ledger.commit(
            Unit(leaves=(data,), effects=(Put(Space.MISC, key, data),), expect=(Expect(Space.MISC, key, row),))
        )
