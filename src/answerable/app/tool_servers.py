# SPDX-License-Identifier: Apache-2.0
"""The tool servers of this gateway: each `[servers.NAME]` is a registered system, with a copy under a key of its own
whose warrant the gateway keeps, exactly as a model elsewhere. Stop orders reach it, and a party answers for it."""

from __future__ import annotations

import asyncio
import logging
import shutil
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import Final

from answerable.app.keys import read_private
from answerable.app.models import TOOLS_KEY, ModelTable, ServedModel
from answerable.app.own_tools import OwnTools
from answerable.app.serving import MAX_SECRET, Registry, endpoint_copy, tls_of
from answerable.errors import AnswerableError, Refused
from answerable.gateway.readiness import SERVER
from answerable.model.records import Copy
from answerable.model.settings import ServerConfig
from answerable.model.terms import Act
from answerable.net.limits import Limits
from answerable.protocols.mcp.revisions import Revision
from answerable.registry import stopped
from answerable.tools import names
from answerable.tools.standing import Listed, Standing
from answerable.upstreams.mcp_http import MAX_ANSWER, McpHttp
from answerable.upstreams.mcp_session import AUTO, HANDSHAKES
from answerable.upstreams.mcp_stdio import McpStdio

HTTP: Final = "http"
STDIO: Final = "stdio"
REGISTRY: Final = "registry"
UNDER_S: Final = 45.0  # a start does not wait longer for servers that do not answer; they are asked on and on

_log = logging.getLogger("answerable.tool_servers")

Server = McpHttp | McpStdio | OwnTools


@dataclass(frozen=True, slots=True)
class Running:
    served: ServedModel
    server: Server


class ToolServers:
    """From `start` to `close`. tools: what may be called of them (`ports.Tools`)."""

    def __init__(self, core: Registry, models: ModelTable, own: Callable[[str], OwnTools] | None = None) -> None:
        """own: makes the server that is this store's own registry, of that name; None where it cannot be one."""
        self._core = core
        self._own = own
        self._models = models
        self._running: dict[str, Running] = {}
        self._starts: list[asyncio.Task[None]] = []
        self._ailing: dict[str, str] = {}  # server that could not be started, or was ended -> code
        self.tools = Standing(core.book, _Listing(self._running))
        models.refers(Act.TOOL_CALL, self._absent)

    async def start(self) -> None:
        """Start every server of the config. Raises Refused ``config.value`` for one that is not configured as one, or
        names no registered system; what the registry refuses is not served, and told."""
        for name, config in self._core.config.servers.items():
            system = self._core.book.system(config.system)
            if system is None:
                raise Refused("config.value", detail=f"servers.{name}.system: {config.system!r} is not registered")
            server = self._registry(name, config) if config.kind == REGISTRY else _made(name, config, self._order)
            try:
                stopped.check(self._core.book, system, self._core.now)
                url = config.url or f"https://stdio.invalid/{name}"
                copy = await endpoint_copy(self._core, TOOLS_KEY + name, url, system)
            except Refused as error:
                if error.code.startswith("config."):
                    raise
                self._ailing[name] = error.code
                _log.error("the tool server %s is not served: %s", name, error)
                continue
            served = ServedModel(system, copy, server, name, (name,), tools=True)
            self._running[name] = Running(served, server)
            self._models.add(served)
        self._starts = [asyncio.create_task(running.server.start()) for running in self._running.values()]
        if self._starts:
            await asyncio.wait(self._starts, timeout=UNDER_S)

    async def close(self) -> None:
        for start in self._starts:
            start.cancel()
        await asyncio.gather(*self._starts, return_exceptions=True)
        running = tuple(self._running.values())
        self._running.clear()
        for each in running:
            self._models.remove(each.served)
        await asyncio.gather(*(each.server.close() for each in running), return_exceptions=True)

    def halt(self) -> None:
        """End now the child processes of the servers that an order reaches, a suspension too: what a server does beside
        its calls no refusal stops. They are started again when no order stands, and no sooner."""
        for each in self._running.values():
            if isinstance(each.server, McpStdio):
                each.server.halt()

    async def end_terminated(self, terminated: Callable[[Copy], bool]) -> None:
        """End the servers whose copies an order terminated."""
        for name, each in tuple(self._running.items()):
            if terminated(each.served.copy):
                self._models.remove(each.served)
                del self._running[name]
                self._ailing[name] = "stop.system"
                await each.server.close()

    def problems(self) -> dict[str, str]:
        """``server NAME`` -> the code of what ails it, "" where it lists its tools."""
        found = {SERVER + name: _code(each.server) for name, each in self._running.items()}
        return {**found, **{SERVER + name: code for name, code in self._ailing.items()}}

    def listed(self, name: str) -> Listed:
        """The configured server of that name, with the system that it is. Raises Refused ``tool.server``."""
        each = self._running.get(name)
        if each is None:
            raise Refused("tool.server", server=names.printable(name)[:64])
        return Listed(each.server, each.served.system.rid)

    def names(self) -> tuple[str, ...]:
        """Of the servers that run, or are tried."""
        return tuple(self._running)

    async def answers_anyone(self) -> dict[str, bool | None]:
        """Of each server at an address: whether it lists its tools to who has no credential of the gate's; None where
        that could not be found out. A child process answers nobody but its gateway."""
        asked = {name: each.server for name, each in self._running.items() if isinstance(each.server, McpHttp)}
        answers = await asyncio.gather(*(server.answers_anyone() for server in asked.values()))
        return dict(zip(asked, answers, strict=True))

    def _order(self, name: str) -> str:
        """rid of an order in force that reaches the server of that name, its system or its copy; "" for none."""
        book, now = self._core.book, self._core.now
        each = self._running.get(name)
        config = self._core.config.servers.get(name)
        system = book.system(each.served.system.rid if each else config.system if config else "")
        if system is None:
            return ""
        found = stopped.of_system(book, system, now)
        if found or each is None or (known := book.stop_set()).quiet:
            return found
        numbers = tuple(sorted((*system.ancestors, system.num)))
        return known.blocks(copy=each.served.copy.rid, numbers=numbers, party="", worlds=system.worlds, now_ms=now)

    def _registry(self, name: str, config: ServerConfig) -> OwnTools:
        """Raises Refused ``config.value``."""
        if self._own is None or config.url or config.command or not names.server_fits(name):
            raise _wrong(name, "kind registry is the control plane's own, without url or command")
        return self._own(name)

    def _absent(self, name: str, act: Act) -> AnswerableError | None:
        """Why no server of that name takes calls."""
        config = self._core.config.servers.get(name)
        system = self._core.book.system(config.system) if config is not None else None
        if system is not None and (order := stopped.of_system(self._core.book, system, self._core.now)):
            return Refused("stop.system", order=order)
        return Refused("tool.server", server=names.printable(name)[:64])


