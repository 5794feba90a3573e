# SPDX-License-Identifier: Apache-2.0
"""A control plane and gateway nodes in one process, over real stores and a real holders' plane on loopback."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import httpx2 as httpx
import msgspec

from answerable.app.core import Core, open_core
from answerable.app.node import Node
from answerable.app.node_card import Card, NodeRequest, enrolment
from answerable.app.node_card import write as write_card
from answerable.app.node_create import CARD_FILE, create_node
from answerable.app.people import FOLDER, read
from answerable.app.service import Service
from answerable.config import Config
from answerable.crypto.b64 import b64u
from answerable.crypto.ed25519 import Key
from answerable.crypto.random import nonce
from answerable.log.statement import sign, to_sign
from answerable.model.records import Stop, System
from answerable.model.terms import Locality, OrderKind, Role, Scope, SystemKind
from answerable.model.units import Space
from answerable.registry import copies, nodes, systems
from answerable.registry.requests import ComputeSpec, PartySpec, RegisterSystem, StartCopy
from answerable.stops import orders
from answerable.stops.planned import Reason
from answerable.warrants import handles
from tests.unit.app.small_store import OPERATOR, config, made


@dataclass
class Plane:
    """A control plane that runs, with its holders' plane."""

    service: Service
    url: str
    gateway: str
    folder: Path

    @property
    def core(self) -> Core:
        return self.service.core

    @property
    def operator(self) -> str:
        party = self.core.book.party(OPERATOR)
        assert party is not None
        return party.rid

    async def system(self, name: str = "model", **more: Any) -> System:
        asked = RegisterSystem(
            name=name,
            version="1",
            kind=SystemKind.MODEL,
            parties=(PartySpec(party=OPERATOR, role=Role.DEPLOYER),),
            capabilities=("text",),
            compute=ComputeSpec(petaflop=1),
            licence="none",
            locality=Locality.PRIVATE,
            **more,
        )
        rid = await self.core.commit(systems.register(self.core.book, asked, self.core.now))
        found = self.core.book.system(rid)
        assert found is not None
        return found

    async def enrol(self, request: NodeRequest) -> Card:
        admin = read(self.core.config.store_path / FOLDER / "admin.json")
        rid = await self.core.commit(nodes.enrol(self.core.book, enrolment(request), self.core.now, by=admin.kid))
        core = self.core
        return Card(
            v=1,
            domain=core.book.domain,
            origin=core.origin,
            name=request.name,
            node=rid,
            logs=(core.trust.decode().split()[1],),
            issuer=f"spiffe://{core.book.domain}/issuer/main",
            kid=(core.book.raw(Space.MISC, "issuer") or b"").decode(),
            issuer_key=b64u(core.keys.warrant.public),
            pulses=dict(self.service.node_desk._services.pulses),
        )

    async def suspend(self, root: str) -> Stop:
        """By one officer, as the control plane does it."""
        officer = read(self.core.config.store_path / FOLDER / "officer-1.json")
        why = Reason.of("a test")
        book = self.core.book
        leaf = orders.statement(book, kind=OrderKind.SUSPEND, root=root, reason=why, scope=Scope.LINEAGE)
        signed = msgspec.structs.replace(leaf, sigs=[sign(leaf, self.core.origin, officer.key, officer.kid)])
        planned = orders.suspend(book, signed, why, self.core.now)
        await self.core.ledger.commit(planned.unit)
        return planned.row


class Wire:
    """A way between two that can be cut: bytes are carried both ways until then."""

    def __init__(self, port: int) -> None:
        self._to = port
        self._server: asyncio.Server | None = None
        self._open: set[asyncio.StreamWriter] = set()
        self.port = 0

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.port}"

    async def mend(self) -> None:
        self._server = await asyncio.start_server(self._carry, "127.0.0.1", self.port)
        self.port = self._server.sockets[0].getsockname()[1]

    async def cut(self) -> None:
        if self._server is not None:
            self._server.close()
        for writer in tuple(self._open):
            writer.transport.abort()

    async def _carry(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        try:
            far_reader, far_writer = await asyncio.open_connection("127.0.0.1", self._to)
        except OSError:
            writer.close()
            return
        self._open |= {writer, far_writer}
        await asyncio.gather(_pour(reader, far_writer), _pour(far_reader, writer))
        self._open -= {writer, far_writer}


async def _pour(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    try:
        while data := await reader.read(65_536):
            writer.write(data)
            await writer.drain()
    except OSError:
        pass
    finally:
        writer.close()


async def client(control: Plane, name: str = "caller") -> tuple[System, str]:
    """A system that calls by a handle, and the handle."""
    system = await control.system(name)
    core, key = control.core, Key.generate()
    draft = StartCopy(
        system=system.rid, key=b64u(key.public), nonce=nonce(), signature="", endpoint="https://caller.invalid/"
    )
    signature = b64u(key.sign(to_sign(copies.start_statement(system, draft), core.origin)))
    copy = await core.commit(copies.start(core.book, msgspec.structs.replace(draft, signature=signature), core.now))
    admin = read(core.config.store_path / FOLDER / "admin.json")
    issued = handles.issue(
        core.book, copy=copy, binding="cidr:127.0.0.0/8", life_ms=3_600_000, by=admin.kid, now_ms=core.now
    )
    await core.ledger.commit(issued.unit)
    return system, issued.handle


async def readyz(url: str) -> dict[str, Any]:
    async with httpx.AsyncClient() as asking:
        found: dict[str, Any] = (await asking.get(url.removesuffix("/v1") + "/readyz")).json()
    return found


async def chat(url: str, handle: str, text: str = "Hello", **more: Any) -> httpx.Response:
    body = {"model": "auto", "messages": [{"role": "user", "content": text}], **more}
    async with httpx.AsyncClient(timeout=20) as asking:
        return await asking.post(f"{url}/chat/completions", json=body, headers={"authorization": f"Bearer {handle}"})


@asynccontextmanager
async def plane(folder: Path, **flags: Any) -> AsyncIterator[Plane]:
    folder.mkdir(exist_ok=True)  # noqa: ASYNC240  # a test's own
    core = await made(folder, **{"relay__port": 0} | flags)
    service = Service(core)
    address = await service.start()
    try:
        yield Plane(service, address.holders, address.gateway, folder)
    finally:
        await service.close()


@asynccontextmanager
async def wire(control: Plane) -> AsyncIterator[Wire]:
    between = Wire(int(control.url.rpartition(":")[2]))
    await between.mend()
    try:
        yield between
    finally:
        await between.cut()


async def joined(control: Plane, folder: Path, name: str = "berlin", **flags: Any) -> Config:
    """A node's store, enrolled and joined; its settings."""
    folder.mkdir(exist_ok=True)  # noqa: ASYNC240  # a test's own
    given = {"node__control": control.url, "node__clock": "same-host", "node__hand_in_s": 0.2} | flags
    settings = config(folder, **given)
    request = await create_node(settings, domain=control.core.book.domain, name=name, party=control.operator)
    write_card(settings.store_path / CARD_FILE, await control.enrol(request))
    return settings


@asynccontextmanager
async def node(settings: Config) -> AsyncIterator[Node]:
    running = Node(await open_core(settings))
    try:
        address = await running.start()
        running.url = address.gateway  # type: ignore[attr-defined]
        yield running
    finally:
        await running.close()
