# SPDX-License-Identifier: Apache-2.0
"""A control plane and gateway nodes in one process, over real stores and a real holders' plane on loopback."""

from __future__ import annotations

import json
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import msgspec

from answerable.admission.orders import message
from answerable.admission.trust import Trust
from answerable.app import node_desk
from answerable.app.core import Core, open_core
from answerable.app.node import Node
from answerable.app.node_card import Card, NodeRequest, enrolment
from answerable.app.node_card import write as write_card
from answerable.app.node_create import CARD_FILE, create_node
from answerable.app.people import FOLDER, read
from answerable.app.service import Service
from answerable.config import Config, load
from answerable.crypto.b64 import b64u
from answerable.crypto.random import nonce
from answerable.log.statement import sign
from answerable.model.leaves import OrderLeaf
from answerable.model.records import Stop, System
from answerable.model.terms import Locality, OrderKind, Role, Scope, SystemKind
from answerable.model.units import Space
from answerable.registry import nodes, systems
from answerable.registry.requests import ComputeSpec, PartySpec, RegisterSystem
from answerable.stops import orders
from answerable.stops.planned import Reason
from tests.small_relay import Relay, relay
from tests.unit.app.small_store import OPERATOR, config, made


@dataclass
class Plane:
    """A control plane that runs, with its holders' plane."""

    service: Service
    relay: Relay
    folder: Path
    told: list[bytes] = field(default_factory=list)

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
        )

    async def suspend(self, root: str, *, push: bool = True) -> Stop:
        """By one officer; told to the board, and pushed."""
        officer = read(self.core.config.store_path / FOLDER / "officer-1.json")
        why = Reason.of("a test")
        book = self.core.book
        leaf = orders.statement(book, kind=OrderKind.SUSPEND, root=root, reason=why, scope=Scope.LINEAGE)
        signed = msgspec.structs.replace(leaf, sigs=[sign(leaf, self.core.origin, officer.key, officer.kid)])
        planned = orders.suspend(book, signed, why, self.core.now)
        await self.core.ledger.commit(planned.unit)
        await self.tell(planned.row, planned.unit.leaves[0], push=push)
        return planned.row

    async def tell(self, stop: Stop, leaf: bytes, *, push: bool = True) -> bytes:
        subject = await self.core.reader.find(stop.root) if stop.num else None
        data = message(
            stop,
            leaf,
            origin=self.core.origin,
            subject=subject or b"",
            signer=self.core.keys.warrant,
            kid=(self.core.book.raw(Space.MISC, "issuer") or b"").decode(),
        )
        self.told.append(data)
        if push:
            from answerable.admission.orders import read as read_order

            trust = Trust(
                origin=self.core.origin,
                issuers={(self.core.book.raw(Space.MISC, "issuer") or b"").decode(): self.core.keys.warrant.public},
            )
            self.relay.tell(read_order(data, trust))
        return data


@asynccontextmanager
async def plane(folder: Path, **flags: Any) -> AsyncIterator[Plane]:
    folder.mkdir(exist_ok=True)
    core = await made(folder, **flags)
    service = Service(core)
    await service.start()
    try:
        async with relay(routes=node_desk.routes(service.node_desk)) as carrier:
            yield Plane(service, carrier, folder)
    finally:
        await service.close()


async def joined(control: Plane, folder: Path, name: str = "berlin", **flags: Any) -> Config:
    """A node's store, enrolled and joined; its settings."""
    folder.mkdir(exist_ok=True)
    given = {"node__control": control.relay.url, "node__clock": "same-host", "node__hand_in_s": 0.2} | flags
    settings = config(folder, **given)
    request = await create_node(settings, domain=control.core.book.domain, name=name, party=control.operator)
    write_card(settings.store_path / CARD_FILE, await control.enrol(request))
    return settings


@asynccontextmanager
async def node(settings: Config) -> AsyncIterator[Node]:
    running = Node(await open_core(settings))
    try:
        await running.start()
        yield running
    finally:
        await running.close()
