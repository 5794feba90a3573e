# SPDX-License-Identifier: Apache-2.0
from __future__ import annotations

from pathlib import Path

from answerable.control.routes.nodes import SHARD, listed, withdraw
from answerable.control.routing import Call
from answerable.registry.requests import WithdrawKey
from answerable.sequencer import replay
from tests.small_nodes import joined, node, plane
from tests.small_relay import until


async def test_each_node_with_what_its_log_has_come_to(tmp_path: Path) -> None:
    assert SHARD == replay.SHARD
    async with plane(tmp_path / "control") as control:
        services = control.service.node_desk._services
        assert await listed(services, Call(None)) == []
        settings = await joined(control, tmp_path / "node")
        (row,) = await listed(services, Call(None))
        assert (row.node.name, row.party, row.size, row.heard, row.copies) == ("berlin", "Unit Ltd", 0, 0, 0)
        async with node(settings) as berlin:
            await until(lambda: berlin.hand_in.size)
            (row,) = await listed(services, Call(None))
            assert row.size == berlin.hand_in.size
            assert row.at > 0
            assert row.heard > 0
        admin = next(iter(control.core.book.admins()))
        done = await withdraw(services, Call(WithdrawKey(key="berlin"), person=admin))
        assert done.rid
        (row,) = await listed(services, Call(None))
        assert row.node.ended
