# SPDX-License-Identifier: Apache-2.0
"""From what a person says of a tool to its leaf, and from a leaf to the row that stands in the registry: plan functions
and replay take the same way, so that what is told from the leaves is what was written."""

from __future__ import annotations

from typing import Final

import msgspec
from msgspec import UNSET, UnsetType

from answerable.model.attestations import Attested
from answerable.model.leaves import BoundRef, MeterRef, ToolClassRef, ToolLeaf
from answerable.model.terms import AdminRole, Criticality, Effect, World
from answerable.model.tools import Bound, MeterKind, Tool, ToolClass, ToolMeter, ToolState

IMPORT: Final = "import"
CLASSIFY: Final = "classify"
PIN: Final = "pin"
WITHDRAW: Final = "withdraw"

# What an unclassified row says: the gravest, should anybody ever read it.
UNSAID: Final = ToolClass(
    world=World.PHYSICAL, criticality=Criticality.CRITICAL, domain="", effect=Effect.IRREVERSIBLE, max_tier=0
)
_AFTER: Final = {
    IMPORT: ToolState.UNCLASSIFIED,
    CLASSIFY: ToolState.CLASSIFIED,
    WITHDRAW: ToolState.WITHDRAWN,
}


def row(leaf: ToolLeaf, rid: str, before: Tool | None) -> Tool:
    """The row once this leaf stands. before: as it was, None for the first leaf of a tool. Raises ValueError for a
    leaf that cannot follow, and for terms that this version does not know."""
    if before is None and leaf.st != IMPORT:
        raise ValueError("it is about a tool that nobody imported")
    if leaf.st not in (*_AFTER, PIN):
        raise ValueError("not a word about a tool")
    said: ToolClass = before or UNSAID
    if not isinstance(leaf.cls, UnsetType):
        said = class_of(leaf.cls)
    elif leaf.st == CLASSIFY:
        raise ValueError("a class that says nothing")
    elif leaf.st == IMPORT:
        said = UNSAID
    members = {name: getattr(said, name) for name in ToolClass.__struct_fields__}
    return Tool(
        **members,
        server=leaf.srv,
        name=leaf.name,
        system=leaf.sys,
        rid=rid,
        state=_AFTER.get(leaf.st, before.state if before else ToolState.UNCLASSIFIED),
        since=before.since if before else leaf.t,
        changed=leaf.t,
        pin=leaf.pin,
        by=_text(leaf.by),
        attested=_text(leaf.att),
    )


def class_ref(said: ToolClass) -> ToolClassRef:
    """The member `cls`: what is at its default is left out."""
    return ToolClassRef(
        app=said.approvals,
        att=said.attestation or UNSET,
        crit=said.criticality.value,
        dom=said.domain,
        dry=said.dry_run or UNSET,
        eff=said.effect.value,
        env=UNSET if said.envelope is None else [_bound_ref(bound) for bound in said.envelope],
        gen=said.generates or UNSET,
        idem=said.idempotency_s or UNSET,
        met=[_meter_ref(meter) for meter in said.meters] or UNSET,
        rate=said.rate or UNSET,
        roles=[role.value for role in said.roles] or UNSET,
        tier=said.max_tier,
        undo=said.undo or UNSET,
        wld=said.world.value,
    )


def class_of(ref: ToolClassRef) -> ToolClass:
    """The other way. Raises ValueError for terms that this version does not know."""
    return ToolClass(
        world=World(ref.wld),
        criticality=Criticality(ref.crit),
        domain=ref.dom,
        effect=Effect(ref.eff),
        undo=_text(ref.undo),
        dry_run=_text(ref.dry),
        approvals=ref.app,
        roles=tuple(AdminRole(role) for role in ref.roles) if isinstance(ref.roles, list) else (),
        meters=tuple(_meter(meter) for meter in ref.met) if isinstance(ref.met, list) else (),
        rate=_number(ref.rate),
        idempotency_s=_number(ref.idem),
        envelope=tuple(_bound(bound) for bound in ref.env) if isinstance(ref.env, list) else None,
        max_tier=ref.tier,
        attestation=_text(ref.att),
        generates=ref.gen is True,
    )


def _bound_ref(bound: Bound) -> BoundRef:
    return BoundRef(
        at=bound.at,
        least=bound.least or UNSET,
        long=bound.longest or UNSET,
        most=bound.most or UNSET,
        one=list(bound.one_of) or UNSET,
        opt=bound.optional or UNSET,
    )


def _bound(ref: BoundRef) -> Bound:
    return Bound(
        at=ref.at,
        least=_text(ref.least),
        most=_text(ref.most),
        one_of=tuple(ref.one) if isinstance(ref.one, list) else (),
        longest=_number(ref.long),
        optional=ref.opt is True,
    )


def _meter_ref(meter: ToolMeter) -> MeterRef:
    return MeterRef(
        at=meter.amount or UNSET,
        cur=meter.currency or UNSET,
        curat=meter.currency_at or UNSET,
        kind=meter.kind.value,
        minor=meter.minor or UNSET,
        most=meter.most or UNSET,
    )


def _meter(ref: MeterRef) -> ToolMeter:
    return ToolMeter(
        kind=MeterKind(ref.kind),
        amount=_text(ref.at),
        minor=_number(ref.minor),
        currency=_text(ref.cur),
        currency_at=_text(ref.curat),
        most=_number(ref.most),
    )


def _text(value: str | UnsetType) -> str:
    return value if isinstance(value, str) else ""


def _number(value: int | UnsetType) -> int:
    return value if isinstance(value, int) else 0


decode = msgspec.json.Decoder(Tool).decode
decode_attested = msgspec.json.Decoder(Attested).decode
