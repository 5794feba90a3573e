# SPDX-License-Identifier: Apache-2.0
"""`answerable demo`: a store of its own, the fleet, the local model, gateway and control plane, and what to try next.

The store is flagged for life: its parties are invented, and `serve` refuses it.
"""

from __future__ import annotations

import asyncio
import contextlib
import json
import os
import shlex
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any, Final

from answerable.app import demo_tools, fleet
from answerable.app.core import Core, open_core
from answerable.app.create import DEMO_STAFF, Founding, create
from answerable.app.keys import copy_key
from answerable.app.people import FOLDER, read
from answerable.app.serve import on_loop, until_asked
from answerable.app.service import Address, Service
from answerable.app.serving import Say
from answerable.config import Config, load
from answerable.crypto.b64 import b64u
from answerable.crypto.random import nonce
from answerable.errors import Refused
from answerable.log.statement import to_sign
from answerable.model.records import Copy, System
from answerable.registry import copies
from answerable.registry.find import system as find_system
from answerable.registry.requests import StartCopy
from answerable.telemetry import logs
from answerable.warrants import handles

HANDLE_FILE: Final = "demo.handle"
ENVIRONMENT_FILE: Final = "demo.env"
HANDLE_DAYS: Final = 90
AGENTS: Final = 2
END_S: Final = 5.0
# The application's clients are whoever runs on this machine.
PLACE: Final = "cidr:127.0.0.0/8"

Tell = Callable[[Address, str, Core], None]


_LOCAL: Final[dict[str, Any]] = {
    "upstreams.local.kind": "local",
    "upstreams.local.system": fleet.MODEL,
    "upstreams.local.locality": "local",
    "upstreams.embeddings.kind": "local",
    "upstreams.embeddings.system": fleet.EMBEDDER,
    "upstreams.embeddings.locality": "local",
    "upstreams.embeddings.embeddings": True,
}


def settings(store: Path, port: int, remote: fleet.Remote | None = None) -> Config:
    """The demo's own settings: nothing of the user's files or environment gets in."""
    flags = {
        "store.path": str(store),
        "gateway.port": port,
        "telemetry.level": "warning",
        "telemetry.format": "text",
        "labels.operator": fleet.OPERATOR,
        **demo_tools.settings(),
    }
    if remote is None:
        flags |= _LOCAL
    else:
        flags |= {
            "upstreams.remote.url": remote.url,
            "upstreams.remote.system": remote.name,
            "upstreams.remote.model": remote.model,
            "upstreams.remote.locality": remote.locality.value,
            "upstreams.remote.api_key_file": remote.key_file,
        }
    return load(environ={}, flags=flags).config


def run(store: Path, port: int, *, as_json: bool, say: Say, tell: Tell, remote: fleet.Remote | None = None) -> int:
    """Until SIGINT or SIGTERM; returns 0. tell: called once everything answers, with the address and the handle.
    remote: the reader's own model in place of the local one; then no agents are started, since their calls may cost
    money.

    Raises Refused ``store.not_demo`` for a store that is real, and as `serve.run`.
    """
    config = settings(store, port, remote)
    logs.configure(config.telemetry.level, text=True)
    return on_loop(_run(config, as_json=as_json, say=say, tell=tell, remote=remote))


async def _run(config: Config, *, as_json: bool, say: Say, tell: Tell, remote: fleet.Remote | None) -> int:
    core = await _open(config, say)
    agents: list[asyncio.subprocess.Process] = []
    try:
        say("registering the fleet", "正在登记演示系统")
        await fleet.register(core, remote)
        handle = await _handle(core)
    except BaseException:
        await core.close()
        raise

    async def announce(address: Address, core: Core) -> None:
        await demo_tools.offer(core, service.servers)
        if remote is None:
            say("starting two copies of the agent", "正在启动智能体的两个运行副本")
            agents.extend([await _agent(config) for _ in range(AGENTS)])
        _environment(core.config.store_path.absolute(), address.gateway, handle)
        if as_json:
            print(json.dumps(described(address, handle, core, remote)), flush=True)
        tell(address, handle, core)

    service = Service(core, say)
    service.before_close = lambda: _end(agents)
    return await until_asked(service, announce)


def described(address: Address, handle: str, core: Core, remote: fleet.Remote | None = None) -> dict[str, Any]:
    """What `--json` prints as its first line."""
    return {
        "gateway": address.gateway,
        "mcp": mcp(address.gateway),
        "control": f"unix:{address.control}",
        "handle": handle,
        "systems": {name: find_system(core.book, name).id for name in fleet.names(remote)},
        "store": str(core.config.store_path),
    }


