# SPDX-License-Identifier: Apache-2.0
"""One batch at a time, every write of it failing twice: not stored, and stored."""

from __future__ import annotations

import asyncio
from collections.abc import Iterator
from pathlib import Path

import pytest

from answerable.crypto.ed25519 import Key
from answerable.errors import AnswerableError, Unavailable
from answerable.log import checkpoint
from answerable.model.units import Expect, Lane, Put, Space, Unit
from answerable.sequencer.guard import Guard
from answerable.sequencer.lanes import Entry
from answerable.sequencer.writer import Retention, Writer
from answerable.stores import sqlite
from answerable.stores.database import connect_reading
from tests.ledger import (
    DAY_MS,
    ORIGIN,
    SIGNER,
    VKEY,
    Faulty,
    TestClock,
    closing,
    guard_at,
    leaf,
    opening,
    recomputed,
    sqlite_store,
    unavailable,
)


class Bench:
    def __init__(self, folder: Path, retention: Retention = Retention()) -> None:  # noqa: B008  # frozen
        self.store = Faulty(sqlite_store(folder))
        self.guard = guard_at(folder)
        self.clock = TestClock()
        self.writer = Writer(self.store, SIGNER, ORIGIN, self.clock, self.guard, retention)  # type: ignore[arg-type]
        self.loop = asyncio.new_event_loop()

    def entries(self, *units: Unit) -> list[Entry]:
        return [Entry(unit, self.loop.create_future(), 1) for unit in units]

    def write(self, *units: Unit) -> list[int | str]:
        """Outcomes: the index of the first leaf, or the code."""
        entries = self.entries(*units)
        self.batch = self.writer.write(entries)
        assert sorted(map(id, self.batch.entries)) == sorted(map(id, entries))
        return [e.outcome.code if isinstance(e.outcome, AnswerableError) else e.outcome for e in entries]

    def sound(self) -> None:
        """The whole tree recomputed equals the signed root, and the guard has it."""
        assert recomputed(self.store) == self.store.head() == (self.guard.size, self.guard.root)
        if self.guard.size:
            signed = checkpoint.verify(self.store.checkpoint(), [VKEY])
            assert (signed.size, signed.root) == self.store.head()


@pytest.fixture
def bench(tmp_path: Path) -> Iterator[Bench]:
    made = Bench(tmp_path)
    made.writer.open()
    yield made
    made.writer.close()
    made.loop.close()


def test_a_batch_is_written_whole(bench: Bench) -> None:
    unit, its = opening()
    pair = Unit(leaves=(leaf(), leaf()), effects=(Put(Space.MISC, "a", b"1"),))
    assert bench.write(unit, pair, closing(its)) == [0, 1, 3]
    assert bench.batch.size == 4
    assert bench.batch.effects == (*unit.effects, *pair.effects, *closing(its).effects)
    assert bench.writer.rows.space(Space.OPENS) == []
    bench.sound()


def test_a_conflict_fails_that_unit_alone_and_sees_those_before_it(bench: Bench) -> None:
    first = Unit(leaves=(leaf(),), effects=(Put(Space.COUNTERS, "epoch", b"1"),))
    stale = Unit(
        leaves=(leaf(),),
        effects=(Put(Space.MISC, "stale", b""),),
        expect=(Expect(Space.COUNTERS, "epoch", None),),
    )
    fresh = Unit(leaves=(leaf(),), expect=(Expect(Space.COUNTERS, "epoch", b"1"),))
    assert bench.write(first, stale, fresh) == [0, "log.conflict", 1]
    assert bench.batch.effects == first.effects
    assert bench.store.leaves(0, 9) == [first.leaves[0], fresh.leaves[0]]
    assert list(bench.store.rows(Space.MISC)) == []
    assert bench.write(stale) == ["log.conflict"]
    assert bench.batch.effects == ()
    bench.sound()


def test_the_payloads_of_a_refused_unit_are_not_kept(bench: Bench, tmp_path: Path) -> None:
    unit, its = opening()
    bench.write(unit)
    close = closing(its)
    assert bench.write(close, closing(its)) == [1, "log.conflict"]
    view = bench.store.view()
    assert view.by_tag(b"t" * 16) == [view.close_of(its)]
    view.close()


@pytest.mark.parametrize("call", ["put_payloads", "append"])
@pytest.mark.parametrize("code", ["store.failed", "store.full"])
def test_what_was_not_stored_is_not_acknowledged(bench: Bench, call: str, code: str) -> None:
    bench.write(Unit(leaves=(leaf(),)))
    bench.store.plan[call] = ("before", Unavailable(code, detail="x"))
    unit, its = opening()
    assert bench.write(unit, Unit(leaves=(leaf(),))) == ["log.stopped", "log.stopped"]
    assert bench.batch.effects == ()
    assert bench.writer.broken is None
    assert bench.writer.rows.space(Space.OPENS) == []
    assert bench.write(unit) == [1]
    assert dict(bench.writer.rows.space(Space.OPENS)) == {its: b"1763782764123"}
    bench.sound()


