# SPDX-License-Identifier: Apache-2.0
"""A store's log read beside its writer: as far as the guard has published it, and without a lock or a key."""

from __future__ import annotations

import asyncio
from pathlib import Path

import pytest

from answerable.app import tiling
from answerable.config import load
from answerable.errors import Refused, Unavailable
from answerable.log.checkpoint import parse
from answerable.net.source import Web
from tests import ledger


def config_of(folder: Path) -> object:
    return load(None, {}, {"store.path": str(folder / "store"), "store.guard": str(folder / "guard")}).config


async def test_only_what_the_guard_published(tmp_path: Path) -> None:
    store, guard = ledger.sqlite_store(tmp_path), ledger.guard_at(tmp_path)
    sequencer = ledger.sequencer_over(store, guard)
    await sequencer.start()
    try:
        await sequencer.commit(ledger.opening()[0])
        await sequencer.published()
        source = tiling.live(config_of(tmp_path))  # type: ignore[arg-type]
        note = source.get("checkpoint", 65_536)
        assert note is not None
        assert parse(note)[0].size == 1
        assert source.get("tile/entries/000.p/1", 65_536) is not None
        # Committed, and not yet published: not there.
        ledger.append(store, ledger.opening()[0])
        assert source.get("tile/entries/000.p/2", 200_000) is None
        source.close()
    finally:
        await sequencer.close()


def test_no_store_no_guard(tmp_path: Path) -> None:
    with pytest.raises(Unavailable) as caught:
        tiling.live(config_of(tmp_path))  # type: ignore[arg-type]
    assert caught.value.code == "store.unguarded"
    (tmp_path / "guard").mkdir()
    (tmp_path / "guard" / "published").write_bytes(b"")
    with pytest.raises(Unavailable) as caught:
        tiling.live(config_of(tmp_path))  # type: ignore[arg-type]
    assert caught.value.code == "store.missing"


async def test_only_what_witnesses_have_cosigned(tmp_path: Path) -> None:
    store, guard = ledger.sqlite_store(tmp_path), ledger.guard_at(tmp_path)
    sequencer = ledger.sequencer_over(store, guard)
    await sequencer.start()
    try:
        await sequencer.commit(ledger.opening()[0])
        (tmp_path / "guard" / tiling.COSIGNED).write_bytes(await sequencer.published())
        await sequencer.commit(ledger.opening()[0])
        await sequencer.published()
        source = tiling.live(config_of(tmp_path), cosigned=True)  # type: ignore[arg-type]
        assert source.get("tile/0/000.p/1", 65_536) is not None
        assert source.get("tile/0/000.p/2", 65_536) is None
        source.close()
        (tmp_path / "guard" / tiling.COSIGNED).unlink()
        with pytest.raises(Unavailable) as caught:
            tiling.live(config_of(tmp_path), cosigned=True)  # type: ignore[arg-type]
        assert caught.value.code == "store.unguarded"
    finally:
        await sequencer.close()


async def test_serving_until_ended(tmp_path: Path) -> None:
    from answerable.net.source import Folder
    from tests.tiled import Grown, entries

    log = Grown(entries(10))
    log.write(tmp_path)
    ended, url = asyncio.Event(), asyncio.get_running_loop().create_future()

    async def announce(text: str) -> None:
        url.set_result(text)

    task = asyncio.create_task(tiling.serve(Folder(tmp_path), "127.0.0.1", 0, announce, ended))
    source = Web(await url)
    assert await asyncio.to_thread(source.get, "checkpoint", 65_536) == log.note
    source.close()
    ended.set()
    await task
    with pytest.raises(Refused) as caught:
        await tiling.serve(Folder(tmp_path), "0.0.0.0", 0, announce, ended)
    assert caught.value.code == "config.unsafe_bind"
