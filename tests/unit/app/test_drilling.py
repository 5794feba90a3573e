# SPDX-License-Identifier: Apache-2.0
from __future__ import annotations

from pathlib import Path

import pytest
from msgspec import UNSET

from answerable.errors import Refused
from answerable.log.commitment import check
from answerable.log.leaf import decode
from answerable.model.leaves import DrillLeaf
from answerable.stops.drill_plan import BY_NAME, next_due
from tests.small_nodes import plane


async def test_the_real_path_is_practised_and_bound_stands_beside_measured(tmp_path: Path) -> None:
    async with plane(tmp_path / "control") as control:
        drills = control.service.drills
        assert drills is not None
        assert all(each.overdue and not each.last for each in drills.plan())
        assert control.service.canary is not None
        await control.service.canary.once()  # there are orders already
        told = await drills.practise(BY_NAME["2"], 1_500)
        assert told.held
        assert (told.tier, told.row, told.life_ms, told.next) == (2, "systemic", 1_500, next_due(told.at))
        found = {each.name: each for each in told.conditions}
        assert list(found) == ["healthy", "push lost", "partitioned", "clock slow"]
        assert all(each.violations == 0 and each.alive and each.holders == 4 for each in told.conditions)
        assert all(each.measured_ms <= each.bound_ms for each in told.conditions)
        # What is told sooner stops sooner: at once, at the next renewal, at the warrant's end.
        assert found["healthy"].measured_ms < 300
        assert found["push lost"].measured_ms < 1_000
        assert 900 < found["partitioned"].measured_ms <= 1_500 + 50
        assert 900 < found["clock slow"].measured_ms <= 1_500 + 50, "a slow wall clock lengthens nothing"

        (leaf,) = [
            leaf
            for data in await control.core.reader.tail(0, 1000)
            if isinstance(leaf := decode(data), DrillLeaf) and leaf.kind == "planned"
        ]
        assert (leaf.kind, leaf.tier, leaf.ans, leaf.sil) == ("planned", 2, 16, [])
        kept = await control.core.reader.payload(told.record, "evidence")
        assert kept is not None
        assert kept[1] is not None
        assert leaf.c is not None
        check(leaf.c.evidence, "evidence", kept[0], kept[1])
        plan = {each.name: each for each in drills.plan()}
        assert (plan["2"].last, plan["2"].due, plan["2"].overdue) == (told.at, told.next, False)
        assert plan["3"].overdue
        assert (await drills.report("2"))["record"] == told.record
        with pytest.raises(Refused, match=r"drill\.unknown"):
            await drills.report("1")
        with pytest.raises(Refused, match=r"drill\.unknown"):
            drills.begin("7")


async def test_what_moves_is_practised_with_its_own_lives(tmp_path: Path) -> None:
    """The row of the physical world: 2 s, at whatever tier; the record says which, since it is of no tier."""
    async with plane(tmp_path / "control") as control:
        drills = control.service.drills
        assert drills is not None
        told = await drills.practise(BY_NAME["physical"])
        assert told.held
        assert (told.name, told.tier, told.row, told.life_ms) == ("physical", -1, "physical", 2_000)
        assert {each.bound_ms for each in told.conditions} == {2_251}
        assert all(each.measured_ms <= each.bound_ms for each in told.conditions)
        (leaf,) = [
            leaf
            for data in await control.core.reader.tail(0, 1000)
            if isinstance(leaf := decode(data), DrillLeaf) and leaf.kind == "planned"
        ]
        assert (leaf.tier, leaf.x) == (UNSET, {"answerable.class": "physical"})
        plan = {each.name: each for each in drills.plan()}
        assert not plan["physical"].overdue
        assert plan["biological"].overdue
        assert (await drills.report("physical"))["record"] == told.record
