# SPDX-License-Identifier: Apache-2.0
"""The public keys that a holder pins, and where it hears orders: what `answerable guard --enrol` writes down.

They are secret to nobody. Whoever pins them must get them by a way that cannot be changed unseen: this socket, then a
person's hands.
"""

from __future__ import annotations

from answerable.control.answers import Answer
from answerable.control.routing import Call, Route
from answerable.control.services import Services
from answerable.crypto.b64 import b64u
from answerable.log import roster
from answerable.model.terms import AdminRole
from answerable.stops.officers import current, in_office


class Pins(Answer, frozen=True, kw_only=True):
    """origin: of the log. issuers, pulses, officers, authorities: kid -> public key, base64url; an officer's kid is the
    rid of the key leaf. named: which authority a key of theirs belongs to, each its own where that is not said. planes:
    URLs at which holders ask for warrants and hear orders."""

    origin: str
    issuers: dict[str, str]
    pulses: dict[str, str]
    officers: dict[str, str]
    authorities: dict[str, str]
    named: dict[str, str]
    planes: list[str]


async def pins(services: Services, call: Call[None]) -> Pins:
    book = services.book
    people = (admin for admin in book.admins() if in_office(book, admin.rid) is not None)
    listed = current(book)
    rostered = roster.authorities(listed) if listed is not None else {}
    return Pins(
        origin=services.origin,
        issuers={services.issuer.kid: b64u(services.issuer.public)},
        pulses=dict(services.pulses),
        officers={admin.rid: admin.key for admin in people},
        authorities={**services.authorities, **{kid: b64u(public) for kid, (_, public) in rostered.items()}},
        named={kid: name for kid, (name, _) in rostered.items()},
        planes=list(services.planes()),
    )


ROUTES = (
    Route("GET", "/pins", AdminRole.VIEWER, pins, Pins, "The public keys that a holder pins; where it hears orders."),
)
