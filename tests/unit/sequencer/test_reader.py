# SPDX-License-Identifier: Apache-2.0
from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from pathlib import Path

import pytest
import pytest_asyncio

from answerable.errors import Refused
from answerable.log import checkpoint
from answerable.log.leaf import leaf_hash, rid
from answerable.log.merkle import verify_consistency, verify_inclusion
from answerable.model.units import Unit
from answerable.sequencer.reader import TAIL_BOUND, Reader
from answerable.sequencer.sequencer import Sequencer
from tests.ledger import VKEY, closing, guard_at, leaf, opening, sequencer_over, sqlite_store


@pytest_asyncio.fixture
async def running(tmp_path: Path) -> AsyncIterator[tuple[Sequencer, Reader]]:
    store = sqlite_store(tmp_path)
    sequencer = sequencer_over(store, guard_at(tmp_path))
    await sequencer.start()
    reader = Reader(store, published=sequencer.published)
    yield sequencer, reader
    await reader.close()
    await sequencer.close()


async def test_every_record_is_proved_against_one_checkpoint(running: tuple[Sequencer, Reader]) -> None:
    sequencer, reader = running
    rids = []
    for _ in range(30):
        unit, its = opening()
        close = closing(its)
        await asyncio.gather(sequencer.commit(unit), sequencer.commit(close))
        rids += [its, rid(close.leaves[0])]
    note, proved = await reader.prove_all(rids)
    signed = checkpoint.verify(note, [VKEY])
    assert signed.size == 60
    for its, record in zip(rids, proved, strict=True):
        assert rid(record.leaf) == its
        verify_inclusion(leaf_hash(record.leaf), record.index, signed.size, record.proof, signed.root)
    alone = await reader.prove(rids[7])
    verify_inclusion(leaf_hash(alone.leaf), alone.index, signed.size, alone.proof, signed.root)


async def test_receipts_wait_for_witnesses_where_there_are_any(running: tuple[Sequencer, Reader]) -> None:
    sequencer, plain = running
    asked: list[int] = []

    async def witnessed(size: int) -> bytes:
        """The newest that was cosigned, which need not be the newest of all."""
        asked.append(size)
        return early

    first, its = opening()
    await sequencer.commit(first)
    early = await plain.checkpoint()
    second, later = opening()
    await sequencer.commit(second)
    reader = Reader(plain._store, published=sequencer.published, witnessed=witnessed)
    try:
        note, proved = await reader.prove_all([its], cosigned=True)
        assert (note, proved[0].index, asked) == (early, 0, [1])
        assert (await reader.prove_all([later]))[1][0].index == 1  # nobody is waited for unless somebody asks for it
        assert await reader.checkpoint() != early
        with pytest.raises(Refused) as unproven:
            await reader.prove_all([later], cosigned=True)
        assert (unproven.value.code, asked) == ("log.unrecorded", [1, 2])
    finally:
        await reader.close()


async def test_the_log_only_grew(running: tuple[Sequencer, Reader]) -> None:
    sequencer, reader = running
    for _ in range(9):
        await sequencer.commit(opening()[0])
    old = checkpoint.verify(await reader.checkpoint(), [VKEY])
    for _ in range(300):
        await sequencer.commit(opening()[0])
    new = checkpoint.verify(await reader.checkpoint(), [VKEY])
    assert (await reader.root(9), await reader.root(309)) == (old.root, new.root)
    verify_consistency(9, old.root, 309, new.root, await reader.consistency(9, 309))
    assert await reader.consistency(309, 309) == await reader.consistency(0, 309) == []


async def test_a_record_that_is_not_there(running: tuple[Sequencer, Reader]) -> None:
    _, reader = running
    assert await reader.checkpoint() == b""
    assert await reader.find("a" * 32) is None
    for call in (reader.prove("a" * 32), reader.prove_all(["a" * 32])):
        with pytest.raises(Refused) as unrecorded:
            await call
        assert unrecorded.value.code == "log.unrecorded"


async def test_questions(running: tuple[Sequencer, Reader]) -> None:
    sequencer, reader = running
    unit, its = opening(body=b"asked")
    close = closing(its, tag=b"g" * 16)
    await sequencer.commit(unit)
    await sequencer.commit(close)
    assert await reader.find(its) == unit.leaves[0]
    assert await reader.close_of(its) == rid(close.leaves[0])
    assert await reader.by_tag(b"g" * 16) == [rid(close.leaves[0])]
    assert await reader.payload(its, "in") == (unit.payloads[0].salt, b"asked")
    assert await reader.size() == 2
    assert await reader.tail(0, 100) == [unit.leaves[0], close.leaves[0]]
    assert await reader.tail(-5, 1) == [unit.leaves[0]]
    assert await reader.tail(2, 1) == []


async def test_the_tail_is_bounded(running: tuple[Sequencer, Reader]) -> None:
    sequencer, reader = running
    await sequencer.commit(Unit(leaves=tuple(leaf() for _ in range(TAIL_BOUND + 5))))
    assert len(await reader.tail(0, 1 << 40)) == TAIL_BOUND


async def test_a_store_without_its_writer_is_read(tmp_path: Path) -> None:
    store = sqlite_store(tmp_path)
    sequencer = sequencer_over(store, guard_at(tmp_path))
    await sequencer.start()
    unit, its = opening()
    await sequencer.commit(unit)
    await sequencer.close()
    store = sqlite_store(tmp_path)
    reader = Reader(store)
    note, (record,) = await reader.prove_all([its])
    assert checkpoint.verify(note, [VKEY]).size == 1
    assert record.leaf == unit.leaves[0]
    await reader.close()
    store.close()
