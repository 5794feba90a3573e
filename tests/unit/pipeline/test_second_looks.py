# SPDX-License-Identifier: Apache-2.0
"""What a tool call meets when the world moves while it waits: for people, for its twin, for the log."""

from __future__ import annotations

import asyncio
import dataclasses

from answerable.model.units import Committed, Unit
from answerable.pipeline.carry import carry
from tests.unit.pipeline.tooled import ToolStage


class Queue:
    """A ledger as the sequencer is one: what was taken is written in order, whether or not its caller still waits."""

    def __init__(self, stage: ToolStage) -> None:
        self._ledger = stage.ledger
        self._taken: list[asyncio.Task[Committed]] = []
        self.taken = asyncio.Event()
        self.write = asyncio.Event()
        stage.deps = dataclasses.replace(stage.deps, ledger=self)

    async def commit(self, unit: Unit) -> Committed:
        self._taken.append(asyncio.create_task(self._written(unit, *self._taken[-1:])))
        self.taken.set()
        return await asyncio.shield(self._taken[-1])

    async def _written(self, unit: Unit, *before: asyncio.Task[Committed]) -> Committed:
        await asyncio.gather(*before, return_exceptions=True)
        await self.write.wait()
        return await self._ledger.commit(unit)

    def count_refusal(self, code: str) -> None:
        self._ledger.count_refusal(code)


async def test_a_call_that_is_stopped_while_it_is_written_down_leaves_its_key_free() -> None:
    stage = ToolStage(carry)
    queue = Queue(stage)
    task = asyncio.create_task(stage.call())
    await queue.taken.wait()
    stage.gate.stopped[stage.app.num] = "order"
    assert stage.flights.stops_changed() == 1
    await asyncio.sleep(0.01)
    queue.write.set()
    assert (await task).code == "stop.system"
    assert [leaf.dec for leaf in stage.opens] == ["permit"]
    assert [(leaf.st, leaf.x) for leaf in stage.closes] == [("stopped", {"answerable.ran": "no"})]
    assert stage.rows() == [], "as the leaves tell it"
    stage.gate.stopped.clear()
    assert (await stage.call()).error is None
    assert len(stage.server.ran) == 1
