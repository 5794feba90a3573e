# SPDX-License-Identifier: Apache-2.0
from __future__ import annotations

import dataclasses
from pathlib import Path

import pytest

from answerable.control.routes.drills import Practise, fly, practise, report, state
from answerable.control.routing import Call
from answerable.errors import Refused, Unavailable
from tests.small_nodes import plane
from tests.small_relay import until


async def test_the_plan_the_canary_and_a_drill_through_the_api(tmp_path: Path) -> None:
    async with plane(tmp_path / "control") as control:
        services = control.service.node_desk._services
        found = await state(services, Call(None))
        assert found.canary.last is None
        assert [(row.tier, row.overdue) for row in found.plan[:5]] == [(tier, True) for tier in range(5)]
        assert [(row.name, row.row, row.life_ms) for row in found.plan[5:]] == [
            ("biological", "biological", 5_000), ("physical", "physical", 2_000),
        ]  # fmt: skip
        assert found.running == ""
        told = await fly(services, Call(None))
        assert (await state(services, Call(None))).canary.last == told
        with pytest.raises(Refused, match=r"drill\.unknown"):
            await report(services, Call(None, {"name": "0"}))
        with pytest.raises(Refused, match=r"drill\.unknown"):
            await report(services, Call(None, {"name": "../x"}))
        begun = await practise(services, Call(Practise(name="0", life_ms=300)))
        assert begun.running == "0"
        with pytest.raises(Refused, match=r"drill\.running"):
            await practise(services, Call(Practise(name="1", life_ms=300)))
        await until(lambda: control.service.drills.running == "")
        done = await report(services, Call(None, {"name": "0"}))
        assert done["held"]
        assert not (await state(services, Call(None))).failure
        with pytest.raises(Unavailable, match=r"log\.stopped"):
            await state(dataclasses.replace(services, drills=None), Call(None))
