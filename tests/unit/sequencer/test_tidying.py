# SPDX-License-Identifier: Apache-2.0
"""Search tags leave their file beside the log's thread: over a real store, as the sequencer runs it."""

from __future__ import annotations

import asyncio
import threading
from collections.abc import Sequence
from pathlib import Path

import pytest

from answerable.errors import Unavailable
from answerable.model.units import Lane
from answerable.sequencer.tidying import Tidying
from answerable.stores.sqlite import SqliteStore
from tests.ledger import closing, guard_at, opening, sequencer_over, sqlite_store, unavailable

TAG = b"a tag of content"


class Slow:
    """A store whose `tidy` waits until it may begin."""

    def __init__(self, inner: SqliteStore) -> None:
        self.inner = inner
        self.begun, self.may = threading.Event(), threading.Event()
        self.failure: Exception | None = None
        self.calls: list[Sequence[str]] = []
        self.threads: set[str] = set()

    def __getattr__(self, name: str) -> object:
        return getattr(self.inner, name)

    def tidy(self, rids: Sequence[str] = ()) -> None:
        self.calls.append(rids)
        self.threads.add(threading.current_thread().name)
        self.begun.set()
        assert self.may.wait(30)
        if self.failure is not None:
            raise self.failure
        self.inner.tidy(rids)


async def settled(tidying: Tidying) -> None:
    if tidying._due is not None:
        await asyncio.wait_for(tidying._due, 30)


def stored(folder: Path) -> bytes:
    return b"".join(path.read_bytes() for path in (folder / "store").rglob("*") if path.is_file())


async def test_orders_are_written_while_tags_go_and_an_erasure_returns_when_they_are_gone(tmp_path: Path) -> None:
    store = Slow(sqlite_store(tmp_path))
    sequencer = sequencer_over(store, guard_at(tmp_path))  # type: ignore[arg-type]
    store.may.set()
    await sequencer.start()
    unit, its = opening()
    await sequencer.commit(unit)
    close = await sequencer.commit(closing(its, tag=TAG))
    view = store.inner.view()
    (record,) = view.by_tag(TAG)
    assert TAG in stored(tmp_path)
    await settled(sequencer._tidying)
    store.may.clear()
    store.begun.clear()
    erasing = asyncio.create_task(sequencer.erase([(close.first, record)]))
    assert await asyncio.to_thread(store.begun.wait, 30)
    order, its_order = opening(Lane.STOP)
    async with asyncio.timeout(5):
        await sequencer.commit(order)
    assert view.find(its_order) is not None, "an order does not wait for it"
    assert view.by_tag(TAG) == [], "nobody finds it any more"
    assert not erasing.done()
    store.may.set()
    assert await erasing == 1
    assert TAG not in stored(tmp_path)
    assert store.threads == {"tidying_0"}
    view.close()
    await sequencer.close()


async def test_tags_of_what_expired_go_after_the_opening(tmp_path: Path) -> None:
    inner = sqlite_store(tmp_path)
    sequencer = sequencer_over(inner, guard_at(tmp_path))
    await sequencer.start()
    unit, its = opening()
    await sequencer.commit(unit)
    await sequencer.commit(closing(its, tag=TAG))
    view = inner.view()
    assert len(view.by_tag(TAG)) == 1
    while inner.sweep(1 << 50):
        pass
    assert TAG in stored(tmp_path)
    sequencer._tidying.swept()
    sequencer._tidying.swept()
    view.close()
    await settled(sequencer._tidying)
    assert TAG not in stored(tmp_path)
    await sequencer.close()


async def test_what_failed_is_told_to_who_asked_and_the_log_goes_on(tmp_path: Path) -> None:
    store = Slow(sqlite_store(tmp_path))
    sequencer = sequencer_over(store, guard_at(tmp_path))  # type: ignore[arg-type]
    store.may.set()
    await sequencer.start()
    unit, its = opening()
    await sequencer.commit(unit)
    store.failure = Unavailable("store.failed", detail="the disk")
    with unavailable("store.failed"):
        await sequencer.erase([(0, its)])
    assert sequencer.failure is None
    store.failure = None
    assert await sequencer.erase([(0, its)]) == 0, "the same again ends it"
    assert store.calls[-1] == [its]
    await sequencer.close()
    with unavailable("log.stopped"):
        await sequencer._tidying.tidy([its])


@pytest.mark.parametrize("failure", [Unavailable("store.failed", detail="the disk"), ZeroDivisionError()])
async def test_a_sweep_whose_tags_cannot_go_leaves_them_to_the_next(
    tmp_path: Path, failure: Exception, caplog: pytest.LogCaptureFixture
) -> None:
    store = Slow(sqlite_store(tmp_path))
    store.may.set()
    tidying = Tidying(store)  # type: ignore[arg-type]
    store.failure = failure
    tidying.swept()
    await settled(tidying)
    assert "tags" in caplog.text
    store.failure = None
    tidying.swept()
    await asyncio.sleep(0)
    await tidying.close()
    assert len(store.calls) == 2
    tidying.swept()
    assert tidying._due is None, "nothing begins after the end"
    store.inner.close()
