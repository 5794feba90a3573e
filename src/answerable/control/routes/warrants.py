# SPDX-License-Identifier: Apache-2.0
"""Where a running copy gets its warrant, and the next one."""

from __future__ import annotations

import msgspec

from answerable.admission.requests import WarrantRequest
from answerable.control.answers import Answer
from answerable.control.routing import By, Call, Route
from answerable.control.services import Services


class AskWarrant(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """signature: base64url, over the request, by the copy's own key (`docs/spec/warrant.md`, "Asking")."""

    request: WarrantRequest
    signature: str


class WarrantGranted(Answer, frozen=True, kw_only=True):
    """token: the warrant; grant: rid of the leaf of this boot's first one; life: ms from its issue to its end, to be
    counted on the holder's own monotonic clock from when it asked."""

    token: str
    grant: str
    seq: int
    expires: int
    life: int


async def ask(services: Services, call: Call[AskWarrant]) -> WarrantGranted:
    granted = await services.issuer.answer(call.body.request, call.body.signature)
    warrant = granted.warrant
    return WarrantGranted(
        token=granted.token,
        grant=warrant.grant,
        seq=warrant.seq,
        expires=warrant.exp_ms,
        life=warrant.exp_ms - warrant.iat_ms,
    )


ROUTES = (
    Route(
        "POST",
        "/warrants",
        By.ANYONE,
        ask,
        WarrantGranted,
        "A copy's first warrant of a boot, or its next; the copy's own key signs the request in the body.",
        AskWarrant,
    ),
)