async def _open(config: Config, say: Say) -> Core:
    path = config.store_path
    if path.is_dir() and any(path.iterdir()):
        say(f"opening the store {path}", f"正在打开存储 {path}")
        core = await open_core(config)
        if not core.demo:
            await core.close()
            raise Refused("store.not_demo", path=str(path))
        if core.ledger.failure is not None:  # `serve` would show what can be read; a demo is begun anew
            await core.close()
            raise core.ledger.failure
        return core
    say(f"making the store {path}", f"正在创建存储 {path}")
    founding = Founding(fleet.DOMAIN, fleet.OPERATOR, fleet.OPERATOR_NAME, staff=DEMO_STAFF, demo=True)
    return await create(config, founding)


async def _handle(core: Core) -> str:
    """The application's API key, kept beside the store so that a second run gives the same."""
    file = core.config.store_path / HANDLE_FILE
    if file.exists():
        handle = file.read_text(encoding="ascii").strip()
        row = core.book.handle(handles.digest_of(handle))
        if row is not None and not row.revoked and row.expires > core.now:
            return handle
    application = find_system(core.book, fleet.APPLICATION)
    copy = await _endpoint(core, application)
    issued = handles.issue(
        core.book,
        copy=copy.rid,
        binding=PLACE,
        life_ms=HANDLE_DAYS * handles.DAY_MS,
        by=read(core.config.store_path / FOLDER / "admin.json").kid,
        now_ms=core.now,
    )
    await core.commit(issued)
    _write_private(file, issued.handle + "\n")
    return issued.handle


def _environment(store: Path, gateway: str, handle: str) -> None:
    """A file to be sourced by a shell: any OpenAI or MCP client finds the gateway, and `answerable` is found and finds
    the store."""
    programs = Path(sys.executable).parent
    values = {
        "OPENAI_BASE_URL": gateway,
        "OPENAI_API_KEY": handle,
        "MCP_URL": mcp(gateway),
        "ANSWERABLE_STORE_PATH": str(store),
    }
    lines = [f"export {name}={shlex.quote(value)}" for name, value in values.items()]
    lines.append(f'export PATH={shlex.quote(str(programs))}:"$PATH"')
    _write_private(store / ENVIRONMENT_FILE, "\n".join(lines) + "\n")


def mcp(gateway: str) -> str:
    """Where the demo's tools are: one more way in of the same gateway."""
    return f"{gateway.removesuffix('/v1')}/mcp/{demo_tools.SERVER}"


def _write_private(file: Path, text: str) -> None:
    with contextlib.suppress(FileNotFoundError):
        file.unlink()
    descriptor = os.open(file, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    with os.fdopen(descriptor, "w", encoding="utf-8") as opened:
        opened.write(text)


async def _endpoint(core: Core, system: System) -> Copy:
    """The application's copy: whoever on this machine holds the handle. The gateway keeps its key."""
    key = copy_key(core.config.store_path, "application")
    known = core.book.copy(copies.copy_id(system, key.public))
    if known is not None:
        return known
    draft = StartCopy(
        system=system.rid, key=b64u(key.public), nonce=nonce(), signature="", endpoint="http://127.0.0.1/"
    )
    signature = b64u(key.sign(to_sign(copies.start_statement(system, draft), core.origin)))
    request = StartCopy(
        system=system.rid, key=draft.key, nonce=draft.nonce, signature=signature, endpoint=draft.endpoint
    )
    rid = await core.commit(copies.start(core.book, request, core.now))
    copy = core.book.copy(rid)
    if copy is None:
        raise Refused("system.copy_unknown", copy=rid)
    return copy


async def _agent(config: Config) -> asyncio.subprocess.Process:
    """A copy of the agent: a process with a key of its own, as anyone would start one."""
    return await asyncio.create_subprocess_exec(
        sys.executable, "-m", "answerable.cli", "copy", "start", fleet.AGENT,
        "--store", str(config.store_path), "--", sys.executable, "-m", "answerable.app.demo_agent",
        stdin=asyncio.subprocess.DEVNULL,
        stdout=asyncio.subprocess.DEVNULL,
        stderr=asyncio.subprocess.DEVNULL,
        start_new_session=True,  # Ctrl-C is ours to pass on
    )  # fmt: skip


async def _end(agents: list[asyncio.subprocess.Process]) -> None:
    """Ask the agents to end while the control plane still takes the end of their copies."""
    for agent in agents:
        with contextlib.suppress(ProcessLookupError):
            agent.terminate()
    try:
        async with asyncio.timeout(END_S):
            await asyncio.gather(*(agent.wait() for agent in agents))
    except TimeoutError:
        for agent in agents:
            with contextlib.suppress(ProcessLookupError):
                agent.kill()
