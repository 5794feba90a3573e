# SPDX-License-Identifier: Apache-2.0
"""The envelope as a value: what an on-site issuer may sign for, where the network does not reach, and until when."""

from __future__ import annotations

import msgspec

from answerable.model.terms import Audience, Criticality, World
from answerable.model.warrants import Warrant


class Zone(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """A rectangle in the site's frame of coordinates, mm, borders included; x0 <= x1, y0 <= y1."""

    x0: int
    x1: int
    y0: int
    y1: int

    def holds(self, x: int, y: int) -> bool:
        return self.x0 <= x <= self.x1 and self.y0 <= y <= self.y1


class Motion(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """How far what moves may go. area: it stays inside one of these; keep_out: and outside all of these; frame: names
    the system of coordinates; max_speed: mm/s."""

    area: tuple[Zone, ...]
    frame: str
    keep_out: tuple[Zone, ...] = ()
    max_speed: int

    def allows(self, x: int, y: int) -> bool:
        """Whether it may be there. x, y: mm."""
        return any(zone.holds(x, y) for zone in self.area) and not any(zone.holds(x, y) for zone in self.keep_out)


class EnvelopeCopy(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """A copy that the on-site issuer may sign for: rid of its leaf, SPIFFE id, public key (base64url)."""

    cpy: str
    key: str
    sub: str


class Envelope(msgspec.Struct, frozen=True, kw_only=True):
    """`docs/spec/envelope.md` gives the JWT that carries it. Times in ms UTC.

    bound: ms after an order by when nothing is admitted under it any more; longer than the class's own, printed and
    agreed to when it is issued. motion: None where nothing moves.
    """

    iss: str
    site: str  # `sub`: SPIFFE id of the on-site issuer
    aud: tuple[str, ...]  # gateways, guards and devices that its warrants may be for
    system: str  # `client_id`: SPIFFE id
    party: str  # rid
    grant: str  # rid of the warrant leaf that records it
    copies: tuple[EnvelopeCopy, ...]
    ancestors: tuple[int, ...]
    iat_ms: int
    exp_ms: int
    bound: int
    jti: str
    epoch: int  # stop set known to the issuer
    key: str  # `cnf`: public key of the on-site issuer, base64url
    worlds: tuple[World, ...]
    max_criticality: Criticality
    tier: int
    audience: Audience
    tools: tuple[str, ...] = ()
    budget_tokens: int = 0  # 0: not limited
    motion: Motion | None = None

    def copy(self, sub: str) -> EnvelopeCopy | None:
        """By SPIFFE id."""
        return next((copy for copy in self.copies if copy.sub == sub), None)


class Chain(msgspec.Struct, frozen=True, kw_only=True):
    """An on-site warrant and the envelope that it stands on, each read and found to fit the other."""

    envelope: Envelope
    warrant: Warrant
