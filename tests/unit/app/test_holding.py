# SPDX-License-Identifier: Apache-2.0
"""Who is told and reminded of what waits, what is planted among it, and that it is opened when it is over."""

from __future__ import annotations

import asyncio
import json
import sys
from collections.abc import Awaitable, Callable, Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import msgspec
import pytest

from answerable.app.holding import MINUTE_MS, Keeper, holds_of
from answerable.config import HoldsConfig
from answerable.model.holds import Ballot, Hold
from answerable.model.leaves import HoldLeaf, PlantedLeaf
from answerable.model.units import Put, Space
from answerable.telemetry.metrics import Metrics
from answerable.tools import holds
from answerable.tools.planted import is_planted, record
from tests.unit.control.held import approvers, pose, vote
from tests.unit.control.house import POLICY, House

WRONG = {"amount": 100_000, "to": "DE99"}


class Clock:
    def __init__(self, clock: Any) -> None:
        self._clock, self.ahead = clock, 0

    def now_ms(self) -> int:
        return int(self._clock.now_ms()) + self.ahead


class Place:
    """A keeper over a house's store, with a clock that can be moved."""

    def __init__(self, house: House, folder: Path, **more: Any) -> None:
        self.house, self.heard = house, folder / "heard.jsonl"
        script = folder / "hook.py"
        script.write_text(f"import sys; open({str(self.heard)!r}, 'a').write(sys.stdin.read() + '\\n')")
        (folder / "sown").mkdir()
        (folder / "sown" / "pay.json").write_text(
            json.dumps({"server": "bank", "tool": "pay", "arguments": WRONG, "why": "not our account"})
        )
        given = {"hook": f"{sys.executable} {script}", "planted_folder": str(folder / "sown")} | more
        self.clock = Clock(house.core.clock)
        config = msgspec.structs.replace(house.core.config, holds=HoldsConfig(**given))
        self.core = replace(house.core, config=config, clock=self.clock)  # type: ignore[arg-type]
        self.keeper = Keeper(self.core, lambda: POLICY)
        services = replace(house.services, holds=self.keeper.holds, clock=self.clock)  # type: ignore[arg-type]
        self.keeper.bind(services)

    def round(self) -> None:
        async def work() -> None:
            await self.keeper.round()
            for task in list(self.keeper._tasks):
                await task

        self.house.run(work())

    def told(self) -> list[Any]:
        lines = self.heard.read_text().splitlines() if self.heard.exists() else []
        self.heard.unlink(missing_ok=True)
        return [json.loads(line) for line in lines]

    def leaves(self, kind: type) -> list[Any]:
        from answerable.log.leaf import decode

        size = self.house.run(self.core.reader.size())
        tail: Callable[[int, int], Awaitable[Any]] = self.core.reader.tail
        found = [decode(data) for data in self.house.run(tail(max(0, size - 500), size))]  # type: ignore[arg-type]
        return [leaf for leaf in found if isinstance(leaf, kind)]

    def close(self) -> None:
        self.house.core.watchers[:] = [each for each in self.house.core.watchers if each[1] != self.keeper._applied]


@pytest.fixture
def house(tmp_path: Path) -> Iterator[House]:
    made = House(tmp_path / "store")
    approvers(made, "anna", "ben")
    yield made
    made.close()


def test_people_are_told_once_and_reminded_ever_later(house: House, tmp_path: Path) -> None:
    place = Place(house, tmp_path, remind_minutes=10)
    assert place.told() == []
    hold = pose(house, {"to": "DE02 secret"})
    place.round()
    (said,) = place.told()
    assert (said["kind"], said["hold"], said["people"], said["have"]) == ("hold.waiting", hold.rid, 2, 0)
    assert (said["server"], said["tool"], said["roles"]) == ("bank", "pay", ["approver"])
    assert "secret" not in json.dumps(said)
    assert place.keeper.problems() == {}
    for minutes, reminders in ((5, []), (10, [1]), (15, []), (21, [2]), (30, []), (40, [3])):
        place.clock.ahead = minutes * MINUTE_MS
        place.round()
        assert [each["reminders"] for each in place.told()] == reminders, minutes
    assert place.keeper.problems() == {f"hold {hold.rid}": "hold.waiting"}
    vote(house, hold.rid, Ballot.APPROVE, "anna", "ben")
    place.round()
    assert (place.told(), place.keeper.problems()) == ([], {})


