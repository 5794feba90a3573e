# SPDX-License-Identifier: Apache-2.0
"""The tool registry: what a server's tools are, as a person says. Plan functions; `docs/spec/tool-registry.md`.

Importing makes tools known and nothing more: they stay hidden and refused until a person classifies each, over the very
definition that they saw. A definition that changes takes the tool out of use until somebody pins it again.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Annotated, Final

import msgspec
from msgspec import Meta

from answerable.crypto.random import nonce
from answerable.errors import Refused
from answerable.log import leaf as leaves
from answerable.model.leaves import ToolLeaf
from answerable.model.terms import AdminRole
from answerable.model.tools import Definition, Tool, ToolClass, ToolState, key
from answerable.model.units import Effect, Expect, Space, Unit
from answerable.ports import Directory
from answerable.tools import classes, names, pins, told
from answerable.tools.planned import Planned, put, unchanged

# Of one server: a model that is shown more does not choose well, and nobody classifies them.
MAX_TOOLS: Final = 1_000
# An envelope of many bounds is a long leaf.
MAX_LEAF: Final = 16_384

ToolRef = Annotated[str, Meta(max_length=200, description="<server>/<tool>")]
Pin = Annotated[str, Meta(max_length=80, description="sha256:<64 hexadecimal digits> of the definition")]


class Request(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Base: frozen, by keyword, strict."""


class ImportTools(Request, frozen=True, kw_only=True):
    """Make the tools known that a configured server lists now."""

    server: Annotated[str, Meta(max_length=64)]


class ClassifyTool(Request, frozen=True, kw_only=True):
    """Say what a tool is. pin: of the definition that was looked at."""

    tool: ToolRef
    pin: Pin
    said: ToolClass = msgspec.field(name="class")


class PinTool(Request, frozen=True, kw_only=True):
    """Stand for a tool's definition. attestation: a DSSE envelope, base64url, by whom the configuration trusts; ""
    where the person who asks stands for it."""

    tool: ToolRef
    pin: Pin
    attestation: Annotated[str, Meta(max_length=65_536)] = ""


class WithdrawTool(Request, frozen=True, kw_only=True):
    """Take a tool out of use."""

    tool: ToolRef


@dataclass(frozen=True, slots=True)
class Imported:
    """planned: None where nothing is new. new: names that were not known, or were listed otherwise before anybody
    classified them; changed: of tools that somebody stood for, listed otherwise now; refused: (name, code)."""

    planned: Planned | None
    new: tuple[str, ...]
    changed: tuple[str, ...]
    refused: tuple[tuple[str, str], ...]


def import_tools(
    directory: Directory, server: str, system: str, listed: Sequence[Definition], now_ms: int, *, by: str
) -> Imported:
    """Make known what a server lists. system: rid of the server's system; by: rid of the administrator's key leaf.

    Raises Refused ``tool.by``, ``tool.many``.
    """
    _check_by(directory, by)
    if len(listed) > MAX_TOOLS:
        raise Refused("tool.many", server=server, most=MAX_TOOLS)
    known = {tool.name: tool for tool in every(directory, server)}
    stood_for = {name for name, tool in known.items() if tool.state is not ToolState.UNCLASSIFIED}
    alike = names.lookalikes([definition.name for definition in listed], stood_for)
    data: list[bytes] = []
    effects: list[Effect] = []
    expect: list[Expect] = []
    new: list[str] = []
    changed: list[str] = []
    for definition in listed:
        before = known.get(definition.name)
        if definition.name in alike:
            continue
        if before is not None and before.pin == definition.pin and before.system == system:
            continue
        if before is not None and before.state is not ToolState.UNCLASSIFIED:
            changed.append(definition.name)
            continue
        leaf = ToolLeaf(
            by=by or msgspec.UNSET,
            n=nonce(),
            name=definition.name,
            pin=definition.pin,
            srv=server,
            st=told.IMPORT,
            sys=system,
            t=now_ms,
        )
        data.append(leaves.encode(leaf, limit=MAX_LEAF))
        where = key(server, definition.name)
        effects.append(put(Space.TOOLS, where, told.row(leaf, leaves.rid(data[-1]), before)))
        expect.append(unchanged(directory, Space.TOOLS, where))
        new.append(definition.name)
    unit = Unit(leaves=tuple(data), effects=tuple(effects), expect=tuple(expect))
    return Imported(
        Planned(unit, leaves.rid(data[-1])) if data else None,
        tuple(new),
        tuple(changed),
        tuple((name, "tool.lookalike") for name in sorted(alike)),
    )


