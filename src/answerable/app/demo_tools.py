# SPDX-License-Identifier: Apache-2.0
"""The demo's tool server (`demo_desk`) behind the gate: two tools inform, an order and a payment wait for a person.

What each tool is stands here as the demo's administrator says it, once: a tool that was withdrawn or given another
class stays so.
"""

from __future__ import annotations

import sys
from functools import partial
from typing import Any, Final

from answerable.app import demo_desk, fleet
from answerable.app.core import Core
from answerable.app.people import FOLDER, read
from answerable.app.tool_servers import ToolServers
from answerable.model.terms import AdminRole, Criticality, Effect, World
from answerable.model.tools import Bound, MeterKind, ToolClass, ToolMeter, ToolState
from answerable.policy.worlds import floor
from answerable.tools import registry

SERVER: Final = "desk"
EURO: Final = 1_000_000  # money is counted in millionths
MOST_AT_ONCE: Final = 500  # euros
MOST_A_DAY: Final = 1_000
LOOKS_AN_HOUR: Final = 30

_TEXT: Final = 80
_LOOKS: Final = ToolClass(
    world=World.INFORMATION, criticality=Criticality.ORDINARY, domain="search", effect=Effect.READ
)
_asks: Final = partial(
    ToolClass, world=World.INFORMATION, approvals=1, roles=(AdminRole.APPROVER,), idempotency_s=3_600
)
CLASSES: Final[dict[str, ToolClass]] = {
    "high_water": _LOOKS,
    "in_stock": _LOOKS,
    "order_article": _asks(
        criticality=Criticality.ORDINARY,
        domain="general",
        effect=Effect.WRITE,
        envelope=(Bound(at="/article", longest=_TEXT), Bound(at="/count", least="1", most="100")),
    ),
    "pay_invoice": _asks(
        criticality=Criticality.SENSITIVE,
        domain="payment",
        effect=Effect.IRREVERSIBLE,
        meters=(ToolMeter(kind=MeterKind.MONEY, amount="/euros", currency="EUR", most=MOST_AT_ONCE * EURO),),
        envelope=(
            Bound(at="/invoice", longest=_TEXT),
            Bound(at="/euros", least="1", most=str(MOST_AT_ONCE)),
        ),
    ),
}


def settings() -> dict[str, Any]:
    """The flags that serve the desk and limit what it may be asked for."""
    tool = f"{SERVER}/pay_invoice"
    return {
        f"servers.{SERVER}.kind": "stdio",
        f"servers.{SERVER}.command": [sys.executable, "-m", demo_desk.__name__],
        f"servers.{SERVER}.system": fleet.DESK,
        "budgets": [
            {"tool": tool, "meter": "money", "currency": "EUR", "most": MOST_A_DAY * EURO, "hours": 24},
            {"tool": f"{SERVER}/in_stock", "meter": "calls", "most": LOOKS_AN_HOUR, "hours": 1},
        ],
    }


async def offer(core: Core, servers: ToolServers) -> None:
    """Say what the desk's tools are, where nobody has yet. Raises as `registry.import_tools|classify`."""
    by = read(core.config.store_path / FOLDER / "admin.json").kid
    listed = servers.listed(SERVER)
    definitions = listed.server.definitions()
    known = {tool.name for tool in registry.every(core.book, SERVER) if tool.state is not ToolState.UNCLASSIFIED}
    imported = registry.import_tools(core.book, SERVER, listed.system, definitions, core.now, by=by)
    if imported.planned is not None:
        await core.commit(imported.planned)
    for definition in definitions:
        said = CLASSES.get(definition.name)
        if said is None or definition.name in known:
            continue
        request = registry.ClassifyTool(tool=f"{SERVER}/{definition.name}", pin=definition.pin, said=said)
        await core.commit(registry.classify(core.book, request, definition, core.now, by=by, floors=floor))
