# SPDX-License-Identifier: Apache-2.0
"""Which tools may be called now: classified by a person, and listed by their server with the very definition that is
pinned. Implements `ports.Tools`."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from answerable.errors import Refused, Unavailable
from answerable.model.tools import Definition, Tool, ToolState, key
from answerable.ports import Directory, ToolServer
from answerable.tools import names, registry


@dataclass(frozen=True, slots=True)
class Listed:
    """A configured server. system: rid of the system that it is."""

    server: ToolServer
    system: str


class Standing:
    """Implements `ports.Tools` over the registry and the servers as they list their tools now. servers: name -> Listed,
    looked at anew each time."""

    def __init__(self, directory: Directory, servers: Mapping[str, Listed]) -> None:
        self._directory = directory
        self._servers = servers
        self._seen = -1
        self._rows: dict[str, dict[str, Tool]] = {}  # server -> name -> row

    def find(self, server: str, name: str) -> Tool:
        tool = self._classified(server).get(name)
        listed = self._servers.get(server)
        if tool is None or listed is None:
            raise Refused("tool.unknown", tool=names.printable(key(server, name))[:200])
        definition = listed.server.definition(name)
        if definition is None and listed.server.error is not None:
            raise Unavailable("upstream.unreachable", upstream=server)
        if definition is None or definition.pin != tool.pin or listed.system != tool.system:
            raise Refused("tool.changed", tool=tool.key)
        return tool

    def definition(self, server: str, name: str) -> Definition | None:
        listed = self._servers.get(server)
        return None if listed is None else listed.server.definition(name)

    def shown(self, server: str) -> tuple[tuple[Tool, Definition], ...]:
        listed = self._servers.get(server)
        if listed is None:
            raise Refused("tool.unknown", tool=names.printable(server)[:64])
        tools = self._classified(server)
        return tuple(
            (tools[definition.name], definition)
            for definition in listed.server.definitions()
            if definition.name in tools
            and tools[definition.name].pin == definition.pin
            and tools[definition.name].system == listed.system
        )

    def _classified(self, server: str) -> dict[str, Tool]:
        if self._seen != self._directory.changes:
            self._seen = self._directory.changes
            self._rows = {}
        if server not in self._servers:
            return {}  # names that mean nothing are a stranger's to choose: they must not fill a cache
        rows = self._rows.get(server)
        if rows is None:
            rows = {tool.name: tool for tool in registry.every(self._directory, server)}
            self._rows[server] = rows = {n: tool for n, tool in rows.items() if tool.state is ToolState.CLASSIFIED}
        return rows
