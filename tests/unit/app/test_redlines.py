# SPDX-License-Identifier: Apache-2.0
"""Reminders, weekly tests and the hook: what people are told, and when."""

from __future__ import annotations

import asyncio
import json
import sys
import time
from collections.abc import AsyncIterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

from answerable.admission.reports import make
from answerable.app.people import FOLDER, read
from answerable.app.redlines import REMINDED, SINCE, RedLines, run_hook
from answerable.app.service import Service
from answerable.control.routes.incidents import due
from answerable.control.routes.redlines import DAY_MS, tell
from answerable.control.routing import Call
from answerable.model import events
from answerable.model.units import Put, Space, Unit
from tests.unit.app.small_store import made

HOUR_MS = 3_600_000


@dataclass
class Place:
    core: Any
    red: RedLines
    heard: Path

    def now(self, ahead_ms: int) -> None:
        real = time.time_ns() // 1_000_000
        object.__setattr__(self.core, "clock", Ahead(self.core.clock, ahead_ms))
        object.__setattr__(self.red._services, "clock", self.core.clock)
        assert self.core.now >= real

    def said(self, kind: str) -> list[Any]:
        lines = self.heard.read_text().splitlines() if self.heard.exists() else []
        return [said for said in map(json.loads, lines) if said["kind"] == kind]

    async def wait(self, kind: str, count: int = 1) -> list[Any]:
        async with asyncio.timeout(15):
            while len(found := self.said(kind)) < count:  # noqa: ASYNC110
                await asyncio.sleep(0.02)
        return found

    async def declare(self, line: str = "RL1d") -> str:
        system = next(iter(self.core.book.systems()))
        who = read(self.core.config.store_path / FOLDER / "officer-1.json")
        fact = events.IncidentDeclared(red_line=line, level="red", harms=("cyber-breach",))
        report = make(fact, system=system.rid, by=who.kid, origin=self.core.origin, key=who.key, at=self.core.now)
        await tell(self.red._services, Call(report))  # type: ignore[arg-type]
        await self.red.watching.turn()
        return list(dict(self.core.book.rows(Space.INCIDENTS)))[-1]


class Ahead:
    def __init__(self, clock: Any, ahead: int) -> None:
        self._clock, self._ahead = clock, ahead

    def now_ms(self) -> int:
        return int(self._clock.now_ms()) + self._ahead

    def mono_ms(self) -> int:
        return int(self._clock.mono_ms()) + self._ahead


@pytest.fixture
async def place(tmp_path: Path) -> AsyncIterator[Place]:
    heard = tmp_path / "heard.jsonl"
    script = tmp_path / "hook.py"
    script.write_text(f"import sys; open({str(heard)!r}, 'a').write(sys.stdin.read() + '\\n')")
    core = await made(tmp_path, redlines__hook=f"{sys.executable} {script}", redlines__auto_test=False)
    service = Service(core)
    await service.start()
    red = service._red_lines
    assert red is not None
    await red.test(("RL9",))  # registers a system of the operator, a party of China
    yield Place(core, red, heard)
    await service.close()


async def test_an_incident_is_told_to_the_hook_at_once(place: Place) -> None:
    found = await place.wait("incident")
    assert (found[0]["line"], found[0]["planted"]) == ("RL9", True)
    assert found[0]["name"]


async def test_reminders_come_before_a_deadline_each_once(place: Place) -> None:
    """Four hours, by the rule for other network operators: at once, after half, then more and more often, then late."""
    canary = place.core.book.raw(Space.MISC, "redlines.canary")
    await place.core.ledger.commit(Unit(effects=(Put(Space.MISC, "redlines.canary", b"-"),)))
    assert canary
    its = await place.declare()
    (clock,) = due(place.red._services)  # type: ignore[arg-type]
    assert (clock.incident, clock.clock.name) == (its, "cn-cyber-other/initial")
    assert "(Asia/Shanghai)" in clock.clock.written
    for _ in range(3):
        await place.red.round()
    assert len(await place.wait("report.due")) == 1, "once, however often it is looked at"
    problems = place.red.problems()
    assert list(problems.values()) == ["incident.due"]
    assert "cn-cyber-other/initial" in next(iter(problems))
    for hours, expected in ((1.9, 1), (2.1, 2), (3.1, 3), (3.3, 4), (3.8, 5)):
        place.now(int(hours * HOUR_MS))
        await place.red.round()
        assert len(await place.wait("report.due", expected)) == expected, hours
        object.__setattr__(place.core, "clock", place.core.clock._clock)
    place.now(int(4.1 * HOUR_MS))
    await place.red.round()
    assert len(await place.wait("report.overdue")) == 1
    assert list(place.red.problems().values()) == ["incident.overdue"]
    assert any(key.startswith(REMINDED) for key, _ in place.core.book.rows(Space.MISC)), (
        "a restart reminds of nothing twice"
    )


async def test_a_defect_of_one_round_does_not_end_the_watch(place: Place, monkeypatch: pytest.MonkeyPatch) -> None:
    rounds = 0

    async def defective() -> None:
        nonlocal rounds
        rounds += 1
        raise ValueError("a defect")

    monkeypatch.setattr("answerable.app.redlines.ROUND_S", 0.01)
    monkeypatch.setattr(place.red, "round", defective)
    task = asyncio.create_task(place.red.run())
    async with asyncio.timeout(10):
        while rounds < 3:  # noqa: ASYNC110
            await asyncio.sleep(0.01)
    assert not task.done()
    task.cancel()
    await asyncio.gather(task, return_exceptions=True)


async def test_a_leaf_that_the_watch_passed_over_is_a_problem(place: Place) -> None:
    place.red.watching.passed["of-a-leaf"] = "store.damaged"
    assert place.red.problems() == {"red lines, leaf of-a-leaf": "store.damaged"}


async def test_tests_that_are_overdue_are_a_warning(place: Place) -> None:
    await place.core.ledger.commit(Unit(effects=(Put(Space.MISC, SINCE, str(place.core.now).encode()),)))
    assert place.red.problems() == {}
    place.now(9 * DAY_MS)
    assert set(place.red.problems().values()) == {"redline.untested"}
    assert len(place.red.problems()) == 16, "red lines and text detectors"


async def test_tests_are_planted_by_themselves_every_week(tmp_path: Path) -> None:
    core = await made(tmp_path)
    service = Service(core)
    await service.start()
    try:
        red = service._red_lines
        assert red is not None
        asked: list[Any] = []

        async def test(wanted: Any) -> list[Any]:
            asked.append(tuple(wanted))
            return []

        red.test = test  # type: ignore[method-assign]
        await red.round()
        await red.round()
        assert asked == [], "a new service has a week"
        old = str(core.now - 8 * DAY_MS).encode()
        await core.ledger.commit(Unit(effects=(Put(Space.MISC, SINCE, old),)))
        await red.round()
        assert len(asked[0]) == 16
    finally:
        await service.close()


@pytest.mark.parametrize("command", ["/does/not/exist", "false", "'unclosed"])
async def test_a_hook_that_fails_harms_nobody(command: str, caplog: pytest.LogCaptureFixture) -> None:
    await run_hook(command, {"kind": "incident"})
    assert "hook" in caplog.text


async def test_a_hook_that_does_not_end_is_killed(
    monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    from answerable.app import redlines

    monkeypatch.setattr(redlines, "HOOK_S", 0.2)
    begun = time.monotonic()
    await run_hook(f"{sys.executable} -c 'import time; time.sleep(60)'", {"kind": "incident"})
    assert time.monotonic() - begun < 10
    assert "did not end" in caplog.text