def test_what_waits_is_followed_and_not_looked_for_among_all(
    house: House, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    first = pose(house)
    place = Place(house, tmp_path)

    def waiting() -> list[str]:
        with monkeypatch.context() as patched:
            patched.setattr(house.core.book, "rows", lambda space: pytest.fail(f"walked {space}"))
            return [hold.rid for hold in place.keeper.waiting()]

    second = pose(house, {"to": "DE03"})
    assert waiting() == [first.rid, second.rid]
    vote(house, first.rid, Ballot.REJECT, "anna")
    assert waiting() == [second.rid]
    place.clock.ahead = 2 * 24 * 60 * MINUTE_MS
    assert waiting() == []
    place.close()


def test_a_scrape_does_not_look_at_what_is_long_over(
    house: House, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """10,000 holds that were decided, a tenth of them planted, and one that waits: counted, not timed."""
    done = pose(house)
    vote(house, done.rid, Ballot.REJECT, "anna")
    row = holds_of(house.core).get(done.rid)
    assert row is not None
    old = []
    for number in range(10_000):
        planted = number % 10 == 0
        more = {"planted": planted, "opened": "x" * 32 if planted else ""}
        each = msgspec.structs.replace(row, rid=f"{number:032}", **more)
        old.append(Put(Space.HELD, each.rid, msgspec.json.encode(each)))
    house.core.book.apply(old)
    waits = pose(house, {"to": "DE03"})
    place = Place(house, tmp_path)
    metrics = Metrics()
    place.keeper.measure(metrics)
    decoded: list[bytes] = []
    decode = holds._row
    monkeypatch.setattr(holds, "_row", lambda raw: decoded.append(raw) or decode(raw))
    monkeypatch.setattr(type(house.core.book), "rows", lambda *_: pytest.fail("every row was looked through"))
    for _ in range(2):
        text = metrics.render().decode()
        assert "answerable_holds_waiting 1" in text
        assert "answerable_approvers_waving 0" in text
        assert place.keeper.problems() == {}
    assert decoded == []
    (anna,) = [each for each in record(place.keeper.holds) if each.name == "anna"]
    assert (anna.rejected, anna.planted, anna.caught) == (9_001, 1_000, 1_000)
    assert [hold.rid for hold in place.keeper.waiting()] == [waits.rid]
    # What is decided from now on is counted as it comes: its row is decoded then, and once.
    monkeypatch.undo()
    vote(house, waits.rid, Ballot.REJECT, "anna")
    assert "answerable_holds_waiting 0" in metrics.render().decode()
    (anna,) = [each for each in record(place.keeper.holds) if each.name == "anna"]
    assert anna.rejected == 9_002
    place.close()


def test_a_defect_of_one_round_does_not_end_the_others(
    house: House, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    place = Place(house, tmp_path)
    monkeypatch.setattr("answerable.app.holding.EVERY_S", 0.01)
    rounds = asyncio.Event()

    async def broken() -> None:
        if "a defect" in caplog.text:
            rounds.set()
        raise TypeError("a defect")

    monkeypatch.setattr(place.keeper, "round", broken)

    async def work() -> None:
        task = asyncio.ensure_future(place.keeper.run())
        async with asyncio.timeout(5):
            await rounds.wait()
        task.cancel()
        await asyncio.wait([task])

    house.run(work())
    place.close()


def test_after_a_restart_they_are_told_again(house: House, tmp_path: Path) -> None:
    hold = pose(house)
    place = Place(house, tmp_path)
    place.round()
    assert [each["hold"] for each in place.told()] == [hold.rid]


def test_what_ought_to_be_rejected_is_mixed_in(house: House, tmp_path: Path) -> None:
    place = Place(house, tmp_path, planted=100, planted_within_minutes=0)
    real = pose(house)
    place.round()
    holds = {hold.rid: hold for hold in place.keeper.holds.all()}
    (made,) = [hold for hold in holds.values() if hold.planted]
    assert (made.server, made.tool, made.system) == ("bank", "pay", real.system)
    assert json.loads(house.run(place.keeper.holds.shown(made)))["arguments"] == WRONG
    # None is planted for one that was planted, nor for one that is decided about.
    place.round()
    place.round()
    assert len(list(place.keeper.holds.all())) == 2
    assert {each["hold"] for each in place.told()} == {real.rid, made.rid}
    # It ends undecided: what it was is opened in the log.
    place.clock.ahead = place.keeper.holds.expires_ms + 1
    place.round()
    (opened,) = place.leaves(PlantedLeaf)
    (leaf,) = [each for each in place.leaves(HoldLeaf) if each.dig == made.dig]
    assert opened.hold == made.rid
    assert is_planted(leaf, opened)
    place.round()
    assert len(place.leaves(PlantedLeaf)) == 1


def test_nothing_is_planted_where_none_fits_or_nobody_asked_for_it(house: House, tmp_path: Path) -> None:
    place = Place(house, tmp_path, planted=0, planted_within_minutes=0)
    pose(house)
    place.round()
    other = tmp_path / "other"
    other.mkdir()
    (other / "bad.json").write_text("{")
    (other / "worse.json").write_text(json.dumps({"server": "bank", "tool": "pay"}))
    (other / "else.json").write_text(json.dumps({"server": "bank", "tool": "read", "arguments": {}, "why": "x"}))
    place.close()
    (tmp_path / "second").mkdir()
    second = Place(house, tmp_path / "second", planted=100, planted_within_minutes=0, planted_folder=str(other))
    pose(house, {"amount": 5})
    second.round()
    assert not [hold for hold in second.keeper.holds.all() if hold.planted]


def test_who_waves_through_is_a_problem_and_a_number(house: House, tmp_path: Path) -> None:
    place = Place(house, tmp_path, planted=100, planted_within_minutes=0)
    for amount in range(4):
        pose(house, {"amount": amount}, people=1)
        place.round()
    made: list[Hold] = [hold for hold in place.keeper.holds.all() if hold.planted]
    for hold in made:
        assert vote(house, hold.rid, Ballot.APPROVE, "anna")["planted"]
    assert place.keeper.problems() == {"approver anna": "hold.waved"}
    metrics = Metrics()
    place.keeper.measure(metrics)
    shown = metrics.render().decode()
    assert "answerable_approvers_waving 1" in shown
    assert "answerable_holds_waiting 4" in shown
    assert "answerable_holds_oldest_seconds" in shown


def test_what_the_configuration_says(house: House) -> None:
    config = msgspec.structs.replace(
        house.core.config,
        holds=HoldsConfig(expires_minutes=5, most_waiting=3),
        store=msgspec.structs.replace(house.core.config.store, payloads=False),
    )
    holds = holds_of(replace(house.core, config=config))
    assert (holds.expires_ms, holds.most_waiting, holds.kept) == (300_000, 3, False)
    assert holds.index_key == house.core.keys.index
