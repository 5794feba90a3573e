# SPDX-License-Identifier: Apache-2.0
from __future__ import annotations

import asyncio
import contextlib
from collections.abc import AsyncIterator, Callable
from pathlib import Path

import pytest

from answerable.errors import AnswerableError, Unavailable
from answerable.log import note as notes
from answerable.log.note import Kind, VerifierKey
from answerable.log.trust import Group, Trust
from answerable.log.trust import Witness as Member
from answerable.log.witness import SIZE_TYPE
from answerable.sequencer.quorum import Quorum
from answerable.witness.files import Folder
from answerable.witness.line import Reply
from answerable.witness.rounds import Log, Rounds, shown
from answerable.witness.server import STATUS
from answerable.witness.witness import Witness
from tests.ledger import ORIGIN, TestClock
from tests.witnesses import LOG_KEYS, Growing, head_note

NAMES = ("a", "b", "c")
LATER = head_note(9)


class Fake:
    """A real witness behind a line that is no network, and can be cut, slowed down or told what to say."""

    def __init__(self, path: Path, name: str) -> None:
        folder = Folder.create(path / name, f"{name}.invalid")
        for key in LOG_KEYS:
            folder.watch(str(key))
        self.name = name
        self.witness = Witness(folder, TestClock().now_ms)
        self.down = False
        self.wait_s = 0.0
        self.says: Reply | None = None
        self.shows: bytes | None = None
        self.asked: list[bytes] = []

    async def add(self, body: bytes) -> Reply:
        self.asked.append(body.split(b"\n")[0])
        await asyncio.sleep(self.wait_s)
        if self.down:
            raise Unavailable("witness.unreachable", name=self.name, detail="cut")
        if self.says is not None:
            return self.says
        try:
            return Reply(200, "text/plain", "".join(each.line for each in self.witness.add(body)).encode())
        except AnswerableError as error:
            if error.code == "witness.conflict":
                return Reply(409, SIZE_TYPE, f"{error.params['size']}\n".encode())
            return Reply(STATUS[error.code], "text/plain", b"")

    async def checkpoint(self, origin: str) -> bytes:
        await asyncio.sleep(self.wait_s)
        if self.down:
            raise Unavailable("witness.unreachable", name=self.name, detail="cut")
        return b"" if self.shows is None else self.shows

    async def close(self) -> None:
        self.witness.close()


class Bench:
    def __init__(self, path: Path, needed: int = 2) -> None:
        self.fakes = {name: Fake(path, name) for name in NAMES}
        members = tuple(Member(name, self.key(name)) for name in NAMES)
        trust = Trust(LOG_KEYS, members, (Group("all", needed, NAMES),), "all")
        self.quorum = Quorum(path, trust, TestClock(), timeout_s=5.0)
        self.log = Growing()
        self.note = b""
        self.confronted: list[bytes] = []

    def key(self, name: str) -> VerifierKey:
        return next(key for key in self.fakes[name].witness.keys.verifiers if key.kind is Kind.COSIGNATURE)

    def grow(self, size: int) -> None:
        self.note = self.log.grow(size).note

    async def published(self) -> bytes:
        return self.note

    async def proof(self, old: int, new: int) -> list[bytes]:
        return self.log.proof(old, new)

    def rounds(self, every_s: float = 0.05, refresh_s: float = 300.0) -> Rounds:
        log = Log(ORIGIN, self.published, self.proof, self.confronted.append)
        return Rounds(log, self.quorum, self.fakes, every_s=every_s, refresh_s=refresh_s)  # type: ignore[arg-type]

    @contextlib.asynccontextmanager
    async def running(self, **options: float) -> AsyncIterator[Rounds]:
        rounds = self.rounds(**options)
        task = asyncio.create_task(rounds.run())
        try:
            yield rounds
        finally:
            task.cancel()
            await asyncio.gather(task, return_exceptions=True)
            for fake in self.fakes.values():
                await fake.close()


