# SPDX-License-Identifier: Apache-2.0
"""A whole service in this process, in front of stock MCP servers: `async with gate(path, stdio=journal) as it`."""

from __future__ import annotations

import os
import ssl
from collections.abc import AsyncIterator, Mapping, Sequence
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import httpx2 as httpx

from answerable.app.create import DEMO_STAFF, Founding, create
from answerable.app.people import FOLDER, read
from answerable.app.service import Address, Service
from answerable.cli.drafts import signed
from answerable.crypto.b64 import b64u
from answerable.crypto.ed25519 import Key
from answerable.crypto.random import nonce
from answerable.log.leaf import decode
from answerable.log.statement import to_sign
from answerable.model.holds import Ballot, Hold
from answerable.model.leaves import CloseLeaf, Leaf, OpenLeaf
from answerable.model.records import System
from answerable.model.terms import AdminRole, Criticality, Effect, Role, SystemKind, World
from answerable.model.tools import ToolClass
from answerable.policy.worlds import floor
from answerable.protocols.mcp.revisions import CAPABILITIES, VERSION
from answerable.registry import copies, systems
from answerable.registry.requests import ComputeSpec, PartySpec, RegisterSystem, StartCopy
from answerable.tools import registry, votes
from answerable.tools.holds import GROUP, Holds
from answerable.warrants import handles
from tests.unit.app.small_store import OPERATOR, config

# What a person says of the stock servers' tools.
READS = ToolClass(world=World.INFORMATION, criticality=Criticality.ORDINARY, domain="search", effect=Effect.READ)
WRITES = ToolClass(
    world=World.INFORMATION, criticality=Criticality.ORDINARY, domain="general", effect=Effect.WRITE, idempotency_s=60
)
HELD = ToolClass(
    world=World.INFORMATION, criticality=Criticality.ORDINARY, domain="general", effect=Effect.IRREVERSIBLE,
    approvals=1, roles=(AdminRole.APPROVER,), idempotency_s=60,
)  # fmt: skip
CLASSES: dict[str, ToolClass] = {
    "weather": READS,
    "tick": READS,
    "note": WRITES,
    "pay": HELD,
    "slow": READS,
    "broken": READS,
}


class Gate:
    """service, address: of the running service; key: an agent's handle; url: base of the gateway."""

    def __init__(self, service: Service, address: Address, certificate: str = "") -> None:
        self.service = service
        self.core = service.core
        self.url = address.gateway.removesuffix("/v1")
        self.key = ""
        self.agent: System
        verify = ssl.create_default_context(cafile=certificate) if certificate else True
        self.http = httpx.AsyncClient(base_url=self.url, timeout=30, verify=verify)

    async def register(self, name: str, kind: SystemKind = SystemKind.AGENT, **more: Any) -> System:
        return await register(self.core, name, kind, **more)

    async def issue(self, system: System) -> str:
        """A handle for a new copy of `system`."""
        return await self.handle(await self.copy(system, Key.generate()))

    async def copy(self, system: System, key: Key) -> str:
        """A new copy of `system` that holds `key`; its rid."""
        drawn = nonce()
        draft = StartCopy(
            system=system.rid, key=b64u(key.public), nonce=drawn, signature="", endpoint="http://127.0.0.1/"
        )
        proof = b64u(key.sign(to_sign(copies.start_statement(system, draft), self.core.origin)))
        request = StartCopy(system=system.rid, key=draft.key, nonce=drawn, signature=proof, endpoint=draft.endpoint)
        return await self.core.commit(copies.start(self.core.book, request, self.core.now))

    async def handle(self, copy: str, binding: str = "cidr:127.0.0.0/8") -> str:
        """A handle of that copy, by its rid."""
        issued = handles.issue(
            self.core.book, copy=copy, binding=binding, life_ms=3_600_000, by=self.person("admin").kid,
            now_ms=self.core.now,
        )  # fmt: skip
        await self.core.commit(issued)
        return issued.handle

    @property
    def holds(self) -> Holds:
        return self.service._keeper.holds

    def person(self, name: str) -> Any:
        return read(self.core.config.store_path / FOLDER / f"{name}.json")

    async def classify(self, server: str, classes: Mapping[str, ToolClass] = CLASSES) -> None:
        """Import all that `server` lists, and say of some of it what it is."""
        by, listed = self.person("admin").kid, self.service.servers.listed(server)
        found = listed.server.definitions()
        assert found, "the server lists nothing"
        imported = registry.import_tools(self.core.book, server, listed.system, found, self.core.now, by=by)
        if imported.planned is not None:
            await self.core.commit(imported.planned)
        for definition in found:
            if definition.name in classes:
                request = registry.ClassifyTool(
                    tool=f"{server}/{definition.name}", pin=definition.pin, said=classes[definition.name]
                )
                planned = registry.classify(self.core.book, request, definition, self.core.now, by=by, floors=floor)
                await self.core.commit(planned)

    async def vote(self, hold: str, ballot: Ballot = Ballot.APPROVE, person: str = "approver") -> None:
        holds = self.holds
        row = holds.get(hold)
        assert isinstance(row, Hold)
        leaf = signed(votes.statement(row, ballot), self.core.origin, [self.person(person)])
        kept = await self.core.reader.payload(row.rid, GROUP)
        kind = (kept[0], kept[1]) if kept is not None and kept[1] is not None else None
        shown = await holds.shown(row)
        planned = votes.decide(holds, leaf, self.core.now, policy=row.pol, shown=shown, kind=kind)
        await self.core.ledger.commit(planned.unit)

    async def post(
        self, server: str, body: Any, *, key: str | None = None, headers: Mapping[str, str] | None = None
    ) -> httpx.Response:
        """One POST as it is given: `body` bytes, or JSON."""
        fields = {"accept": "application/json, text/event-stream", "content-type": "application/json"}
        shown = self.key if key is None else key
        fields |= {"authorization": f"Bearer {shown}"} if shown else {}
        fields |= headers or {}
        how = {"content": body} if isinstance(body, bytes) else {"json": body}
        return await self.http.post(f"/mcp/{server}", headers=fields, **how)

    async def modern(self, server: str, method: str, params: Any = None, **how: Any) -> httpx.Response:
        """A request of revision 2026-07-28. capabilities: of the client; `headers` set others right or wrong."""
        meta = {VERSION: "2026-07-28", CAPABILITIES: how.pop("capabilities", {})}
        params = {**(params or {}), "_meta": {**meta, **(params or {}).get("_meta", {})}}
        headers = {"mcp-protocol-version": "2026-07-28", "mcp-method": method}
        if "name" in params:
            headers["mcp-name"] = str(params["name"])
        headers |= how.pop("headers", {})
        body = {"jsonrpc": "2.0", "id": 1, "method": method, "params": params}
        return await self.post(server, body, headers=headers, **how)

    async def old(self, server: str, method: str, params: Any = None, **how: Any) -> httpx.Response:
        """A request of revision 2025-11-25, without a session unless `headers` name one."""
        headers = {"mcp-protocol-version": "2025-11-25", **how.pop("headers", {})}
        body = {"jsonrpc": "2.0", "id": 1, "method": method, **({"params": params} if params is not None else {})}
        return await self.post(server, body, headers=headers, **how)

    async def leaves(self) -> list[Leaf]:
        return [decode(data) for data in await self.core.reader.tail(0, 100_000)]

    async def opens(self) -> list[OpenLeaf]:
        return [leaf for leaf in await self.leaves() if isinstance(leaf, OpenLeaf)]

    async def closes(self) -> list[CloseLeaf]:
        return [leaf for leaf in await self.leaves() if isinstance(leaf, CloseLeaf)]


