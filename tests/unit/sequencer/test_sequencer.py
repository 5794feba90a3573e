# SPDX-License-Identifier: Apache-2.0
from __future__ import annotations

import asyncio
import threading
from collections.abc import AsyncIterator
from pathlib import Path

import msgspec
import pytest
import pytest_asyncio

from answerable.crypto.ed25519 import Key
from answerable.errors import Refused, Unavailable
from answerable.log import checkpoint
from answerable.log import note as notes
from answerable.log.leaf import decode, rid
from answerable.model.leaves import CloseLeaf, RefusalsLeaf
from answerable.model.units import Effect, Expect, Lane, Put, Space, Unit
from answerable.sequencer import sequencer as module
from answerable.sequencer.quorum import Quorum
from answerable.sequencer.sequencer import Sequencer
from answerable.stores.memory import MemoryStore
from tests.ledger import (
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
    sequencer_over,
    unavailable,
)
from tests.witnesses import LOG_KEYS, SAFE, cosigned, head_note, policy


class Bench:
    def __init__(self, folder: Path, **options: object) -> None:
        self.memory = MemoryStore()
        self.store = Faulty(self.memory)
        self.effects: list[Effect] = []
        self.clock = TestClock()
        self.sequencer: Sequencer = sequencer_over(
            self.store,  # type: ignore[arg-type]
            guard_at(folder),
            clock=self.clock,
            listeners=[self.effects.extend],
            **options,
        )


@pytest_asyncio.fixture
async def bench(tmp_path: Path) -> AsyncIterator[Bench]:
    made = Bench(tmp_path)
    await made.sequencer.start()
    yield made
    await made.sequencer.close()


async def test_the_directory_knows_before_the_caller(bench: Bench) -> None:
    unit, its = opening()
    committed = await bench.sequencer.commit(unit)
    assert bench.effects == list(unit.effects)
    assert (committed.first, committed.size) == (0, 1)
    assert abs(committed.at - bench.clock.now_ms()) < 10_000
    assert (await bench.sequencer.commit(closing(its))).first == 1
    assert bench.sequencer.failure is None


async def test_what_is_written_is_heard_in_order_and_nothing_else(bench: Bench) -> None:
    heard: list[tuple[int, tuple[bytes, ...]]] = []
    bench.sequencer.hearers.append(lambda first, leaves: heard.append((first, tuple(leaves))))
    unit, its = opening()
    end = closing(its)
    silent = Unit(effects=(Put(Space.MISC, "a", b"b"),))
    done = await asyncio.gather(*(bench.sequencer.commit(each) for each in (unit, silent, end)))
    assert heard == [(done[0].first, unit.leaves), (done[2].first, end.leaves)] == [(0, unit.leaves), (1, end.leaves)]
    with pytest.raises(Refused):
        await bench.sequencer.commit(end)  # it ended before
    assert len(heard) == 2


async def test_what_waits_is_one_batch(bench: Bench, monkeypatch: pytest.MonkeyPatch) -> None:
    sizes: list[int] = []
    append = bench.memory.append
    monkeypatch.setattr(
        bench.memory, "append", lambda first, leaves, *rest: (sizes.append(len(leaves)), append(first, leaves, *rest))
    )
    for _ in range(3):
        done = await asyncio.gather(*(bench.sequencer.commit(opening()[0]) for _ in range(100)))
        assert {c.size for c in done} == {done[0].size}
    assert sizes == [100, 100, 100]
    assert recomputed(bench.memory) == bench.memory.head()


async def test_a_conflict_reaches_its_caller(bench: Bench) -> None:
    with pytest.raises(Refused) as conflict:
        await bench.sequencer.commit(Unit(leaves=(leaf(),), expect=(Expect(Space.MISC, "a", b"1"),)))
    assert conflict.value.code == "log.conflict"
    assert bench.effects == []


async def test_a_cancelled_caller_does_not_withdraw_its_unit(bench: Bench) -> None:
    unit, its = opening()
    task = asyncio.create_task(bench.sequencer.commit(unit))
    await asyncio.sleep(0)
    task.cancel()
    with pytest.raises(asyncio.CancelledError):
        await task
    await bench.sequencer.commit(closing(its))
    assert rid(bench.memory.leaf(0)) == its


