# SPDX-License-Identifier: Apache-2.0
"""An action in words that people write: for `answerable policy explain`, for cases, for what a change would do.

What is left out is as harmless as can be where it says who asks, and not there where a tool would need it: an envelope,
a guard, an attestation, a budget are named or are lacking.
"""

from __future__ import annotations

from dataclasses import dataclass
from hashlib import sha256
from typing import Annotated, Any, Final

import msgspec
from msgspec import Meta

from answerable.crypto import jcs
from answerable.errors import Refused, VerificationError
from answerable.model.actions import About, Action, Facts
from answerable.model.records import Copy, Party, PartyRole, System
from answerable.model.terms import (
    Act,
    AdminRole,
    Audience,
    Criticality,
    DataClass,
    Effect,
    Locality,
    PartyKind,
    Role,
    Standing,
    SystemKind,
    World,
)
from answerable.model.tools import Bound, Floor, Tool, ToolState
from answerable.model.warrants import Bearer, Credential, Peer, Warrant
from answerable.policy import worlds

_Text = Annotated[str, Meta(max_length=512)]
# A record id of nobody: 32 characters, as those that are.
_NOBODY: Final = "0" * 32


class Described(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """system, party, copy: ids of who asks; name, kind, capabilities: of that system; via: id of the model's or the
    server's system; tools: what the warrant lets it call. server, tool, domain, effect: of a tool call; without them it
    is an answer. approvals, roles, attestation, max_tier: of the tool's row, beyond its domain's. arguments: of the
    call."""

    act: Act | None = None
    tier: Annotated[int, Meta(ge=0, le=4)] = 1
    world: World = World.INFORMATION
    criticality: Criticality = Criticality.CREATIVE
    audience: Audience = Audience.INTERNAL
    standing: Standing = Standing.VOUCHED
    stopped: bool = False
    duties_met: bool = True
    data_class: DataClass = DataClass.OPEN
    locality: Locality = Locality.LOCAL
    envelope: bool = False
    guarded: bool = False
    attested: bool = False
    funded: bool = False
    system: _Text = "spiffe://example.invalid/system/agent"
    name: _Text = "agent"
    kind: SystemKind = SystemKind.AGENT
    capabilities: tuple[_Text, ...] = ()
    party: _Text = "PERSON-somebody"
    copy: _Text = ""
    via: _Text = "spiffe://example.invalid/system/model"
    tools: tuple[_Text, ...] = ("*",)
    principal: _Text = ""
    language: _Text = "en"
    stream: bool = False
    server: _Text = ""
    tool: _Text = ""
    domain: _Text = ""
    effect: Effect = Effect.NONE
    approvals: Annotated[int, Meta(ge=0, le=8)] = 0
    roles: tuple[AdminRole, ...] = ()
    attestation: _Text = ""
    max_tier: Annotated[int, Meta(ge=0, le=4)] = 4
    arguments: dict[str, Any] = {}


@dataclass(frozen=True, slots=True)
class Case:
    """What `policy.combine.decide` takes. asked: of a tool call what its row and its domain ask, else None."""

    facts: Facts
    about: About
    asked: Floor | None


def read(told: Any) -> Described:
    """A decoded JSON or TOML object as a description. Raises Refused ``policy.action``."""
    try:
        return msgspec.convert(told, Described, strict=True)
    except msgspec.ValidationError as error:
        raise Refused("policy.action", detail=str(error)) from None


def case(told: Described) -> Case:
    """Raises Refused ``policy.action`` for what contradicts itself: a tool of an unknown domain, an answer with one."""
    called = bool(told.tool or told.domain or told.server or told.effect is not Effect.NONE)
    act = told.act or (Act.TOOL_CALL if called else Act.GENERATION)
    if act is not Act.TOOL_CALL:
        if called:
            raise Refused("policy.action", detail="tool, server, domain and effect are those of a tool call")
        return Case(_facts(told, act), _about(told, act, None), None)
    tool = _tool(told)
    asked = worlds.asked(tool)
    if asked is None:
        known = "an effect (read, write, irreversible)" if told.effect is Effect.NONE else "a domain of worlds.toml"
        raise Refused("policy.action", detail=f"a tool call has {known}: not {told.domain!r}, {told.effect.value}")
    return Case(_facts(told, act, asked), _about(told, act, tool), asked)


def _facts(told: Described, act: Act, asked: Floor | None = None) -> Facts:
    """As the path makes them (`pipeline`)."""
    facts = Facts(
        act=act,
        tier=told.tier,
        world=told.world,
        criticality=told.criticality,
        audience=told.audience,
        standing=told.standing,
        stopped=told.stopped,
        duties_met=told.duties_met,
        data_class=told.data_class,
        locality=told.locality,
        effect=Effect.NONE,
        envelope=False,
        guarded=told.guarded,
        attested=True,
        funded=True,
        needs_met=True,
    )
    if asked is None:
        return facts
    criticality = max(told.criticality, asked.criticality, key=lambda each: each.rank)
    return msgspec.structs.replace(
        facts,
        world=asked.world,
        criticality=criticality,
        effect=told.effect,
        envelope=told.envelope,
        attested=told.attested or not asked.attestation,
        funded=told.funded or not asked.budget,
        needs_met=worlds.met(
            asked, tier=told.tier, criticality=criticality, envelope=told.envelope, guarded=told.guarded
        ),
    )


def _about(told: Described, act: Act, tool: Tool | None) -> About:
    action = Action(
        act=act,
        credential=Credential("", Peer()),
        model=told.server if tool else told.via,
        request={},
        body=b"",
        stream=told.stream,
        language=told.language,
        data_class=told.data_class,
        world=told.world,
        criticality=told.criticality,
        principal=told.principal,
        tool=told.tool,
    )
    try:
        digest = sha256(jcs.dumps(told.arguments)).hexdigest() if tool else ""
    except VerificationError as error:
        raise Refused("policy.action", detail=f"arguments: {error.reason()}") from None
    party = Party(
        rid=_NOBODY, id=told.party, kind=PartyKind.ORG, name=told.party, standing=told.standing, since=0
    )  # fmt: skip
    caller = _bearer(_system(told.system, told.name, told.kind, told), party, told)
    via = _bearer(_system(told.via, told.server or "model", SystemKind.APPLICATION, told), party, told)
    return About(action, caller, via, tool, digest)


def _system(id: str, name: str, kind: SystemKind, told: Described) -> System:
    return System(
        rid=sha256(id.encode()).hexdigest()[:32],
        id=id,
        num=1,
        kind=kind,
        name=name,
        version="1",
        parties=(PartyRole(party=_NOBODY, role=Role.DEPLOYER),),
        edges=(),
        ancestors=(),
        tier=told.tier,
        audience=told.audience,
        worlds=(told.world,),
        criticality=told.criticality,
        since=0,
        capabilities=told.capabilities,
    )


def _bearer(system: System, party: Party, told: Described) -> Bearer:
    copy = Copy(rid=system.rid, id=told.copy or system.id + "/copy/1", system=system.rid, key="", since=0)
    warrant = Warrant(
        iss="", aud="", copy=copy.id, system=system.id, party=party.rid, grant=_NOBODY, ancestors=(1,), iat_ms=0,
        exp_ms=0, jti="", seq=0, nonce="", epoch=0, key="", worlds=(told.world,), max_criticality=told.criticality,
        tier=told.tier, audience=told.audience, tools=told.tools,
    )  # fmt: skip
    return Bearer(warrant, system, copy, party, 0)


def _tool(told: Described) -> Tool:
    envelope = (Bound(at="/any"),) if told.envelope else None
    return Tool(
        world=told.world, criticality=told.criticality, domain=told.domain or "general", effect=told.effect,
        approvals=told.approvals, roles=told.roles, envelope=envelope, max_tier=told.max_tier,
        attestation=told.attestation, server=told.server or "server", name=told.tool or "tool", system=_NOBODY,
        rid=_NOBODY, state=ToolState.CLASSIFIED, since=0, changed=0,
    )  # fmt: skip