async def register(core: Any, name: str, kind: SystemKind = SystemKind.AGENT, **more: Any) -> System:
    parties = (PartySpec(party=OPERATOR, role=Role.DEPLOYER), *more.pop("parties", ()))
    request = RegisterSystem(
        name=name, version="1", kind=kind, parties=parties,
        capabilities=("text",), compute=ComputeSpec(petaflop=1), **more,
    )  # fmt: skip
    rid = await core.commit(systems.register(core.book, request, core.now))
    found = core.book.system(rid)
    assert found is not None
    return found


@asynccontextmanager
async def gate(
    path: Path,
    *,
    journal: Path | None = None,
    url: str = "",
    command: Sequence[str] = (),
    own: bool = False,
    classes: Mapping[str, ToolClass] = CLASSES,
    staff: Sequence[tuple[str, tuple[AdminRole, ...]]] = (),
    **flags: Any,
) -> AsyncIterator[Gate]:
    """A service whose server `desk` runs over stdio, as `command` or as a stock one that writes to `journal`, whose
    server `far` is at `url`, and whose server `answerable` is its registry's own, as far as they are given, with their
    tools imported and classified. staff: people beside the demo's."""
    servers: dict[str, Any] = {}
    if own:
        servers |= {"servers__answerable__kind": "registry", "servers__answerable__system": "Registry"}
    if journal is not None and not command:
        from tests import mcp_servers  # the SDK is large, and a benchmark's gateway has none

        command = mcp_servers.command(journal)
    if command:
        desk = {"kind": "stdio", "command": list(command), "directory": str(Path.cwd()), "system": "Desk"}
        servers |= {f"servers__desk__{name}": value for name, value in desk.items()}
        servers["servers__desk__environment"] = {"PATH": os.environ["PATH"], "PYTHONPATH": str(Path.cwd())}
    if url:
        servers |= {"servers__far__kind": "http", "servers__far__url": url, "servers__far__system": "Far"}
    core = await create(
        config(path, **servers, **flags), Founding("unit.invalid", OPERATOR, "Unit Ltd", staff=(*DEMO_STAFF, *staff))
    )
    service = Service(core)
    try:
        for name in [*(["Desk"] if command else []), *(["Far"] if url else []), *(["Registry"] if own else [])]:
            await register(core, name, SystemKind.APPLICATION)
        made = Gate(service, await service.start(), str(flags.get("gateway__tls_certificate", "")))
        try:
            made.agent = await made.register("Agent")
            made.key = await made.issue(made.agent)
            for name in service.servers.names():
                await made.classify(name, classes)
            yield made
        finally:
            await made.http.aclose()
    finally:
        await service.close()
