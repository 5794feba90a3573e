# SPDX-License-Identifier: Apache-2.0
"""A whole service in this process in front of tool servers that a test writes."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

from answerable.app.create import DEMO_STAFF, Founding, create
from answerable.app.service import Service
from answerable.control.services import Services
from answerable.model.terms import SystemKind
from tests.small_mcp import child
from tests.tool_gate import register
from tests.unit.app.small_store import OPERATOR, config

ROOT = str(Path(__file__).parents[1])
# Lists what stands in the file, if there is one, and answers each call with its own process number.
DESK = """
import pathlib
def listed():
    file = pathlib.Path(sys.argv[1])
    return json.loads(file.read_text()) if file.exists() else TOOLS
while True:
    m = read()
    if m.get('method') == 'tools/list': say({'jsonrpc': '2.0', 'id': m['id'], 'result': {'tools': listed()}})
    else: good(m)
"""


def desk(path: Path) -> dict[str, Any]:
    """A server over stdio that lists what stands in the file `path`."""
    return {"kind": "stdio", "command": [*child(DESK), str(path)], "directory": ROOT, "system": "Desk"}


@asynccontextmanager
async def served(path: Path, systems: tuple[str, ...] = ("Desk",), **servers: dict[str, Any]) -> AsyncIterator[Service]:
    """servers: of the configuration, by name; systems: that are registered first."""
    flags = {f"servers__{name}__{key}": value for name, members in servers.items() for key, value in members.items()}
    settings = config(path, registry__attesters=[OPERATOR], **flags)
    core = await create(settings, Founding("unit.invalid", OPERATOR, "Unit Ltd", staff=DEMO_STAFF))
    service = Service(core)
    try:
        for name in systems:
            await register(core, name, SystemKind.APPLICATION)
        await service.start()
        yield service
    finally:
        await service.close()


def services_of(service: Service) -> Services:
    found: Services = service.node_desk._services
    return found
