# SPDX-License-Identifier: Apache-2.0
"""Envelopes for on-site issuers: who asks for one names the longer bound that it brings (`docs/spec/envelope.md`)."""

from __future__ import annotations

import msgspec

from answerable.admission.envelope import bound_ms
from answerable.control.answers import Answer
from answerable.control.routing import Call, Route
from answerable.control.services import Services
from answerable.errors import Unavailable
from answerable.model.envelopes import Envelope
from answerable.model.terms import AdminRole
from answerable.warrants.envelopes import EnvelopeRequest


class AskEnvelope(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    envelope: EnvelopeRequest


class EnvelopeIssued(Answer, frozen=True, kw_only=True):
    """token: to be put beside the on-site issuer's key; bound: ms after an order by when nothing is admitted under it
    any more, if no word of the order comes to the site."""

    token: str
    envelope: Envelope
    bound: int


async def issue(services: Services, call: Call[AskEnvelope]) -> EnvelopeIssued:
    if services.envelopes is None:
        raise Unavailable("envelope.off")
    token, envelope = await services.envelopes.grant(call.body.envelope)
    return EnvelopeIssued(token=token, envelope=envelope, bound=bound_ms(envelope.exp_ms - envelope.iat_ms))


ROUTES = (
    Route(
        "POST",
        "/envelopes",
        AdminRole.OFFICER,
        issue,
        EnvelopeIssued,
        "An envelope for an on-site issuer; the request names the bound that it brings, and so agrees to it.",
        AskEnvelope,
    ),
)
