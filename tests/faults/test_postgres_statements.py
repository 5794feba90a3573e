# SPDX-License-Identifier: Apache-2.0
"""PostgreSQL: the connection is lost at each statement of a store's life, before the server had it or after it was
done: batches, folds, erasures, sweeps, and the opening anew that follows a loss."""

from __future__ import annotations

import asyncio
import os
from collections.abc import Callable, Sequence
from functools import partial
from pathlib import Path
from typing import Any

import pytest

from answerable.errors import AnswerableError, Unavailable
from answerable.model.units import Put, Space, Unit
from answerable.ports import Store
from answerable.sequencer.lanes import Entry
from answerable.sequencer.writer import Retention, Writer
from answerable.stores.postgres.session import Session
from answerable.stores.postgres.store import PostgresStore
from tests.faults.tally import TALLY
from tests.ledger import DAY_MS, ORIGIN, SIGNER, TestClock, guard_at, leaf, opening, recomputed
from tests.postgres import Server, postgres_store

# Of the statements, every so many; all of them in a long run.
STRIDE = int(os.environ.get("FAULT_POSTGRES_STRIDE", "5"))


class Line:
    """What every session of a store says goes through here. cut: number of the statement at which it is lost."""

    def __init__(self, patch: pytest.MonkeyPatch) -> None:
        self.count = 0
        self.cut = -1
        self.after = False
        self.was_cut = False
        fetch = Session._fetch

        async def said(session: Session, sql: str, arguments: Sequence[object]) -> list[Any]:
            if session._reading:
                return await fetch(session, sql, arguments)
            number, self.count = self.count, self.count + 1
            if number == self.cut and not self.after:
                self._lose(session)
            found = await fetch(session, sql, arguments)
            if number == self.cut:
                self._lose(session)
            return found

        patch.setattr(Session, "_fetch", said)

    def _lose(self, session: Session) -> None:
        self.was_cut = True
        connection, session._connection = session._connection, None
        assert connection is not None
        connection.terminate()
        raise Unavailable("store.unreachable", server="it", detail="lost")


class Life:
    """A writer that acts, erases and sweeps, and what it was told is there and gone."""

    def __init__(self, folder: Path, make: Callable[[Path], Store]) -> None:
        self.store = make(folder)
        self.clock = TestClock()
        self.writer = Writer(self.store, SIGNER, ORIGIN, self.clock, guard_at(folder), Retention(days=3))
        self.there: dict[str, bool] = {}  # record -> whether its payload must be there

    def open(self) -> None:
        try:
            self.writer.open()
        except AnswerableError:
            assert self.writer.recover()

    def act(self, number: int) -> None:
        units = [opening(body=b"body %d" % number) for _ in range(3)]
        more = Unit(leaves=(leaf(),), effects=(Put(Space.MISC, f"k{number % 3}", b"%d" % number),))
        loop = asyncio.new_event_loop()
        entries = [Entry(unit, loop.create_future(), 1) for unit in (*(unit for unit, _ in units), more)]
        self.writer.write(entries)
        loop.close()
        for entry, (_, its) in zip(entries, units, strict=False):
            if type(entry.outcome) is int:
                self.there[its] = True
        self.mend()

    def erase(self) -> None:
        its = next(rid for rid, held in self.there.items() if held)
        view = self.store.view()
        at = view.find(its)
        view.close()
        assert at is not None
        try:
            self.store.erase([(at, its)])
        except AnswerableError:
            self.mend(force=True)
            self.store.erase([(at, its)])  # as the sequencer does when it is opened again
        self.there[its] = False

    def sweep(self, day: int) -> None:
        held = next((rid for rid, kept in reversed(self.there.items()) if kept), "")
        for _ in range(2):
            try:
                while self.store.sweep(self.clock.now_ms() + day * DAY_MS, lambda rid: rid == held):
                    pass
                break
            except AnswerableError:
                self.mend(force=True)
        self.there = {rid: kept and rid == held for rid, kept in self.there.items()}

    def mend(self, *, force: bool = False) -> None:
        if force or self.writer.broken is not None:
            for _ in range(2):  # the cut may fall into the opening
                if self.writer.recover():
                    return
            raise AssertionError(self.writer.broken)

    def check(self) -> None:
        assert recomputed(self.store) == self.store.head()
        view = self.store.view()
        for its, kept in self.there.items():
            assert view.find(its) is not None, "an acknowledged record is lost"
            assert (view.payload(its, "in") is not None) == kept, its
        assert view.state()[1][Space.MISC] == dict(self.store.rows(Space.MISC))
        view.close()


def live(folder: Path, make: Callable[[Path], Store]) -> Life:
    life = Life(folder, make)
    life.open()
    for number in range(4):
        life.act(number)
    life.erase()
    for number in range(4, 7):
        life.act(number)
    life.sweep(5)
    life.act(7)
    return life


@pytest.mark.parametrize("after", [False, True])
def test_a_connection_lost_at_each_statement(
    tmp_path: Path, postgres: Server, monkeypatch: pytest.MonkeyPatch, after: bool
) -> None:
    monkeypatch.setattr("answerable.stores.postgres.store.FOLD_EVERY", 3)
    total, number = 1, 0
    while number < total:
        folder = tmp_path / str(number)
        folder.mkdir()
        make = postgres_store(postgres, postgres.database())
        made = make(folder)
        made.close()
        with monkeypatch.context() as patch:
            line = Line(patch)

            life = live(folder, partial(_opened, make, line, number - 1, after))  # the first time nothing is cut
            if number == 0:
                total = line.count + 1
            else:
                assert line.was_cut
                TALLY.count("postgres: connection lost at a statement", acknowledged=len(life.there))
            line.cut = -1
            life.check()
            life.writer.close()
        postgres.recycle()
        number += STRIDE if number else 1 + (after * (STRIDE // 2))
    assert total > 30


def _opened(make: Callable[[Path], PostgresStore], line: Line, cut: int, after: bool, folder: Path) -> PostgresStore:
    store = make(folder)
    line.count, line.cut, line.after = 0, cut, after
    return store
