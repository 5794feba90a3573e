# SPDX-License-Identifier: Apache-2.0
"""Handles for plain clients: issued once, listed without their value, revoked for ever."""

from __future__ import annotations

from typing import Annotated

import msgspec
from msgspec import Meta

from answerable.control.answers import Answer, Recorded
from answerable.control.commit import carry_out
from answerable.control.routing import Call, Route
from answerable.control.services import Services
from answerable.errors import Refused
from answerable.model.records import Handle
from answerable.model.terms import AdminRole
from answerable.warrants import handles

RID_OR_DIGEST = Annotated[str, Meta(max_length=64, description="record id or SHA-256 (hex) of the handle")]


class IssueHandle(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """copy: for which it speaks; binding: ``unix`` or ``cidr:<network>``; life: ms."""

    copy: Annotated[str, Meta(max_length=400)]
    binding: Annotated[str, Meta(max_length=100)]
    life: Annotated[int, Meta(ge=1)]


class RevokeHandle(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    handle: RID_OR_DIGEST


class HandleIssued(Answer, frozen=True, kw_only=True):
    """value: shown this once and kept nowhere."""

    value: str
    row: Handle


async def listed(services: Services, call: Call[None]) -> list[Handle]:
    return sorted(services.book.handles(), key=lambda handle: handle.since)


async def issue(services: Services, call: Call[IssueHandle]) -> HandleIssued:
    body = call.body
    planned, _ = await carry_out(
        services,
        lambda: handles.issue(
            services.book,
            copy=body.copy,
            binding=body.binding,
            life_ms=body.life,
            by=call.by.rid,
            now_ms=services.clock.now_ms(),
            certificates=services.certificates,
        ),
    )
    return HandleIssued(value=planned.handle, row=planned.row)


async def revoke(services: Services, call: Call[RevokeHandle]) -> Recorded:
    known = next((h for h in services.book.handles() if call.body.handle in (h.rid, h.digest)), None)
    if known is None:
        raise Refused("handle.unknown")
    planned, written = await carry_out(
        services,
        lambda: handles.revoke(services.book, digest=known.digest, by=call.by.rid, now_ms=services.clock.now_ms()),
    )
    return Recorded(rid=planned.rid, id="", index=written.first, at=written.at)


ROUTES = (
    Route("GET", "/handles", AdminRole.VIEWER, listed, list[Handle], "Every handle, by its digest."),
    Route(
        "POST", "/handles", AdminRole.OPERATOR, issue, HandleIssued, "Issue a handle for a running copy.", IssueHandle
    ),
    Route("POST", "/handles/revoke", AdminRole.OPERATOR, revoke, Recorded, "Revoke a handle.", RevokeHandle),
)
