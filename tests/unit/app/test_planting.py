# SPDX-License-Identifier: Apache-2.0
"""Each detector finds what is planted for it, over the real path; nothing but the canary's own copies is touched."""

from __future__ import annotations

import asyncio
from pathlib import Path

import msgspec
import pytest

from answerable.app import planting
from answerable.app.service import Service
from answerable.control.routes.redlines import Trial, last_trial
from answerable.errors import Refused
from answerable.model.records import Incident
from answerable.model.terms import Scope
from answerable.model.units import Space
from answerable.redlines.desk import CANARY
from answerable.redlines.table import lines
from answerable.stops.waiting import waiting
from tests.unit.app.small_store import made


def incidents(core: object) -> list[Incident]:
    return [msgspec.json.decode(raw, type=Incident) for _, raw in core.book.rows(Space.INCIDENTS)]  # type: ignore[attr-defined]


@pytest.mark.timeout(60)
async def test_every_line_is_found_and_nothing_else_is_stopped(tmp_path: Path) -> None:
    core = await made(tmp_path)
    service = Service(core)
    await service.start()
    try:
        red = service._red_lines
        assert red is not None
        done = await red.test(tuple(lines()))
        assert {each.line for each in done if each.found} == set(lines())
        canary = core.book.system((core.book.raw(Space.MISC, CANARY) or b"").decode())
        assert canary is not None
        rows = incidents(core)
        assert all(row.planted and row.system == canary.rid for row in rows)
        birds = {copy.rid for copy in core.book.copies() if copy.system == canary.rid}
        for stop in core.book.stops():
            assert (stop.scope, stop.kind) == (Scope.COPY, "suspend"), "it lapses by itself"
            assert stop.root in birds
            assert stop.until > 0
        assert all(core.book.copy(bird).ended for bird in birds), "each test's copy ends with it"  # type: ignore[union-attr]
        assert {row.line for row in rows if row.measure == "suspend"} == set(lines()) - {"RL7"}
        assert len(waiting(core.book, core.now)) == len(tuple(core.book.stops()))
        assert waiting(core.book, core.now, tried=canary.rid) == (), "nobody is woken to decide about a test"
        assert service._reminder.open_ones() == ()
        known = last_trial(red._services, "RL7")  # type: ignore[arg-type]
        assert known is not None
        assert known.found
        assert red.problems() == {}
        texts = await red.test(("text:credentials", "text:volume"))
        assert [(each.line, each.found) for each in texts] == [("text:credentials", True), ("text:volume", True)]
        again = await red.test(("RL1a", "RL1d"))
        assert all(each.found for each in again), "a second test at once is found too"
    finally:
        await service.close()


async def test_a_detector_that_is_blind_fails_its_test(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(planting, "FOUND_WITHIN_S", 1.0)
    core = await made(tmp_path)
    service = Service(core)
    await service.start()
    try:
        red = service._red_lines
        assert red is not None
        desk = red.watching.desk
        desk._detectors = tuple(each for each in desk._detectors if each.name != "unsafe")
        desk._taking.clear()
        services = red._services
        assert services is not None

        class Blind:
            name = "blind"

            def planted(self) -> str:
                return "find me"

            def watch(self, action: object) -> Blind:
                return self

            def see(self, text: str) -> None:
                return None

        object.__setattr__(services, "texts", (Blind(),))
        (text,) = await red.test(("text:blind",))
        assert not text.found
        assert red.problems() == {"red line text:blind": "redline.test_failed"}
        object.__setattr__(services, "texts", ())
        (done,) = await red.test(("RL6",))
        assert isinstance(done, Trial)
        assert (done.line, done.found, done.incident) == ("RL6", False, "")
        assert red.problems() == {"red line RL6": "redline.test_failed"}
    finally:
        await service.close()


async def test_a_canary_that_is_stopped_says_so(tmp_path: Path) -> None:
    """Nobody mistakes a test that could not be made for one that was passed."""
    core = await made(tmp_path)
    service = Service(core)
    await service.start()
    try:
        red = service._red_lines
        assert red is not None
        planted = planting.Planting(core, red._services)  # type: ignore[arg-type]
        await planted.test(("RL9",))

        async def refused(*_: object) -> None:
            raise Refused("stop.system", order="o")

        with pytest.MonkeyPatch.context() as patch:
            patch.setattr(planted, "_hatch", refused)
            with pytest.raises(Refused, match=r"stop\.system"):
                await planted.test(("RL9",))
    finally:
        await service.close()
    await asyncio.sleep(0)
