# SPDX-License-Identifier: Apache-2.0
"""`answerable gateway run`: open a node's store, start the node, run until asked to end."""

from __future__ import annotations

from answerable.app.core import open_core
from answerable.app.node import Node
from answerable.app.node_card import is_node
from answerable.app.serve import Announce, on_loop, until_asked
from answerable.app.serving import Say
from answerable.config import Config
from answerable.errors import Refused
from answerable.telemetry import logs


def run(config: Config, announce: Announce, say: Say = lambda _en, _zh: None) -> int:
    """Serve until SIGINT or SIGTERM; returns 0. Raises what keeps it from starting: Refused ``node.card``,
    ``config.*``, Unavailable ``node.away``, ``store.*``, ``request.bind``, ``upstream.*``."""
    logs.configure(config.telemetry.level, text=config.telemetry.format == "text")

    async def serve() -> int:
        if not is_node(config.store_path):
            raise Refused("node.card", detail=f"{config.store_path} is no gateway node's store")
        core = await open_core(config)
        try:
            node = Node(core, say)
        except BaseException:
            await core.close()
            raise
        return await until_asked(node, announce)

    return on_loop(serve())