def test_what_was_stored_is_acknowledged_though_it_failed(bench: Bench) -> None:
    bench.store.plan["append"] = ("after", Unavailable("store.failed", detail="x"))
    unit, its = opening()
    stale = Unit(leaves=(leaf(),), expect=(Expect(Space.MISC, "none", b"1"),))
    assert bench.write(unit, stale) == [0, "log.conflict"]
    assert bench.batch.effects == unit.effects
    bench.sound()
    view = bench.store.view()
    assert view.payload(its, "in") == (unit.payloads[0].salt, b"what is asked")
    view.close()


@pytest.mark.parametrize("when", ["before", "after"])
def test_a_unit_without_leaves_that_fails(bench: Bench, when: str) -> None:
    bench.write(Unit(leaves=(leaf(),)))
    bench.store.plan["append"] = (when, Unavailable("store.failed", detail="x"))
    unit = Unit(effects=(Put(Space.MISC, "a", b"1"),))
    assert bench.write(unit) == ["log.stopped" if when == "before" else 1]
    assert bench.writer.rows.show(unit.effects) == (when == "after")
    bench.sound()


def test_a_guard_that_fails_is_never_ahead_of_nor_forgotten(bench: Bench, monkeypatch: pytest.MonkeyPatch) -> None:
    advance, calls = Guard.advance, []

    def fail_once(guard: Guard, size: int, root: bytes) -> None:
        calls.append(size)
        if len(calls) == 1:
            raise Unavailable("store.unguarded", path="g", detail="x")
        advance(guard, size, root)

    monkeypatch.setattr(Guard, "advance", fail_once)
    assert bench.write(Unit(leaves=(leaf(),))) == [0]  # written, so acknowledged, once the guard has it
    bench.sound()


def test_a_stop_order_is_tried_again_with_the_space_kept_for_it(bench: Bench) -> None:
    stop = Unit(leaves=(leaf(),), effects=(Put(Space.STOPS, "s", b"1"),), lane=Lane.STOP)
    bench.store.plan["append"] = ("before", Unavailable("store.full"))
    other = Unit(leaves=(leaf(),))
    assert bench.write(stop, other) == [0, "log.stopped"]
    assert bench.store.reserve is False
    assert bench.batch.effects == stop.effects
    assert bench.store.leaves(0, 9) == [stop.leaves[0]]
    bench.sound()


def test_a_stop_order_that_fails_twice_is_not_acknowledged(bench: Bench, monkeypatch: pytest.MonkeyPatch) -> None:
    stop = Unit(leaves=(leaf(),), lane=Lane.STOP)

    def full(*_: object, **__: object) -> None:
        raise Unavailable("store.full")

    monkeypatch.setattr(bench.store, "append", full, raising=False)
    assert bench.write(stop) == ["log.stopped"]
    assert bench.store.leaves(0, 9) == []


def test_while_the_store_does_not_open_nothing_is_written(bench: Bench) -> None:
    bench.store.plan |= {
        "append": ("before", Unavailable("store.failed", detail="x")),
        "reopen": ("before", Unavailable("store.failed", detail="y")),
    }
    assert bench.write(Unit(leaves=(leaf(),))) == ["log.stopped"]
    assert bench.writer.broken is not None
    assert not bench.writer.final
    assert bench.write(Unit(leaves=(leaf(),))) == ["log.stopped"]
    assert bench.store.leaves(0, 9) == []
    found = bench.writer.recover()
    assert found is not None
    assert found.effects == ()
    assert bench.write(Unit(leaves=(leaf(),))) == [0]
    bench.sound()


@pytest.mark.parametrize("leaves", [(), (leaf(),)])
@pytest.mark.parametrize("when", ["before", "after"])
def test_what_was_written_after_all_is_told_when_the_store_can_be_asked(
    bench: Bench, when: str, leaves: tuple[bytes, ...]
) -> None:
    """Nobody was told that it stands, and it does: a stop order that the log has must stop."""
    bench.write(Unit(leaves=(leaf(),)))
    bench.store.plan |= {
        "append": (when, Unavailable("store.failed", detail="x")),
        "reopen": ("before", Unavailable("store.failed", detail="y")),
    }
    stop = Unit(leaves=leaves, effects=(Put(Space.STOPS, "s", b"1"),), lane=Lane.STOP)
    stale = Unit(effects=(Put(Space.MISC, "a", b"1"),), expect=(Expect(Space.MISC, "none", b"1"),))
    assert bench.write(stop, stale) == ["log.stopped", "log.conflict"]
    found = bench.writer.recover()
    assert found is not None
    assert (found.entries, found.effects) == ([], stop.effects if when == "after" else ())
    again = bench.writer.recover()
    assert again is not None
    assert again.effects == (), "once"
    bench.sound()


