# SPDX-License-Identifier: Apache-2.0
"""A canary is really stopped on each gateway, and a gateway that does not say so is an alarm."""

from __future__ import annotations

import asyncio
from pathlib import Path

import msgspec

from answerable.log.leaf import decode
from answerable.model.leaves import DrillLeaf, OrderLeaf, ReceiptLeaf
from answerable.model.warrants import Bearer
from answerable.stops import drills
from tests.small_nodes import joined, node, plane, readyz, wire
from tests.small_relay import until


async def test_each_gateway_stops_it_and_one_that_is_silent_is_an_alarm(tmp_path: Path) -> None:
    # Who answers is not waited for longer; on a busy machine it takes its time, and what that may be is `bound_ms`.
    flags = {"drill__answer_s": 30.0, "drill__canary_every_s": 600}
    async with plane(tmp_path / "control", **flags) as control, wire(control) as way:
        berlin_at = await joined(control, tmp_path / "berlin")
        paris_at = await joined(control, tmp_path / "paris", "paris", node__control=way.url)
        canary, core = control.service.canary, control.core
        assert canary is not None
        async with node(berlin_at) as berlin, node(paris_at) as paris:
            await until(lambda: berlin.replica.seen and paris.replica.seen)
            first = await canary.once()
            assert sorted(first.answered) == ["berlin", "main", "paris"]
            assert first.silent == []
            assert 0 <= first.last_ms == max(first.answered.values()) < first.bound_ms
            assert canary.problem() == ""

            # It was admitted at each of them before, and says when.
            leaves = [decode(data) for data in await core.reader.tail(0, 1000)]
            receipts = [leaf for leaf in leaves if isinstance(leaf, ReceiptLeaf)]
            assert {leaf.own for leaf in receipts} == {berlin.card.node, paris.card.node}
            assert all(0 < leaf.last <= leaf.rcv and leaf.st == "stopped" for leaf in receipts)
            (order,) = [leaf for leaf in leaves if isinstance(leaf, OrderLeaf)]
            assert [sig.key for sig in order.sigs] == [drills.key_of(core.book)]
            (record,) = [leaf for leaf in leaves if isinstance(leaf, DrillLeaf)]
            assert (record.ans, record.sil, record.last, record.bnd) == (3, [], first.last_ms, first.bound_ms)

            # A fresh one stands ready.
            fresh = drills.canary(core.book)
            assert fresh is not None
            assert fresh.rid != order.root
            assert not fresh.dead

            # One whose network is cut does not answer: an alarm in readiness, figures and status.
            desk = control.service.node_desk
            await until(lambda: paris.card.node in desk.perched(canary.running(fresh.rid)), 30)
            await way.cut()
            usual = canary._config
            canary._config = msgspec.structs.replace(usual, answer_s=max(3.0, first.last_ms / 100))
            second = await canary.once()
            canary._config = usual
            assert (sorted(second.answered), second.silent) == (["berlin", "main"], ["paris"])
            assert canary.problem() == "drill.silent"
            assert (await readyz(control.gateway))["parts"]["drills"] == "drill.silent"
            assert "answerable_canary_silent 1" in control.service.node_desk._services.metrics()
            assert canary.state().problem == "drill.silent"
            await way.mend()
            await until(lambda: paris.follow.problem == "")
            await until(lambda: paris.card.node in desk.perched(canary.running(canary.copy)), 30)
            third = await canary.once()
            assert third.silent == []
            assert canary.problem() == ""


async def test_a_gateway_that_is_slow_to_let_it_in_is_waited_for(tmp_path: Path) -> None:
    """It has its warrant at once, and its gate says so later: stopped in between, it would be silent and an alarm."""
    async with plane(tmp_path / "control", drill__answer_s=20.0, drill__canary_every_s=600) as control:
        canary = control.service.canary
        assert canary is not None
        berlin_at = await joined(control, tmp_path / "berlin")
        async with node(berlin_at) as berlin:
            at_once = berlin.holder.bearer

            async def slowly(copy: str) -> Bearer:
                bearer = await at_once(copy)
                await asyncio.sleep(1.0)
                return bearer

            berlin.holder.bearer = slowly
            told = await canary.once()
            assert (sorted(told.answered), told.silent) == (["berlin", "main"], [])


async def test_nobody_signs_it_and_the_next_one_is_due_ten_minutes_later(tmp_path: Path) -> None:
    async with plane(tmp_path / "control", drill__canary_every_s=600) as control:
        canary = control.service.canary
        assert canary is not None
        assert canary.due == canary._began + 600_000
        told = await canary.once()
        assert told.answered.keys() == {"main"}
        assert canary.due == told.at + 600_000
        assert canary.state().last == told


async def test_it_flies_by_itself(tmp_path: Path) -> None:
    async with plane(tmp_path / "control", drill__canary_every_s=0.3) as control:
        canary = control.service.canary
        assert canary is not None
        await until(lambda: canary.last is not None)
        assert canary.last is not None
        first = canary.last.at
        await until(lambda: canary.last is not None and canary.last.at > first)
        await asyncio.sleep(0)


async def test_none_for_too_long_is_an_alarm_too(tmp_path: Path) -> None:
    async with plane(tmp_path / "control", drill__canary_every_s=600) as control:
        canary = control.service.canary
        assert canary is not None
        assert canary.problem() == ""
        canary._began -= 2 * 600_000 + 1
        assert canary.problem() == "drill.overdue"
