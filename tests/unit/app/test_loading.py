# SPDX-License-Identifier: Apache-2.0
from __future__ import annotations

import asyncio
import gc
from collections.abc import Iterable
from types import SimpleNamespace
from typing import cast

import pytest

from answerable.app import loading
from answerable.app.loading import learn_names, load_book, naming, settled
from answerable.errors import Unavailable
from answerable.model.units import Put, Space, Unit
from answerable.sequencer.reader import Reader
from tests.fleet import DOMAIN, Fleet
from tests.small_registry import Registry


def test_the_collector_rests_while_rows_are_read_and_leaves_many_alone_after(monkeypatch: pytest.MonkeyPatch) -> None:
    fleet = Fleet()
    seen: list[bool] = []

    def rows(space: Space) -> Iterable[tuple[str, bytes]]:
        seen.append(gc.isenabled())
        return fleet.book.rows(space)

    before = gc.get_freeze_count()
    load_book(DOMAIN, fleet.book.rows)
    assert gc.get_freeze_count() == before
    monkeypatch.setattr(loading, "MANY", 5)
    try:
        book = load_book(DOMAIN, rows)
        assert gc.get_freeze_count() > before
    finally:
        gc.unfreeze()
    assert (not any(seen), gc.isenabled()) == (True, True)
    assert [system.num for system in book.systems()] == [1, 2, 3, 4, 5]


class Kept:
    """What is kept beside the log."""

    def __init__(self, said: dict[str, bytes]) -> None:
        self.said = said

    async def payload(self, rid: str, group: str) -> tuple[bytes, bytes | None] | None:
        assert group == "name"
        if self.said.get(rid) == b"unreadable":
            raise Unavailable("store.damaged", detail="spoiled")
        return (bytes(32), self.said[rid]) if rid in self.said else None


async def test_persons_are_called_by_what_is_kept_beside_the_log() -> None:
    registry = Registry()
    here, gone, lost, spoiled = (registry.person(name) for name in ("Ann", "Ben", "Cleo", "Dan"))
    firm = registry.party("A firm")
    registry.write(Unit(effects=(Put(Space.ERASURES, gone.rid, b"{}"),)))
    book = load_book(registry.book.domain, registry.book.rows)
    said = {here.rid: b"Ann", gone.rid: b"Ben", spoiled.rid: b"unreadable", firm.rid: b"Another firm"}
    await learn_names(book, cast("Reader", Kept(said)))
    called = {row.rid: row.name for row in book.parties()}
    assert called == {
        here.rid: "Ann", gone.rid: gone.id, lost.rid: lost.id, spoiled.rid: spoiled.id, firm.rid: "A firm",
    }  # fmt: skip


async def test_nobody_waits_for_names_that_take_long(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(loading, "NAMES_S", 0.01)
    registry = Registry()
    person = registry.person("Ann")
    book, free = load_book(registry.book.domain, registry.book.rows), asyncio.Event()

    class Slow(Kept):
        async def payload(self, rid: str, group: str) -> tuple[bytes, bytes | None] | None:
            await free.wait()
            return await super().payload(rid, group)

    task = await naming(book, cast("Reader", Slow({person.rid: b"Ann"})))
    assert not task.done()
    assert [row.name for row in book.parties() if row.rid == person.rid] == [person.id]
    free.set()
    await task
    assert [row.name for row in book.parties() if row.rid == person.rid] == ["Ann"]


def test_it_is_on_again_after_a_damaged_row() -> None:
    with pytest.raises(Unavailable, match=r"system\.damaged"):
        load_book(DOMAIN, lambda space: [("x", b"{")] if space is Space.SYSTEMS else [])
    assert gc.isenabled()


@pytest.mark.parametrize("library", ["glibc", "another"])
def test_what_a_large_start_used_goes_back(monkeypatch: pytest.MonkeyPatch, library: str) -> None:
    trimmed: list[int] = []
    functions = {"malloc_trim": trimmed.append} if library == "glibc" else {}
    monkeypatch.setattr(loading.ctypes, "CDLL", lambda _: SimpleNamespace(**functions))
    book = Fleet().book
    settled(book)
    assert trimmed == []  # few systems: not worth a call
    monkeypatch.setattr(loading, "MANY", 5)
    settled(book)
    assert trimmed == ([0] if library == "glibc" else [])