def test_another_writer_ends_it_for_good(bench: Bench) -> None:
    bench.store.plan["append"] = ("before", Unavailable("store.forked", expected=0, found=1))
    assert bench.write(Unit(leaves=(leaf(),))) == ["log.stopped"]
    assert bench.writer.final
    assert not bench.writer.unpublished


def test_a_defect_leaves_nobody_waiting(bench: Bench) -> None:
    assert bench.write(Unit(leaves=("no bytes",)), Unit(leaves=(leaf(),))) == ["log.stopped", "log.stopped"]  # type: ignore[arg-type]
    assert bench.write(Unit(leaves=(leaf(),))) == [0]
    bench.sound()


def test_publishing(bench: Bench) -> None:
    assert not bench.writer.unpublished
    assert bench.writer.publish() == b""
    bench.write(Unit(leaves=(leaf(),)))
    assert bench.writer.unpublished
    note = bench.writer.publish()
    assert checkpoint.verify(note, [VKEY]).size == 1
    assert bench.guard.published == note
    assert not bench.writer.unpublished


def test_payloads_are_kept_as_long_as_was_said(tmp_path: Path) -> None:
    bench = Bench(tmp_path, Retention(days=3, bodies=False))
    bench.writer.open()
    unit, its = opening()
    bench.write(unit)
    view = bench.store.view()
    bench.clock.ahead_ms = 3 * DAY_MS - 60_000
    while bench.writer.sweep():
        pass
    assert view.payload(its, "in") == (unit.payloads[0].salt, None)
    bench.clock.ahead_ms = 4 * DAY_MS + 60_000
    assert bench.writer.sweep()
    assert view.payload(its, "in") is None
    view.close()
    bench.writer.close()
    bench.loop.close()


def test_who_reads_for_long_keeps_no_log_from_starting(tmp_path: Path) -> None:
    """`log fsck` beside the start, and payloads that are over: they go when it has ended."""
    bench = Bench(tmp_path, Retention(days=1))
    bench.writer.open()
    unit, its = opening()
    assert bench.write(unit) == [0]
    reader = connect_reading(tmp_path / "store" / "log.db")
    reader.execute("BEGIN")
    assert reader.execute("SELECT count(*) FROM segment").fetchone() == (1,)
    bench.writer.close()
    bench.loop.close()
    again = Bench(tmp_path, Retention(days=1))
    again.clock.ahead_ms = 3 * DAY_MS
    again.writer.open()
    view = again.store.view()
    assert view.payload(its, "in") is not None
    assert again.write(opening()[0]) == [1]
    reader.execute("COMMIT")
    reader.close()
    while again.writer.sweep():
        pass
    assert view.payload(its, "in") is None
    view.close()
    again.writer.close()
    again.loop.close()


def test_what_is_over_on_a_full_disk_keeps_nobody_from_stopping(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def full(_: object) -> None:
        raise Unavailable("store.full")

    bench = Bench(tmp_path, Retention(days=1))
    bench.writer.open()
    assert bench.write(opening()[0]) == [0]
    monkeypatch.setattr(sqlite, "forget", full)
    bench.clock.ahead_ms = 3 * DAY_MS
    with unavailable("store.full"):
        bench.writer.sweep()
    bench.store.plan["append"] = ("before", Unavailable("store.full"))
    assert bench.write(opening(Lane.STOP)[0]) == [1]
    assert bench.write(opening()[0]) == [2]
    monkeypatch.undo()
    while bench.writer.sweep():
        pass
    bench.sound()
    bench.writer.close()
    bench.loop.close()


def test_a_store_behind_the_guard_is_not_opened(tmp_path: Path) -> None:
    bench = Bench(tmp_path)
    bench.guard.advance(5, b"\x01" * 32)
    with unavailable("store.rolled_back"):
        bench.writer.open()
    bench.store.close()
    bench.guard.close()
    bench.loop.close()


def test_after_a_rotation_the_next_head_is_the_new_keys(tmp_path: Path) -> None:
    store, guard = sqlite_store(tmp_path), guard_at(tmp_path)
    old = Writer(store, SIGNER, ORIGIN, TestClock(), guard, Retention())
    old.open()
    loop = asyncio.new_event_loop()
    old.write([Entry(opening()[0], loop.create_future(), 1)])
    old.close()
    key = Key.generate()
    new = Writer(sqlite_store(tmp_path), key, ORIGIN, TestClock(), guard_at(tmp_path), Retention(), [VKEY])
    new.open()
    new.write([Entry(opening()[0], loop.create_future(), 1)])
    loop.close()
    assert checkpoint.verify(new.publish(), [checkpoint.vkey(ORIGIN, key.public)]).size == 2
    new.close()