def classify(
    directory: Directory,
    request: ClassifyTool,
    definition: Definition,
    now_ms: int,
    *,
    by: str,
    floors: classes.Floors,
) -> Planned:
    """definition: as the server lists it now.

    Raises Refused ``tool.by|unknown|changed|lookalike|class|domain|floor|hint|pointer|bound``.
    """
    _check_by(directory, by)
    before = row(directory, request.tool)
    if not before.pin == definition.pin == request.pin:
        raise Refused("tool.changed", tool=before.key)
    classes.check(request.said, definition, floors)
    others = {tool.name for tool in every(directory, before.server) if tool.name != before.name}
    for other in (request.said.undo, request.said.dry_run):
        if other and not other.startswith("/") and other not in others:
            raise Refused("tool.unknown", tool=key(before.server, other)[:200])
    stood_for = {tool.name for tool in classified(directory, before.server)} - {before.name}
    if alike := names.lookalikes([before.name], stood_for):
        raise Refused("tool.lookalike", tool=before.name, other=alike[before.name])
    leaf = ToolLeaf(
        att=before.attested or msgspec.UNSET,
        by=by or msgspec.UNSET,
        cls=told.class_ref(request.said),
        n=nonce(),
        name=before.name,
        pin=definition.pin,
        srv=before.server,
        st=told.CLASSIFY,
        sys=before.system,
        t=now_ms,
    )
    return _planned(directory, leaf, before)


def pin(
    directory: Directory,
    request: PinTool,
    definition: Definition,
    system: str,
    now_ms: int,
    *,
    by: str,
    floors: classes.Floors,
    attested: str = "",
) -> Planned:
    """Stand for the definition that the server lists now. system: rid of the server's system now; attested: rid of the
    attestation leaf that the pin comes from. A class that the new definition does not bear is not taken over.

    Raises Refused ``tool.by|unknown|changed|class|domain|floor|hint|pointer|bound``.
    """
    if not attested:  # whoever attests stands for it; who hands it in is written down beside
        _check_by(directory, by)
    before = row(directory, request.tool)
    if not pins.is_pin(request.pin) or definition.pin != request.pin or definition.name != before.name:
        raise Refused("tool.changed", tool=before.key)
    if before.state is ToolState.CLASSIFIED:
        classes.check(before, definition, floors)
    leaf = ToolLeaf(
        att=attested or msgspec.UNSET,
        by=by or msgspec.UNSET,
        n=nonce(),
        name=before.name,
        pin=definition.pin,
        srv=before.server,
        st=told.PIN,
        sys=system,
        t=now_ms,
    )
    return _planned(directory, leaf, before)


def withdraw(directory: Directory, request: WithdrawTool, now_ms: int, *, by: str) -> Planned:
    """Raises Refused ``tool.by|unknown``."""
    _check_by(directory, by)
    before = row(directory, request.tool)
    leaf = ToolLeaf(
        by=by or msgspec.UNSET,
        n=nonce(),
        name=before.name,
        pin=before.pin,
        srv=before.server,
        st=told.WITHDRAW,
        sys=before.system,
        t=now_ms,
    )
    return _planned(directory, leaf, before)


def row(directory: Directory, ref: str) -> Tool:
    """The row at ``<server>/<tool>``, whatever its state. Raises Refused ``tool.unknown``."""
    raw = directory.raw(Space.TOOLS, ref)
    if raw is None:
        raise Refused("tool.unknown", tool=names.printable(ref)[:200])
    return told.decode(raw)


def every(directory: Directory, server: str = "") -> tuple[Tool, ...]:
    """All that were imported, of one server or of all, by key."""
    rows = sorted(directory.rows(Space.TOOLS))
    return tuple(told.decode(raw) for where, raw in rows if not server or where.startswith(f"{server}/"))


def classified(directory: Directory, server: str = "") -> tuple[Tool, ...]:
    return tuple(tool for tool in every(directory, server) if tool.state is ToolState.CLASSIFIED)


def _planned(directory: Directory, leaf: ToolLeaf, before: Tool) -> Planned:
    data = leaves.encode(leaf, limit=MAX_LEAF)
    rid = leaves.rid(data)
    unit = Unit(
        leaves=(data,),
        effects=(put(Space.TOOLS, before.key, told.row(leaf, rid, before)),),
        expect=(unchanged(directory, Space.TOOLS, before.key),),
    )
    return Planned(unit, rid)


def _check_by(directory: Directory, by: str) -> None:
    """Only an administrator says what a tool is; before the first one there is nobody to ask."""
    if not by and not any(AdminRole.ADMINISTRATOR in a.roles for a in directory.admins() if not a.ended):
        return
    admin = directory.admin(by) if by else None
    if admin is None or admin.ended or AdminRole.ADMINISTRATOR not in admin.roles:
        raise Refused("tool.by", by=by or "nobody")
