# SPDX-License-Identifier: Apache-2.0
"""The tool registry: what servers list, what people say of it, and what of it may be called.

Import and proposals show; only a person's word on the definition that they saw makes a tool callable.
"""

from __future__ import annotations

from dataclasses import replace

import msgspec

from answerable.control.answers import Answer, Recorded
from answerable.control.commit import carry_out
from answerable.control.routing import Call, Route
from answerable.control.services import Services, ToolServers
from answerable.crypto.b64 import unb64u
from answerable.errors import Refused, VerificationError
from answerable.model.records import PartyKey
from answerable.model.roles import may
from answerable.model.terms import AdminRole
from answerable.model.tools import Definition, Tool, ToolClass, ToolState
from answerable.model.units import Space
from answerable.policy import worlds
from answerable.tools import attestations, registry
from answerable.tools.planned import Planned
from answerable.tools.propose import Proposal, Reason, propose
from answerable.tools.registry import ClassifyTool, ImportTools, PinTool, WithdrawTool

SERVER = {"server": "name of one configured server; all of them where it is left out"}
_party_key = msgspec.json.Decoder(PartyKey).decode


class ToolShown(Answer, frozen=True, kw_only=True):
    """tool: <server>/<name>. state: also `changed` (listed otherwise than pinned), `unlisted` (not listed now), and
    `new` (listed, and not imported). pinned, listed: digests, "" for none."""

    tool: str
    state: str
    pinned: str
    listed: str
    row: Tool | None


class ToolDetail(ToolShown, frozen=True, kw_only=True):
    """definition: as the server lists it now, None where it does not. proposal, reasons, reasons_zh: of a tool whose
    definition is known."""

    definition: msgspec.Raw | None
    proposal: ToolClass | None
    reasons: list[str]
    reasons_zh: list[str]


class ImportedTools(Answer, frozen=True, kw_only=True):
    """rid: of the newest leaf, "" where nothing was new. refused: name -> code."""

    server: str
    rid: str
    new: list[str]
    changed: list[str]
    refused: dict[str, str]
    tools: list[ToolDetail]


class ServerShown(Answer, frozen=True, kw_only=True):
    """problem: code of what ails it, "" for nothing; open: whether it answers who has no credential of this gateway,
    None where that is not known."""

    server: str
    problem: str
    tools: int
    open: bool | None