class _Listing(Mapping[str, Listed]):
    """The servers as `Standing` looks at them: as they are now."""

    def __init__(self, running: Mapping[str, Running]) -> None:
        self._running = running

    def __getitem__(self, name: str) -> Listed:
        each = self._running[name]
        return Listed(each.server, each.served.system.rid)

    def __iter__(self) -> Iterator[str]:
        return iter(self._running)

    def __len__(self) -> int:
        return len(self._running)


def _code(server: Server) -> str:
    return server.error.code if server.error is not None else ""


def _made(name: str, config: ServerConfig, order: Callable[[str], str]) -> Server:
    """order: that reaches the server of a name now, or "". Raises Refused ``config.value``, ``upstream.address``."""
    if not names.server_fits(name):
        raise _wrong(name, "its name is not made of a-z, 0-9, - and _")
    if config.revision not in (AUTO, Revision.STATELESS, *HANDSHAKES):
        raise _wrong(name, f"revision: {config.revision!r} is not spoken here")
    if config.kind == HTTP and config.url and not config.command:
        limits = Limits(
            connections=config.connections,
            connect=config.connect_timeout_s,
            head=config.call_timeout_s,
            silence=config.call_timeout_s,
            body=MAX_ANSWER,
        )
        return McpHttp(
            name,
            config.url,
            locality=config.locality,
            secret=_secret(name, "credential_file", config.credential_file) if config.credential_file else "",
            header=config.header,
            revision=config.revision,
            limits=limits,
            tls=tls_of(config.ca_file),
            call_s=config.call_timeout_s,
            list_every_s=config.list_every_s,
        )
    if config.kind == STDIO and config.command and not config.url:
        program = shutil.which(config.command[0])
        if program is None:
            raise _wrong(name, f"command: {config.command[0]!r} is not a program here")
        secrets = {key: _secret(name, f"secrets.{key}", file) for key, file in config.secrets.items()}
        return McpStdio(
            name,
            (str(Path(program).absolute()), *config.command[1:]),
            environment={**config.environment, **secrets},
            directory=str(Path(config.directory).expanduser()),
            revision=config.revision,
            flights=config.connections,
            call_s=config.call_timeout_s,
            list_every_s=config.list_every_s,
            order=partial(order, name),
        )
    raise _wrong(name, "kind is http with a url, stdio with a command, or registry")


def _secret(name: str, key: str, file: str) -> str:
    try:
        return read_private(Path(file).expanduser(), MAX_SECRET).decode("utf-8").strip()
    except (OSError, UnicodeDecodeError):
        raise _wrong(name, f"{key} cannot be read") from None
    except Refused as error:
        raise _wrong(name, f"{key}: {error.params['detail']}") from None


def _wrong(name: str, detail: str) -> Refused:
    return Refused("config.value", detail=f"servers.{name}: {detail}")
