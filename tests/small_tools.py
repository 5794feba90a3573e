# SPDX-License-Identifier: Apache-2.0
"""A small tool registry: one server `desk`, with tools that look up, write and pay, and an administrator."""

from __future__ import annotations

from typing import Any

from answerable.model.terms import AdminRole, Criticality, Effect, World
from answerable.model.tools import Bound, Definition, MeterKind, Tool, ToolClass, ToolMeter
from answerable.policy.worlds import floor
from answerable.tools import pins, registry
from tests.small_registry import Registry

LOOK_UP = ToolClass(world=World.INFORMATION, criticality=Criticality.ORDINARY, domain="search", effect=Effect.READ)
NOTE = ToolClass(world=World.INFORMATION, criticality=Criticality.ORDINARY, domain="general", effect=Effect.WRITE)
PAY = ToolClass(
    world=World.INFORMATION,
    criticality=Criticality.SENSITIVE,
    domain="payment",
    effect=Effect.IRREVERSIBLE,
    approvals=1,
    roles=floor("payment", Effect.IRREVERSIBLE).roles,  # type: ignore[union-attr]
    envelope=(Bound(at="/amount", least="0.01", most="500"), Bound(at="/to", longest=40)),
    meters=(ToolMeter(kind=MeterKind.MONEY, amount="/amount", currency="EUR"),),
    idempotency_s=60,
)


def body(name: str, description: str = "Tell the weather.", **more: Any) -> dict[str, Any]:
    """A tool as a server lists it."""
    properties = more.pop("properties", {"city": {"type": "string"}})
    schema = {"type": "object", "properties": properties}
    return {"name": name, "description": description, "inputSchema": schema, **more}


WEATHER = body("weather")
PAYS = body(
    "pay",
    "Pay somebody.",
    properties={"amount": {"type": "number"}, "to": {"type": "string"}},
    annotations={"destructiveHint": True},
)
NOTES = body("note", "Write a note.", properties={"text": {"type": "string"}})


def defined(*bodies: dict[str, Any]) -> tuple[Definition, ...]:
    return tuple(pins.definition(each) for each in bodies)


class Desk:
    """by: rid of the administrator's key leaf; system: rid of the server's."""

    def __init__(self) -> None:
        self.registry = Registry()
        party = self.registry.party()
        self.by = self.registry.admin(self.registry.person(), AdminRole.ADMINISTRATOR)[1]
        self.system = self.registry.system(party, "Desk").rid
        self.book = self.registry.book

    def take(self, *bodies: dict[str, Any], by: str | None = None, system: str = "") -> registry.Imported:
        imported = registry.import_tools(
            self.book,
            "desk",
            system or self.system,
            defined(*bodies),
            self.registry.now,
            by=self.by if by is None else by,
        )
        if imported.planned is not None:
            self.registry.commit(imported.planned)  # type: ignore[arg-type]
        return imported

    def classify(self, said: ToolClass, listed: dict[str, Any], by: str | None = None, pin: str = "") -> str:
        definition = pins.definition(listed)
        request = registry.ClassifyTool(tool=f"desk/{definition.name}", pin=pin or definition.pin, said=said)
        planned = registry.classify(
            self.book, request, definition, self.registry.now, by=self.by if by is None else by, floors=floor
        )
        return self.registry.commit(planned)  # type: ignore[arg-type]

    def row(self, name: str) -> Tool:
        return registry.row(self.book, f"desk/{name}")