async def until(true: Callable[[], bool]) -> None:
    async with asyncio.timeout(5):
        while not true():  # noqa: ASYNC110  what is waited for tells nobody
            await asyncio.sleep(0.005)


async def test_a_growing_log_is_cosigned_by_all(tmp_path: Path) -> None:
    bench = Bench(tmp_path)
    async with bench.running() as rounds:
        for size in (1, 5, 300):
            bench.grow(size)
            await until(lambda size=size: bench.quorum.size == size)  # type: ignore[misc]
        await until(lambda: set(bench.quorum.trust.judge(bench.quorum.note).cosigned) == set(NAMES))
        assert rounds.problems == dict.fromkeys(NAMES, "")
        assert rounds.late_s == 0.0
    # Each was asked from where it stood: no conflict after the first word.
    assert bench.fakes["a"].asked == [b"old 0", b"old 1", b"old 5"]


async def test_whoever_waits_is_not_kept_until_the_next_round(tmp_path: Path) -> None:
    bench = Bench(tmp_path)
    bench.grow(1)
    async with bench.running(every_s=60.0):
        await until(lambda: bench.quorum.size == 1)
        bench.grow(3)
        await bench.quorum.covers(3)


@pytest.mark.parametrize("needed", [1, 2, 3])
async def test_acts_that_come_faster_than_witnesses_answer_do_not_starve_each_other(
    tmp_path: Path, needed: int
) -> None:
    bench = Bench(tmp_path, needed)
    bench.grow(1)
    async with bench.running(every_s=60.0):
        await until(lambda: bench.quorum.size == 1)
        for wait_s, fake in zip((0.04, 0.05, 0.06), bench.fakes.values(), strict=True):
            fake.wait_s = wait_s
        waiting = []
        for size in range(2, 82):
            bench.grow(size)
            waiting.append(asyncio.create_task(bench.quorum.covers(size)))
            await asyncio.sleep(0.01)
        assert bench.quorum.size > 20  # while they still come
        await asyncio.gather(*waiting)


async def test_a_slow_witness_and_a_dead_one_keep_nobody(tmp_path: Path) -> None:
    bench = Bench(tmp_path, needed=1)
    bench.fakes["a"].down = True
    bench.fakes["b"].wait_s = 30.0
    bench.grow(1)
    async with bench.running() as rounds:
        for size in (2, 3, 4):
            bench.grow(size)
            await bench.quorum.covers(size)
        assert rounds.problems["a"] == "witness.unreachable"
        assert bench.fakes["b"].asked == [b"old 0"]


async def test_one_that_comes_back_catches_up(tmp_path: Path) -> None:
    bench = Bench(tmp_path)
    bench.fakes["a"].down = bench.fakes["b"].down = True
    bench.grow(4)
    async with bench.running() as rounds:
        await until(lambda: rounds.problems["b"] == "witness.unreachable")
        await asyncio.sleep(0.1)
        assert rounds.late_s > 0.05
        assert bench.quorum.note == b""
        bench.fakes["b"].down = False
        await until(lambda: bench.quorum.size == 4)
        await until(lambda: rounds.late_s == 0.0)


async def test_a_quiet_log_is_cosigned_again_now_and_then(tmp_path: Path) -> None:
    bench = Bench(tmp_path)
    bench.grow(4)
    async with bench.running(refresh_s=0.0):
        await until(lambda: len(bench.fakes["a"].asked) >= 4)
    assert set(bench.fakes["a"].asked[1:]) == {b"old 4"}


async def test_a_quiet_log_is_left_alone(tmp_path: Path) -> None:
    bench = Bench(tmp_path)
    bench.grow(4)
    async with bench.running(every_s=0.01):
        await until(lambda: bench.quorum.size == 4)
        await asyncio.sleep(0.1)
    assert [len(fake.asked) for fake in bench.fakes.values()] == [1, 1, 1]


