# SPDX-License-Identifier: Apache-2.0
from __future__ import annotations

from pathlib import Path

from tests.small_nodes import joined, node, plane
from tests.small_relay import until


async def test_a_node_follows_the_registry(tmp_path: Path) -> None:
    async with plane(tmp_path / "control") as control:
        settings = await joined(control, tmp_path / "node")
        async with node(settings) as berlin:
            assert berlin.replica.party(control.operator) is not None
            system = await control.system("later")
            await until(lambda: berlin.replica.system(system.rid) == system)
