# SPDX-License-Identifier: Apache-2.0
"""Where a running copy gets its warrant, and the next one."""

from __future__ import annotations

from typing import Annotated, Final

import msgspec
from msgspec import Meta

from answerable.admission.requests import WarrantRequest
from answerable.control.answers import Answer
from answerable.control.routing import By, Call, Route
from answerable.control.services import Services

NOTHING: Final = -1  # known: of who wants no orders with its warrant


class AskWarrant(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """signature: base64url, over the request, by the copy's own key (`docs/spec/warrant.md`, "Asking"). known: up to
    which change of the stop set the asker has heard all; -1 where it wants no orders with the warrant."""

    request: WarrantRequest
    signature: str
    known: Annotated[int, Meta(ge=NOTHING, lt=2**53)] = NOTHING


class WarrantGranted(Answer, frozen=True, kw_only=True):
    """token: the warrant; grant: rid of the leaf of this boot's first one; life: ms from its issue to its end, to be
    counted on the holder's own monotonic clock from when it asked; epoch: the change of the stop set that it names;
    orders: the messages of the changes up to there that the asker does not know, where they fit."""

    token: str
    grant: str
    seq: int
    expires: int
    life: int
    epoch: int
    orders: tuple[str, ...] = ()


async def ask(services: Services, call: Call[AskWarrant]) -> WarrantGranted:
    granted = await services.issuer.answer(call.body.request, call.body.signature)
    warrant, known = granted.warrant, call.body.known
    # Whoever dies now must not leave behind a warrant of an order that nobody alive can tell.
    told = await services.explained(known, warrant.epoch) if known != NOTHING else ()
    return WarrantGranted(
        token=granted.token,
        grant=warrant.grant,
        seq=warrant.seq,
        expires=warrant.exp_ms,
        life=warrant.exp_ms - warrant.iat_ms,
        epoch=warrant.epoch,
        orders=tuple([message.decode() for message in told]),
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
