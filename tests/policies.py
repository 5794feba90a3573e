# SPDX-License-Identifier: Apache-2.0
"""Facts to decide about: an answer, a call, and single points with the rule that each of them meets."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import msgspec

from answerable.model.actions import About, Action, Facts
from answerable.model.records import Copy, Party, PartyRole, System
from answerable.model.terms import (
    Act,
    Audience,
    Criticality,
    DataClass,
    Effect,
    Locality,
    PartyKind,
    Role,
    Ruling,
    Standing,
    SystemKind,
    World,
)
from answerable.model.tools import Tool, ToolState
from answerable.model.warrants import Bearer, Credential, Peer, Warrant

POINT = Facts(
    act=Act.GENERATION,
    tier=1,
    world=World.INFORMATION,
    criticality=Criticality.ORDINARY,
    audience=Audience.PUBLIC,
    standing=Standing.VOUCHED,
    stopped=False,
    duties_met=True,
    data_class=DataClass.OPEN,
    locality=Locality.LOCAL,
    effect=Effect.NONE,
    envelope=False,
    guarded=False,
    attested=True,
    funded=True,
    needs_met=True,
)
CALL = msgspec.structs.replace(POINT, act=Act.TOOL_CALL, effect=Effect.READ)
# A machine that moves within its envelope and under its guard, and a step in a laboratory.
MOTION = msgspec.structs.replace(
    POINT, act=Act.TOOL_CALL, effect=Effect.IRREVERSIBLE, world=World.PHYSICAL, tier=3, envelope=True, guarded=True
)
WET = msgspec.structs.replace(
    POINT,
    act=Act.TOOL_CALL,
    effect=Effect.IRREVERSIBLE,
    world=World.BIOLOGICAL,
    tier=4,
    criticality=Criticality.CRITICAL,
)

PARTY = Party(
    rid="p" * 32, id="LEIXG-5493001KJTIIGC8Y1R12", kind=PartyKind.ORG, name="Bank", standing=Standing.VOUCHED, since=0
)


def bearer(name: str, num: int = 1, **changed: Any) -> Bearer:
    """A copy of a system called `name`, under a live warrant. changed: members of the system."""
    made = System(
        rid=name[0] * 32,
        id=f"spiffe://demo.invalid/system/{name}",
        num=num,
        kind=SystemKind.AGENT,
        name=name,
        version="1",
        parties=(PartyRole(party=PARTY.rid, role=Role.DEPLOYER),),
        edges=(),
        ancestors=(),
        tier=1,
        audience=Audience.PUBLIC,
        worlds=(World.INFORMATION,),
        criticality=Criticality.ORDINARY,
        since=0,
    )
    system = msgspec.structs.replace(made, **changed)
    copy = Copy(rid=name[0] * 31 + "c", id=system.id + "/copy/1", system=system.rid, key="k", since=0)
    warrant = Warrant(
        iss="i", aud="g", copy=copy.id, system=system.id, party=PARTY.rid, grant="w" * 32, ancestors=(num,), iat_ms=0,
        exp_ms=60_000, jti="j", seq=1, nonce="n", epoch=0, key="k", worlds=system.worlds,
        max_criticality=Criticality.CRITICAL, tier=system.tier, audience=system.audience, tools=("*",),
        copy_rid=copy.rid,
    )  # fmt: skip
    return Bearer(warrant, system, copy, PARTY, 60_000)


def tool(**changed: Any) -> Tool:
    """A classified tool that reads."""
    made = Tool(
        world=World.INFORMATION,
        criticality=Criticality.ORDINARY,
        domain="general",
        effect=Effect.READ,
        server="office",
        name="look",
        system="s" * 32,
        rid="t" * 32,
        state=ToolState.CLASSIFIED,
        since=0,
        changed=0,
    )
    return msgspec.structs.replace(made, **changed)


def about(tool: Tool | None = None, **changed: Any) -> About:
    """Who asks, and for what. changed: members of the action."""
    act = Act.GENERATION if tool is None else Act.TOOL_CALL
    fields: dict[str, Any] = {
        "act": act, "credential": Credential("x", Peer()), "model": tool.server if tool else "writer", "request": {},
        "body": b"{}", "stream": False, "language": "en", "tool": tool.name if tool else "",
    }  # fmt: skip
    return About(
        Action(**(fields | changed)), bearer("agent"), bearer("server" if tool else "writer", 2), tool,
        "ab" * 32 if tool else "",
    )  # fmt: skip


ABOUT = about()
LOOK = tool()
ABOUT_CALL = about(LOOK)


@dataclass(frozen=True)
class Example:
    facts: Facts
    ruling: Ruling
    rule: str

    def __str__(self) -> str:
        return f"{self.rule}-{self.facts.act}-{self.facts.world}-{self.facts.tier}-{self.facts.criticality}"


def _of(base: Facts, ruling: Ruling, rule: str, **members: Any) -> Example:
    return Example(msgspec.structs.replace(base, **members), ruling, rule)


PERMIT, HOLD, REFUSE = Ruling.PERMIT, Ruling.HOLD, Ruling.REFUSE
SENSITIVE, CRITICAL = Criticality.SENSITIVE, Criticality.CRITICAL
EXAMPLES = (
    _of(POINT, PERMIT, "R100"),
    _of(POINT, PERMIT, "R100", act=Act.EMBEDDING),
    _of(POINT, PERMIT, "R100", tier=0, standing=Standing.DECLARED),
    _of(POINT, REFUSE, "R004", standing=Standing.DECLARED),
    _of(POINT, REFUSE, "R005", standing=Standing.DECLARED, tier=0, criticality=SENSITIVE),
    _of(POINT, REFUSE, "R002", stopped=True),
    _of(POINT, REFUSE, "R003", duties_met=False),
    _of(POINT, PERMIT, "R100", data_class=DataClass.CONFIDENTIAL),
    _of(POINT, PERMIT, "R100", data_class=DataClass.CONFIDENTIAL, locality=Locality.PRIVATE),
    _of(POINT, REFUSE, "R010", data_class=DataClass.CONFIDENTIAL, locality=Locality.EXTERNAL),
    _of(POINT, REFUSE, "R011", data_class=DataClass.INTERNAL, locality=Locality.EXTERNAL),
    _of(POINT, PERMIT, "R100", locality=Locality.EXTERNAL),
    _of(POINT, PERMIT, "R101", criticality=SENSITIVE),
    _of(POINT, HOLD, "R031", criticality=CRITICAL),
    _of(POINT, PERMIT, "R102", tier=3),
    _of(POINT, HOLD, "R034", tier=3, criticality=SENSITIVE),
    _of(POINT, HOLD, "R032", tier=4),
    _of(POINT, REFUSE, "R007", effect=Effect.READ),
    _of(POINT, REFUSE, "R007", effect=Effect.WRITE, act=Act.EMBEDDING),
    _of(POINT, REFUSE, "R019", world=World.PHYSICAL, tier=3, envelope=True, guarded=True),
    _of(POINT, REFUSE, "R021", world=World.BIOLOGICAL, tier=4),
    _of(POINT, REFUSE, "R024", funded=False),
    # Out of the box creative and ordinary tools of the information world run, whatever they leave behind.
    *(_of(CALL, PERMIT, "R100", effect=effect, criticality=criticality)
      for effect in (Effect.READ, Effect.WRITE, Effect.IRREVERSIBLE)
      for criticality in (Criticality.CREATIVE, Criticality.ORDINARY)),
    _of(CALL, REFUSE, "R006", effect=Effect.NONE),
    _of(CALL, PERMIT, "R101", criticality=SENSITIVE, effect=Effect.WRITE),
    _of(CALL, HOLD, "R035", criticality=SENSITIVE, effect=Effect.IRREVERSIBLE),
    _of(CALL, HOLD, "R031", criticality=CRITICAL),
    _of(CALL, PERMIT, "R102", tier=3),
    _of(CALL, HOLD, "R033", tier=3, effect=Effect.WRITE),
    _of(CALL, HOLD, "R033", tier=3, effect=Effect.IRREVERSIBLE, criticality=SENSITIVE),
    _of(CALL, HOLD, "R034", tier=3, criticality=SENSITIVE),
    _of(CALL, HOLD, "R032", tier=4),
    _of(CALL, REFUSE, "R023", attested=False),
    _of(CALL, REFUSE, "R024", funded=False),
    _of(CALL, REFUSE, "R025", needs_met=False),
    _of(CALL, REFUSE, "R010", data_class=DataClass.CONFIDENTIAL, locality=Locality.EXTERNAL),
    _of(MOTION, PERMIT, "R103"),
    _of(MOTION, PERMIT, "R103", criticality=SENSITIVE),
    _of(MOTION, PERMIT, "R103", criticality=SENSITIVE, effect=Effect.READ),
    _of(MOTION, PERMIT, "R103", tier=0),
    _of(MOTION, HOLD, "R031", criticality=CRITICAL),
    _of(MOTION, HOLD, "R032", tier=4),
    _of(MOTION, REFUSE, "R020", envelope=False),
    _of(MOTION, REFUSE, "R022", guarded=False),
    _of(MOTION, REFUSE, "R008", standing=Standing.DECLARED, tier=0),
    _of(MOTION, REFUSE, "R004", standing=Standing.DECLARED),
    _of(MOTION, REFUSE, "R002", stopped=True),
    _of(WET, HOLD, "R030"),
    _of(WET, HOLD, "R030", tier=0, criticality=Criticality.CREATIVE, effect=Effect.READ),
    _of(WET, REFUSE, "R023", attested=False),
    _of(WET, REFUSE, "R008", standing=Standing.DECLARED, tier=0, criticality=Criticality.ORDINARY),
)  # fmt: skip