class Attest(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """A DSSE envelope, base64url, with an in-toto statement about the system."""

    system: str
    envelope: str


async def servers(services: Services, call: Call[None]) -> list[ServerShown]:
    """Asks each server at an address without the gate's credential."""
    run = _servers(services)
    answers, problems = await run.answers_anyone(), run.problems()
    known = {name.partition(" ")[2]: code for name, code in problems.items()}
    return [
        ServerShown(
            server=name,
            problem=known[name],
            tools=len(run.listed(name).server.definitions()) if name in run.names() else 0,
            open=answers.get(name),
        )
        for name in sorted(known)
    ]


async def listed(services: Services, call: Call[None]) -> list[ToolShown]:
    asked = call.query.get("server", "")
    rows = {tool.key: tool for tool in registry.every(services.book, asked)}
    run = _servers(services)
    found = {
        f"{name}/{definition.name}": definition
        for name in run.names()
        if asked in ("", name)
        for definition in run.listed(name).server.definitions()
    }
    return [_shown(key, rows.get(key), found.get(key)) for key in sorted(rows.keys() | found.keys())]


async def show(services: Services, call: Call[None]) -> ToolDetail:
    return _detail(services, call.path["tool"])


async def take(services: Services, call: Call[ImportTools]) -> ImportedTools:
    server = _servers(services).listed(call.body.server)
    await server.server.refresh()
    found = tuple(server.server.definitions())

    def plan() -> registry.Imported:
        return registry.import_tools(
            services.book, call.body.server, server.system, found, services.clock.now_ms(), by=call.by.rid
        )

    imported = plan()
    rid = ""
    if imported.planned is not None:
        planned, _ = await carry_out(services, lambda: _something(plan()))
        rid = planned.rid
    refused = dict(server.server.refused()) | dict(imported.refused)
    return ImportedTools(
        server=call.body.server,
        rid=rid,
        new=list(imported.new),
        changed=list(imported.changed),
        refused=refused,
        tools=[_detail(services, f"{call.body.server}/{definition.name}") for definition in found],
    )


async def classify(services: Services, call: Call[ClassifyTool]) -> Recorded:
    definition, _ = _now(services, call.body.tool)
    planned, written = await carry_out(
        services,
        lambda: registry.classify(
            services.book, call.body, definition, services.clock.now_ms(), by=call.by.rid, floors=worlds.floor
        ),
    )
    return Recorded(rid=planned.rid, id=call.body.tool, index=written.first, at=written.at)


async def pin(services: Services, call: Call[PinTool]) -> Recorded:
    """By an administrator, or by whom the configuration trusts to attest: then an operator hands it in."""
    definition, system = _now(services, call.body.tool)
    attested: Planned | None = None
    if call.body.attestation:
        said = attestations.read(_envelope(call.body.attestation), _attesters(services))
        attested = attestations.of_tool(said, call.body.pin, system, services.clock.now_ms())
    elif not may(call.by.roles, AdminRole.ADMINISTRATOR):
        raise Refused("admin.role", needed=AdminRole.ADMINISTRATOR.value, roles=", ".join(call.by.roles))

    def plan() -> Planned:
        planned = registry.pin(
            services.book,
            call.body,
            definition,
            system,
            services.clock.now_ms(),
            by=call.by.rid,
            floors=worlds.floor,
            attested=attested.rid if attested is not None else "",
        )
        if attested is None:
            return planned
        unit = msgspec.structs.replace(planned.unit, leaves=(*attested.unit.leaves, *planned.unit.leaves))
        return replace(planned, unit=unit)

    planned, written = await carry_out(services, plan)
    if attested is not None:
        await _witnessed(services, planned.rid)
    return Recorded(rid=planned.rid, id=call.body.tool, index=written.first, at=written.at)


async def withdraw(services: Services, call: Call[WithdrawTool]) -> Recorded:
    planned, written = await carry_out(
        services, lambda: registry.withdraw(services.book, call.body, services.clock.now_ms(), by=call.by.rid)
    )
    return Recorded(rid=planned.rid, id=call.body.tool, index=written.first, at=written.at)


async def attest(services: Services, call: Call[Attest]) -> Recorded:
    system = services.book.system(call.body.system)
    if system is None:
        raise Refused("system.unknown", system=call.body.system[:80])
    said = attestations.read(_envelope(call.body.envelope), _attesters(services))
    planned, written = await carry_out(
        services, lambda: attestations.of_system(services.book, said, system, services.clock.now_ms())
    )
    await _witnessed(services, planned.rid)
    return Recorded(rid=planned.rid, id=system.id, index=written.first, at=written.at)


async def _witnessed(services: Services, rid: str) -> None:
    """What was attested is acknowledged once a quorum has seen it, where there are witnesses. Raises Unavailable
    ``log.unwitnessed``: it stands, and nobody was told so."""
    await services.reader.prove_all((rid,), cosigned=True)


def _something(imported: registry.Imported) -> Planned:
    """Somebody else may have imported the same meanwhile. Raises Refused ``log.conflict``."""
    if imported.planned is None:
        raise Refused("log.conflict")
    return imported.planned


def _servers(services: Services) -> ToolServers:
    if services.servers is None:
        raise Refused("node.here")
    return services.servers


def _now(services: Services, tool: str) -> tuple[Definition, str]:
    """(the definition that its server lists now, rid of the server's system). Raises Refused ``tool.*``."""
    server, _, name = tool.partition("/")
    registry.row(services.book, tool)
    here = _servers(services).listed(server)
    definition = here.server.definition(name)
    if definition is None:
        raise Refused("tool.changed", tool=tool)
    return definition, here.system


def _proposal(run: ToolServers, server: str, definition: Definition) -> Proposal:
    """Of the registry's own tools as they ship; of any other what its words and hints say."""
    if server in run.names() and (said := getattr(run.listed(server).server, "classes", {}).get(definition.name)):
        return Proposal(said, (Reason("a tool of this registry, as it ships", "本登记处自身的工具，按发布时的分类"),))
    return propose(definition, worlds.floor)


def _detail(services: Services, tool: str) -> ToolDetail:
    server, _, name = tool.partition("/")
    raw = services.book.raw(Space.TOOLS, tool)
    row = registry.row(services.book, tool) if raw is not None else None
    run = _servers(services)
    definition = run.listed(server).server.definition(name) if server in run.names() else None
    if row is None and definition is None:
        raise Refused("tool.unknown", tool=tool.encode("ascii", "backslashreplace").decode()[:200])
    proposal = _proposal(run, server, definition) if definition is not None else None
    shown = _shown(tool, row, definition)
    return ToolDetail(
        tool=shown.tool,
        state=shown.state,
        pinned=shown.pinned,
        listed=shown.listed,
        row=shown.row,
        definition=msgspec.Raw(definition.canonical) if definition is not None else None,
        proposal=proposal.said if proposal is not None else None,
        reasons=[reason.english for reason in proposal.reasons] if proposal is not None else [],
        reasons_zh=[reason.chinese for reason in proposal.reasons] if proposal is not None else [],
    )


def _shown(key: str, row: Tool | None, definition: Definition | None) -> ToolShown:
    if row is None:
        state = "new"
    elif row.state is ToolState.WITHDRAWN:
        state = row.state.value
    elif definition is None:
        state = "unlisted"
    else:
        state = row.state.value if definition.pin == row.pin else "changed"
    return ToolShown(
        tool=key,
        state=state,
        pinned=row.pin if row is not None else "",
        listed=definition.pin if definition is not None else "",
        row=row,
    )


def _attesters(services: Services) -> list[PartyKey]:
    """The keys of the parties whose attestations count here."""
    trusted = {party.rid for each in services.attesters if (party := services.book.party(each)) is not None}
    rows = (_party_key(raw) for _, raw in services.book.rows(Space.PARTY_KEYS))
    return [row for row in rows if row.party in trusted]


def _envelope(text: str) -> bytes:
    try:
        return unb64u(text)
    except VerificationError:
        raise Refused("tool.attestation", detail="not base64url") from None


ROUTES = (
    Route("GET", "/servers", AdminRole.VIEWER, servers, list[ServerShown], "Tool servers, and whether each is shut."),
    Route(
        "GET", "/tools", AdminRole.VIEWER, listed, list[ToolShown], "Tools, and what stands against each.", query=SERVER
    ),
    Route("GET", "/tools/{tool}", AdminRole.VIEWER, show, ToolDetail, "One tool: definition, class, proposal."),
    Route(
        "POST",
        "/tools/import",
        AdminRole.ADMINISTRATOR,
        take,
        ImportedTools,
        "Make a server's tools known; each stays unclassified.",
        ImportTools,
    ),
    Route("POST", "/tools/classify", AdminRole.ADMINISTRATOR, classify, Recorded, "Say what a tool is.", ClassifyTool),
    Route("POST", "/tools/pin", AdminRole.OPERATOR, pin, Recorded, "Stand for a tool's definition of now.", PinTool),
    Route(
        "POST", "/tools/withdraw", AdminRole.ADMINISTRATOR, withdraw, Recorded, "Take a tool out of use.", WithdrawTool
    ),
    Route(
        "POST", "/attestations", AdminRole.OPERATOR, attest, Recorded, "Hand in what was attested of a system.", Attest
    ),
)