async def test_an_empty_log_asks_nobody(tmp_path: Path) -> None:
    bench = Bench(tmp_path)
    async with bench.running(every_s=0.01):
        await asyncio.sleep(0.05)
    assert bench.fakes["a"].asked == []


async def test_after_a_restart_it_goes_on_from_what_was_kept(tmp_path: Path) -> None:
    bench = Bench(tmp_path)
    bench.grow(4)
    async with bench.running():
        await until(lambda: bench.quorum.size == 4)
    again = Quorum(tmp_path, bench.quorum.trust, TestClock())
    bench.grow(6)
    rounds = Rounds(Log(ORIGIN, bench.published, bench.proof, bench.confronted.append), again, bench.fakes)  # type: ignore[arg-type]
    assert {each.known for each in rounds._witnesses if again.knows(each.name)} == {4}


@pytest.mark.parametrize("answer", [Reply(409, SIZE_TYPE, b"9\n"), Reply(422, "text/plain", b"")])
async def test_a_witness_that_saw_something_else_is_asked_what(tmp_path: Path, answer: Reply) -> None:
    bench = Bench(tmp_path)
    bench.grow(4)
    bench.fakes["a"].says, bench.fakes["a"].shows = answer, LATER
    async with bench.running() as rounds:
        await until(lambda: bool(bench.confronted))
        assert rounds.problems["a"] in {"witness.ahead", "witness.inconsistent"}
        await until(lambda: bench.quorum.size == 4)  # the others go on
    assert bench.confronted[0] == LATER


async def test_a_witness_that_forgot_is_told_of(tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
    bench = Bench(tmp_path)
    bench.grow(4)
    async with bench.running() as rounds:
        await until(lambda: bench.quorum.size == 4 and len(bench.fakes["b"].asked) == 1)
        bench.fakes["b"].says = Reply(409, SIZE_TYPE, b"2\n")
        bench.grow(6)
        await until(lambda: rounds.problems["b"] == "witness.answer")  # it says so for ever
    assert "witness.behind" in caplog.text


async def test_a_lying_answer_is_a_problem_and_no_cosignature(tmp_path: Path) -> None:
    bench = Bench(tmp_path, needed=3)
    bench.grow(4)
    bench.fakes["a"].says = Reply(200, "text/plain", b"rubbish\n")
    async with bench.running() as rounds:
        await until(lambda: rounds.problems["a"] == "witness.answer")
        await asyncio.sleep(0.1)
        assert bench.quorum.note == b""


async def test_two_keys_behind_one_address_are_asked_once(tmp_path: Path) -> None:
    fake = Fake(tmp_path, "a")
    one, other = fake.witness.keys.verifiers
    trust = Trust(LOG_KEYS, (Member("old", one), Member("new", other)), (Group("both", 2, ("old", "new")),), "both")
    quorum = Quorum(tmp_path, trust, TestClock())
    bench = Growing().grow(3)

    async def published() -> bytes:
        return note

    async def proof(old: int, new: int) -> list[bytes]:
        return bench.proof(old, new)

    note = bench.note
    rounds = Rounds(Log(ORIGIN, published, proof, print), quorum, {"old": fake, "new": fake}, every_s=60.0)  # type: ignore[dict-item]
    task = asyncio.create_task(rounds.run())
    await until(lambda: quorum.size == 3)
    assert fake.asked == [b"old 0"]
    assert {each.name for each in notes.parse(quorum.note).signatures} == {ORIGIN, "a.invalid"}
    task.cancel()
    await asyncio.gather(task, return_exceptions=True)
    await fake.close()


async def test_what_they_last_saw_is_asked_before_the_start(tmp_path: Path) -> None:
    fakes = {name: Fake(tmp_path, name) for name in NAMES}
    fakes["a"].shows, fakes["b"].wait_s, fakes["c"].down = LATER, 5.0, True
    assert await shown(fakes, ORIGIN, 0.05) == [LATER]  # type: ignore[arg-type]
    for fake in fakes.values():
        await fake.close()
