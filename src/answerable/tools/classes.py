# SPDX-License-Identifier: Apache-2.0
"""Whether a class may be said of a tool: never below its domain's floor, never below what the server itself admits, and
never about arguments that the tool does not take.

A server's annotations are a stranger's word. What makes a tool graver is believed; what makes it harmless is not even
looked at: a lie in `readOnlyHint` gains nothing.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from typing import Any, Final

from answerable.errors import Refused
from answerable.model.terms import Effect, World
from answerable.model.tools import Definition, Floor, MeterKind, ToolClass, ToolMeter
from answerable.tools import envelopes, pointers

Floors = Callable[[str, Effect], Floor | None]  # (domain, effect) -> its floor, None for an unknown domain
MAX_METERS: Final = 4
_CURRENCY: Final = re.compile(r"[A-Z]{3}\Z")  # ISO 4217
_WORLDS: Final = (World.INFORMATION, World.PHYSICAL, World.BIOLOGICAL)
_EFFECTS: Final = (Effect.NONE, Effect.READ, Effect.WRITE, Effect.IRREVERSIBLE)


def check(said: ToolClass, definition: Definition, floors: Floors) -> None:
    """Raises Refused ``tool.class`` for what contradicts itself, ``tool.domain``, ``tool.floor``, ``tool.hint``,
    ``tool.pointer``, ``tool.bound``."""
    if said.effect is Effect.NONE:
        raise Refused("tool.class", tool=definition.name, detail="a tool has an effect: read, write or irreversible")
    floor = floors(said.domain, said.effect)
    if floor is None:
        raise Refused("tool.domain", domain=said.domain[:64])
    for member in below(said, floor):
        raise Refused("tool.floor", domain=said.domain, member=member, least=_least(floor, member))
    if said.approvals and not floor.held:
        raise Refused("tool.class", tool=definition.name, detail=f"calls in {said.domain} never wait for people")
    if said.criticality.rank > floor.max_criticality.rank:
        raise Refused("tool.class", tool=definition.name, detail=f"too critical for {said.domain}: nobody may call it")
    if said.max_tier > floor.max_tier:
        detail = f"nothing in {said.domain} is called above tier {floor.max_tier}"
        raise Refused("tool.class", tool=definition.name, detail=detail)
    if _rank(said.effect) < _rank(admitted(definition)):
        raise Refused("tool.hint", tool=definition.name, effect=admitted(definition).value)
    schema = definition.input_schema
    if said.envelope is not None:
        envelopes.check(said.envelope)
        for bound in said.envelope:
            _known(schema, bound.at)
    if said.dry_run.startswith("/"):
        _known(schema, said.dry_run)
    elif said.dry_run == definition.name or said.undo == definition.name:
        raise Refused("tool.class", tool=definition.name, detail="its undo and its dry run are other tools")
    if len(said.meters) > MAX_METERS:
        raise Refused("tool.class", tool=definition.name, detail=f"more than {MAX_METERS} meters")
    for meter in said.meters:
        _meter(meter, definition)
    if len(said.attestation) > pointers.MAX_POINTER or not said.attestation.isascii():
        raise Refused("tool.class", tool=definition.name, detail="a predicate type that is no URI")


def below(said: ToolClass, floor: Floor) -> tuple[str, ...]:
    """The members in which a class is below its floor."""
    return tuple(
        member
        for member, enough in (
            ("world", _WORLDS.index(said.world) >= _WORLDS.index(floor.world)),
            ("criticality", said.criticality.rank >= floor.criticality.rank),
            ("approvals", said.approvals >= floor.approvals),
            ("roles", not floor.roles or (bool(said.roles) and set(said.roles) <= set(floor.roles))),
            ("envelope", said.envelope is not None or not floor.envelope),
            ("meters", floor.metered(said.meters)),
            ("attestation", not floor.attestation or said.attestation == floor.attestation),
        )
        if not enough
    )


def admitted(definition: Definition) -> Effect:
    """The least effect that the server itself tells: it changes things, where it says that it destroys or that it does
    not only read."""
    said = definition.annotations
    changes = said.get("destructiveHint") is True or said.get("readOnlyHint") is False
    return Effect.WRITE if changes else Effect.READ


def _rank(effect: Effect) -> int:
    return _EFFECTS.index(effect)


def _least(floor: Floor, member: str) -> str:
    if member == "roles":
        return ", ".join(role.value for role in floor.roles)
    if member in ("envelope", "meters"):
        return f"at least one of {floor.meter.value}" if member == "meters" and floor.meter else "one"
    value = getattr(floor, member)
    return str(getattr(value, "value", value))


def _known(schema: dict[str, Any], pointer: str) -> None:
    """Whether the input schema could have an argument there; where a schema says nothing of it, nobody knows. Raises
    Refused ``tool.pointer``."""
    level: Any = schema
    for segment in pointers.segments(pointer):
        if not isinstance(level, dict):
            return
        if segment == pointers.EACH or level.get("type") == "array":
            level = level.get("items")
            continue
        properties = level.get("properties")
        if not isinstance(properties, dict):
            return
        if segment not in properties:
            raise Refused("tool.pointer", pointer=pointer[:80])
        level = properties[segment]


def _meter(meter: ToolMeter, definition: Definition) -> None:
    for pointer in (meter.amount, meter.currency_at):
        if pointer:
            _known(definition.input_schema, pointer)
    money = meter.kind is MeterKind.MONEY
    if money and not meter.currency and not meter.currency_at:
        raise Refused("tool.class", tool=definition.name, detail="money without a currency")
    if meter.currency and not _CURRENCY.match(meter.currency):
        raise Refused("tool.class", tool=definition.name, detail="a currency that is not of ISO 4217")
    if not meter.amount and not meter.most and meter.kind is not MeterKind.CALLS:
        raise Refused("tool.class", tool=definition.name, detail="a meter without an amount")
