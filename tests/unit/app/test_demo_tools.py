# SPDX-License-Identifier: Apache-2.0
from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

from answerable.app import demo_desk, demo_tools, fleet
from answerable.app.core import Core
from answerable.app.create import DEMO_STAFF, Founding, create
from answerable.app.demo import settings
from answerable.app.models import ModelTable
from answerable.app.people import FOLDER, read
from answerable.app.serving import OwnRegistry
from answerable.app.tool_servers import ToolServers
from answerable.model.tools import ToolState
from answerable.policy.worlds import floor
from answerable.tools import envelopes, registry


@asynccontextmanager
async def served(path: Path) -> AsyncIterator[tuple[Core, ToolServers]]:
    founding = Founding(fleet.DOMAIN, fleet.OPERATOR, fleet.OPERATOR_NAME, staff=DEMO_STAFF, demo=True)
    core = await create(settings(path / "store", 0), founding)
    try:
        await fleet.register(core)
        servers = ToolServers(OwnRegistry(core), ModelTable())
        await servers.start()
        try:
            yield core, servers
        finally:
            await servers.close()
    finally:
        await core.close()


async def test_each_tool_of_the_desk_is_classified_once_and_a_persons_word_stays(tmp_path: Path) -> None:
    async with served(tmp_path) as (core, servers):
        await demo_tools.offer(core, servers)
        rows = {tool.name: tool for tool in registry.every(core.book)}
        assert rows.keys() == {tool["name"] for tool in demo_desk.TOOLS} == demo_tools.CLASSES.keys()
        assert {tool.state for tool in rows.values()} == {ToolState.CLASSIFIED}
        size = await core.reader.size()
        by = read(core.config.store_path / FOLDER / "admin.json").kid
        await core.commit(registry.withdraw(core.book, registry.WithdrawTool(tool="desk/in_stock"), core.now, by=by))
        await demo_tools.offer(core, servers)
        assert await core.reader.size() == size + 1, "nothing is said a second time"
        assert registry.row(core.book, "desk/in_stock").state is ToolState.WITHDRAWN


def test_a_payment_is_bounded_metered_and_held() -> None:
    said = demo_tools.CLASSES["pay_invoice"]
    least = floor(said.domain, said.effect)
    assert least is not None
    assert said.approvals >= least.approvals >= 1
    assert said.envelope is not None
    assert envelopes.breach(said.envelope, {"invoice": "A-17", "euros": 500}) == ""
    assert envelopes.breach(said.envelope, {"invoice": "A-17", "euros": 501}) == "/euros"
    budgets = {budget["tool"]: budget for budget in demo_tools.settings()["budgets"]}
    assert budgets["desk/pay_invoice"]["meter"] == said.meters[0].kind.value == "money"