async def test_a_leaf_that_no_bundle_holds_is_a_defect(bench: Bench) -> None:
    for data in (b"", b"x" * 65_536):
        with pytest.raises(ValueError, match="bytes"):
            await bench.sequencer.commit(Unit(leaves=(data,)))
    await bench.sequencer.commit(Unit(leaves=(b"x" * 65_535,)))


async def test_a_full_queue_refuses_actions_and_takes_stop_orders(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    bench = Bench(tmp_path, queue_bound=5)
    await bench.sequencer.start()
    busy, go_on = threading.Event(), threading.Event()
    append = bench.memory.append

    def slow(*arguments: object) -> None:
        busy.set()
        assert go_on.wait(20)
        append(*arguments)  # type: ignore[arg-type]

    monkeypatch.setattr(bench.memory, "append", slow)
    first = asyncio.create_task(bench.sequencer.commit(opening()[0]))
    assert await asyncio.to_thread(busy.wait, 10)
    waiting = [asyncio.create_task(bench.sequencer.commit(opening()[0])) for _ in range(5)]
    await asyncio.sleep(0)
    for _ in range(3):
        with unavailable("log.full"):
            await bench.sequencer.commit(opening()[0])
    stop = asyncio.create_task(bench.sequencer.commit(opening(Lane.STOP)[0]))
    await asyncio.sleep(0)
    go_on.set()
    assert (await stop).first == 1  # before the actions that came earlier
    assert sorted([(await task).first for task in waiting]) == [2, 3, 4, 5, 6]
    assert (await first).first == 0
    await bench.sequencer.close()


async def test_actions_without_a_close_are_settled_at_the_next_start(tmp_path: Path, caplog: object) -> None:
    bench = Bench(tmp_path)
    await bench.sequencer.start()
    left = set()
    for number in range(module.SETTLE_STEP + 10):
        unit, its = opening()
        await asyncio.gather(
            bench.sequencer.commit(unit), *([] if number % 2 else [bench.sequencer.commit(closing(its))])
        )
        if number % 2:
            left.add(its)
    await bench.sequencer.close()
    size = bench.memory.head()[0]
    effects: list[Effect] = []
    again = sequencer_over(bench.memory, guard_at(tmp_path), listeners=[effects.extend])
    await again.start()
    assert set(again.settled) == left
    settled = [decode(data) for data in bench.memory.leaves(size, 10_000)]
    assert {data.open for data in settled if isinstance(data, CloseLeaf) and data.st == "unknown"} == left
    assert len(settled) == len(left) == len(effects)
    assert list(bench.memory.rows(Space.OPENS)) == []
    await again.close()
    third = sequencer_over(bench.memory, guard_at(tmp_path))
    await third.start()
    assert third.settled == ()
    await third.close()


async def test_a_checkpoint_over_everything_acknowledged(bench: Bench) -> None:
    assert await bench.sequencer.published() == b""
    for _ in range(3):
        committed = await bench.sequencer.commit(opening()[0])
        notes = await asyncio.gather(*(bench.sequencer.published() for _ in range(5)))
        for note in notes:
            assert checkpoint.verify(note, [VKEY]).size == committed.size


async def test_publishing_goes_on_by_itself(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(module, "PUBLISH_EVERY_MS", 20)
    bench = Bench(tmp_path)
    await bench.sequencer.start()
    await bench.sequencer.commit(opening()[0])
    published = tmp_path / "guard" / "published"
    for _ in range(200):
        if published.read_bytes():
            break
        await asyncio.sleep(0.01)
    assert checkpoint.verify(published.read_bytes(), [VKEY]).size == 1
    await bench.sequencer.close()


async def test_a_stop_order_is_published_at_once(bench: Bench, tmp_path: Path) -> None:
    await bench.sequencer.commit(opening(Lane.STOP)[0])
    for _ in range(50):
        if (tmp_path / "guard" / "published").read_bytes():
            break
        await asyncio.sleep(0.01)
    note = (tmp_path / "guard" / "published").read_bytes()
    assert checkpoint.verify(note, [VKEY]).size == 1


async def test_strangers_are_counted_in_one_leaf(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(module, "REFUSALS_EVERY_S", 0.02)
    bench = Bench(tmp_path)
    await bench.sequencer.start()
    for _ in range(1000):
        bench.sequencer.count_refusal("warrant.missing")
    for _ in range(200):
        if bench.memory.head()[0]:
            break
        await asyncio.sleep(0.01)
    bench.sequencer.count_refusal("warrant.forged")
    await bench.sequencer.close()  # writes what was counted
    first, second = (decode(data) for data in bench.memory.leaves(0, 9))
    assert isinstance(first, RefusalsLeaf)
    assert isinstance(second, RefusalsLeaf)
    assert first.num == {"warrant.missing": 1000}
    assert second.num == {"warrant.forged": 1}


async def test_refusals_that_could_not_be_written_are_counted_on(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(module, "REFUSALS_EVERY_S", 0.01)
    bench = Bench(tmp_path)
    await bench.sequencer.start()
    bench.store.plan["append"] = ("before", Unavailable("store.failed", detail="x"))
    bench.sequencer.count_refusal("warrant.missing")
    for _ in range(200):
        if "append" not in bench.store.plan:
            break
        await asyncio.sleep(0.01)
    await bench.sequencer.close()
    (only,) = (decode(data) for data in bench.memory.leaves(0, 9))
    assert isinstance(only, RefusalsLeaf)
    assert only.num == {"warrant.missing": 1}


async def test_before_start_and_after_close_it_takes_nothing(tmp_path: Path) -> None:
    bench = Bench(tmp_path)
    with unavailable("log.stopped"):
        await bench.sequencer.commit(opening()[0])
    assert bench.sequencer.failure is not None
    await bench.sequencer.start()
    waiting = [asyncio.create_task(bench.sequencer.commit(opening()[0])) for _ in range(20)]
    await asyncio.sleep(0)
    await bench.sequencer.close()
    assert len([await task for task in waiting]) == 20
    for call in (bench.sequencer.commit(opening()[0]), bench.sequencer.published()):
        with unavailable("log.stopped"):
            await call


async def test_a_store_that_does_not_verify_is_not_started_and_lets_go(tmp_path: Path) -> None:
    guard = guard_at(tmp_path)
    note = checkpoint.sign(ORIGIN, 7, b"\x07" * 32, SIGNER)
    guard.publish(b"", note)
    guard.advance(7, b"\x07" * 32)
    made = sequencer_over(MemoryStore(), guard)
    with unavailable("store.rolled_back"):
        await made.start()
    with unavailable("log.stopped"):
        await made.commit(opening()[0])
    await made.close()
    assert (tmp_path / "guard" / "published").read_bytes() == note
    guard_at(tmp_path).close()


async def test_a_defect_in_the_thread_leaves_nobody_waiting(bench: Bench, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(bench.sequencer, "_publish", lambda: [][0])
    calls = [asyncio.ensure_future(bench.sequencer.published()) for _ in range(3)]
    for call in calls:
        with unavailable("log.stopped"):
            await asyncio.wait_for(call, 10)
    with unavailable("log.stopped"):
        await bench.sequencer.commit(opening()[0])
    assert bench.sequencer.failure is not None


async def test_a_directory_that_fails_stops_it(tmp_path: Path) -> None:
    def spoil(effects: object) -> None:
        raise KeyError("behind")

    made = sequencer_over(MemoryStore(), guard_at(tmp_path), listeners=[spoil])
    await made.start()
    for _ in range(2):
        with unavailable("log.stopped"):
            await made.commit(opening()[0])
    assert made.failure is not None
    await made.close()


@pytest.mark.parametrize("lasting", [False, True])
async def test_an_end_that_could_not_be_written_is_settled_when_the_store_is_back(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, lasting: bool
) -> None:
    monkeypatch.setattr(module, "RETRY_MS", 10)
    monkeypatch.setattr(module, "PUBLISH_EVERY_MS", 10)
    bench = Bench(tmp_path)
    await bench.sequencer.start()
    (first, its), (second, other), (_, never) = opening(), opening(), opening()
    await asyncio.gather(bench.sequencer.commit(first), bench.sequencer.commit(second))
    bench.store.plan["append"] = ("before", Unavailable("store.full"))
    if lasting:
        bench.store.plan["reopen"] = ("before", Unavailable("store.full"))
    with unavailable("log.stopped"):
        await bench.sequencer.commit(closing(its))
    with pytest.raises((Refused, Unavailable)):
        await bench.sequencer.commit(closing(never))
    for _ in range(300):
        if len(bench.memory.leaves(0, 9)) == 3:
            break
        await asyncio.sleep(0.01)
    settled = decode(bench.memory.leaf(2))
    assert isinstance(settled, CloseLeaf)
    assert (settled.open, settled.st) == (its, "unknown")
    assert [key for key, _ in bench.memory.rows(Space.OPENS)] == [other], "what is still in flight stays open"
    assert (await bench.sequencer.commit(closing(other))).first == 3
    await bench.sequencer.close()


async def test_one_that_cannot_settle_does_not_start_and_leaves_no_thread_behind(tmp_path: Path) -> None:
    bench = Bench(tmp_path)
    unit, _ = opening()
    bench.memory.append(0, [], {}, b"", bench.memory.head(), bench.memory.head()[1], [Unit(effects=unit.effects)])
    bench.store.plan |= {
        "append": ("before", Unavailable("store.full")),
        "reopen": ("before", Unavailable("store.full")),
    }
    with unavailable("log.stopped"):
        await bench.sequencer.start()
    assert not bench.sequencer._thread.is_alive()
    with unavailable("log.stopped"):
        await bench.sequencer.commit(unit)
    await bench.sequencer.close()


@pytest.mark.parametrize("when", ["before", "after"])
async def test_a_store_that_comes_back_is_written_again(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, when: str
) -> None:
    monkeypatch.setattr(module, "RETRY_MS", 10)
    monkeypatch.setattr(module, "PUBLISH_EVERY_MS", 10)
    bench = Bench(tmp_path)
    await bench.sequencer.start()
    bench.store.plan |= {
        "append": (when, Unavailable("store.failed", detail="x")),
        "reopen": ("before", Unavailable("store.failed", detail="y")),
    }
    unit, stands = opening()[0], when == "after"
    with unavailable("log.stopped"):
        await bench.sequencer.commit(unit)
    for _ in range(300):
        if bench.sequencer.failure is None:
            break
        await asyncio.sleep(0.01)
    assert (await bench.sequencer.commit(opening()[0])).first == stands
    assert bench.effects[: len(bench.effects) - 1] == list(unit.effects) * stands, "the directory is as the log"
    await bench.sequencer.close()


async def test_a_sweep_that_has_more_to_do_goes_on_and_a_stop_order_does_not_wait_for_the_rest(
    bench: Bench, monkeypatch: pytest.MonkeyPatch
) -> None:
    left, done = [3, 2, 1, 0], asyncio.Event()
    loop = asyncio.get_running_loop()

    def sweep(now: int, held: object = None) -> int:
        if len(left) == 1:
            loop.call_soon_threadsafe(done.set)
        return left.pop(0)

    monkeypatch.setattr(bench.memory, "sweep", sweep)
    bench.clock.ahead_ms = 2 * module.SWEEP_EVERY_MS
    await bench.sequencer.commit(Unit(leaves=(leaf(),)))
    await asyncio.wait_for(done.wait(), 0.9)  # a file at a time, without waiting for anything in between


async def test_a_stop_order_is_written_between_two_erasures(bench: Bench, monkeypatch: pytest.MonkeyPatch) -> None:
    busy, go_on = threading.Event(), threading.Event()
    order: list[str] = []
    append = bench.memory.append

    def erase(leaves: object) -> int:
        busy.set()
        assert go_on.wait(20)
        order.append("erase")
        return 0

    def note(*arguments: object) -> None:
        order.append("stop")
        append(*arguments)  # type: ignore[arg-type]

    monkeypatch.setattr(bench.memory, "erase", erase)
    monkeypatch.setattr(bench.memory, "append", note)
    erasures = [asyncio.create_task(bench.sequencer.erase([])) for _ in range(3)]
    assert await asyncio.to_thread(busy.wait, 10)
    stop = asyncio.create_task(bench.sequencer.commit(opening(Lane.STOP)[0]))
    await asyncio.sleep(0)
    go_on.set()
    await asyncio.gather(stop, *erasures)
    assert order == ["erase", "stop", "erase", "erase"]


async def test_expired_payloads_go_while_it_runs(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(module, "PUBLISH_EVERY_MS", 10)
    bench = Bench(tmp_path)
    await bench.sequencer.start()
    unit, its = opening()
    await bench.sequencer.commit(unit)
    view = bench.memory.view()
    assert view.payload(its, "in") is not None
    bench.clock.ahead_ms = 40 * 86_400_000
    for _ in range(200):
        await bench.sequencer.commit(Unit(leaves=(leaf(),), effects=(Put(Space.MISC, "a", b""),)))
        await asyncio.sleep(0.01)
        if view.payload(its, "in") is None:
            break
    assert view.payload(its, "in") is None
    view.close()
    await bench.sequencer.close()


def witnessed(lane: Lane = Lane.ACTION) -> Unit:
    return msgspec.structs.replace(opening(lane)[0], witnessed=True)


async def test_a_unit_that_is_to_be_witnessed_waits_for_the_quorum(tmp_path: Path) -> None:
    quorum = Quorum(tmp_path, policy(), TestClock())
    bench = Bench(tmp_path, safe=SAFE, quorum=quorum)
    await bench.sequencer.start()
    await bench.sequencer.commit(opening()[0])
    waiting = asyncio.create_task(bench.sequencer.commit(witnessed()))
    await quorum.demanded.wait()
    published = await bench.sequencer.published()
    for key in LOG_KEYS:
        assert checkpoint.verify(published, [key]).size == 2
    assert not waiting.done()
    assert bench.sequencer.cosigned() == b""
    await quorum.keep(cosigned(published, "ab"))
    assert (await waiting).first == 1
    assert bench.sequencer.cosigned() == await bench.sequencer.witnessed(2) == cosigned(published, "ab") == quorum.note
    await bench.sequencer.close()


async def test_a_unit_that_nobody_witnesses_in_time_is_recorded_and_not_acknowledged(tmp_path: Path) -> None:
    bench = Bench(tmp_path, safe=SAFE, quorum=Quorum(tmp_path, policy(), TestClock(), timeout_s=0.05))
    await bench.sequencer.start()
    with unavailable("log.unwitnessed"):
        await bench.sequencer.commit(witnessed())
    assert bench.memory.head()[0] == 1
    with unavailable("log.unwitnessed"):
        await bench.sequencer.witnessed(1)
    await bench.sequencer.close()


async def test_where_there_are_no_witnesses_nothing_is_written_that_needs_them(bench: Bench) -> None:
    with pytest.raises(Refused) as caught:
        await bench.sequencer.commit(witnessed())
    assert caught.value.code == "log.no_quorum"
    assert bench.memory.head()[0] == 0
    assert bench.sequencer.cosigned() == b""
    await bench.sequencer.commit(opening()[0])
    assert await bench.sequencer.witnessed(1) == await bench.sequencer.published()


async def test_a_stop_order_acts_at_once_and_asks_for_witnesses(tmp_path: Path) -> None:
    quorum = Quorum(tmp_path, policy(), TestClock())
    bench = Bench(tmp_path, safe=SAFE, quorum=quorum)
    await bench.sequencer.start()
    await bench.sequencer.commit(opening(Lane.STOP)[0])
    async with asyncio.timeout(5):
        await quorum.demanded.wait()
    await bench.sequencer.close()


async def test_a_store_behind_what_its_witnesses_saw_is_not_started(tmp_path: Path) -> None:
    made = Bench(tmp_path, elsewhere=[head_note(7)])
    with unavailable("store.rolled_back"):
        await made.sequencer.start()
    await made.sequencer.close()


async def test_what_this_log_did_not_sign_stops_nothing(tmp_path: Path) -> None:
    forged = notes.sign(notes.parse(head_note(7)).text, ORIGIN, Key.from_seed(b"\x09" * 32))
    bench = Bench(tmp_path, elsewhere=[forged, b"rubbish", b""])
    await bench.sequencer.start()
    bench.sequencer.confront(forged)
    await bench.sequencer.commit(opening()[0])
    bench.sequencer.confront(await bench.sequencer.published())
    await bench.sequencer.commit(opening()[0])
    assert bench.sequencer.failure is None
    await bench.sequencer.close()


@pytest.mark.parametrize(("size", "code"), [(7, "store.rolled_back"), (1, "store.rewritten")])
async def test_a_checkpoint_of_its_own_that_it_does_not_continue_stops_the_log_for_good(
    tmp_path: Path, size: int, code: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(module, "RETRY_MS", 10)
    bench = Bench(tmp_path)
    await bench.sequencer.start()
    await bench.sequencer.commit(opening()[0])
    bench.sequencer.confront(head_note(size))
    for _ in range(200):
        if bench.sequencer.failure is not None:
            break
        await asyncio.sleep(0.01)
    assert bench.sequencer.failure is not None
    assert bench.sequencer.failure.code == code
    await asyncio.sleep(0.05)
    with unavailable("log.stopped"):
        await bench.sequencer.commit(opening()[0])
    await bench.sequencer.close()


@pytest.mark.asyncio
async def test_payloads_are_erased_between_two_batches(bench: Bench) -> None:
    unit, its = opening()
    await bench.sequencer.commit(unit)
    assert await bench.sequencer.erase([(0, its)]) == 1
    assert await bench.sequencer.erase([(0, its)]) == 0
    view = bench.memory.view()
    assert view.payload(its, "in") is None
    view.close()
    await bench.sequencer.commit(closing(its))


@pytest.mark.asyncio
async def test_a_failed_erasure_is_told_and_the_log_goes_on(bench: Bench) -> None:
    unit, its = opening()
    await bench.sequencer.commit(unit)
    for error, code in ((Unavailable("store.failed", detail="EIO"), "store.failed"), (ValueError("x"), "log.stopped")):
        bench.store.plan["erase"] = ("before", error)
        with unavailable(code):
            await bench.sequencer.erase([(0, its)])
    await bench.sequencer.commit(closing(its))
    assert await bench.sequencer.erase([(0, its)]) == 1
    await bench.sequencer.close()
    with unavailable("log.stopped"):
        await bench.sequencer.erase([(0, its)])


@pytest.mark.asyncio
@pytest.mark.parametrize("fails", [False, True])
async def test_an_erasure_that_was_recorded_and_not_ended_is_ended_at_the_next_start(
    tmp_path: Path, caplog: pytest.LogCaptureFixture, fails: bool
) -> None:
    first = Bench(tmp_path)
    await first.sequencer.start()
    unit, its = opening()
    marked = Put(Space.ERASING, its, msgspec.json.encode([(0, its)]))
    await first.sequencer.commit(msgspec.structs.replace(unit, effects=(marked,)))
    await first.sequencer.close()  # as if it had died between the leaf and the bytes
    store = Faulty(first.memory)
    if fails:
        store.plan["erase"] = ("before", Unavailable("store.failed", detail="EIO"))
    again = sequencer_over(store, guard_at(tmp_path))  # type: ignore[arg-type]
    await again.start()
    view = first.memory.view()
    assert (view.payload(its, "in") is None) is not fails
    view.close()
    assert again.erased == (() if fails else (its,))
    assert its in caplog.text
    assert bool(list(first.memory.rows(Space.ERASING))) is fails
    await again.close()
