# SPDX-License-Identifier: Apache-2.0
"""The warrant as a value, and what stands behind a credential once it was recognised."""

from __future__ import annotations

from dataclasses import dataclass

import msgspec

from answerable.errors import Refused
from answerable.model.records import Copy, Party, System
from answerable.model.terms import Audience, Criticality, World


class Warrant(msgspec.Struct, frozen=True, kw_only=True):
    """The lease under which a copy may act (`docs/spec/warrant.md` gives the JWT that carries it).

    ancestors: sorted registry numbers, its own system's included. Times in ms UTC.
    """

    iss: str
    aud: str
    copy: str  # `sub`: SPIFFE id of the copy
    system: str  # `client_id`: SPIFFE id of the system
    party: str  # rid
    grant: str  # rid of the warrant leaf
    ancestors: tuple[int, ...]
    iat_ms: int
    exp_ms: int
    jti: str
    seq: int
    nonce: str  # the copy's boot
    epoch: int  # stop set known to the issuer
    key: str  # `cnf`: public key of the copy, base64url
    worlds: tuple[World, ...]
    max_criticality: Criticality
    tier: int
    audience: Audience
    tools: tuple[str, ...] = ()
    budget_tokens: int = 0  # 0: not limited
    copy_rid: str = ""  # rid of the copy's leaf; "" counts as any copy where a copy was stopped


class Peer(msgspec.Struct, frozen=True, gc=False):
    """Where a call came from: what a handle's binding is compared with.

    address: textual IP address, or "" on a Unix socket; certificate: sha256 hex of the client's certificate, or "";
    key: that certificate's Ed25519 public key, base64url, or "".
    """

    address: str = ""
    unix: bool = False
    certificate: str = ""
    key: str = ""


class Credential(msgspec.Struct, frozen=True, gc=False):
    """What the caller sent. `repr` hides the value: it must not reach a log. envelope: token of the envelope that an
    on-site warrant stands on, "" for none."""

    value: str
    peer: Peer
    envelope: str = ""

    def __repr__(self) -> str:
        return f"Credential(<hidden>, {self.peer!r})"


@dataclass(frozen=True, slots=True)
class Bearer:
    """A recognised credential: signature good or handle known. Whether it admits is decided by `admission.admit`."""

    warrant: Warrant
    system: System
    copy: Copy
    party: Party
    deadline_mono_ms: int  # monotonic instant at which the warrant ends, counted from when it was asked for
    held: bool = False  # this gateway holds and renews the warrant (a handle's copy, a model that it serves)
    # Signed on site, under an envelope whose pulse was fresh when it was first seen: its end is in the deadline.
    enveloped: bool = False


class Horizon(msgspec.Struct, frozen=True, gc=False):
    """As far as an admission can be seen ahead: until one of these is passed, asking again gives the same answer.

    changes: of the directory; since_ms, until_ms: wall clock, ms UTC; until_mono_ms: monotonic clock.
    """

    changes: int
    since_ms: int
    until_ms: int
    until_mono_ms: int


class Recognised(Refused):
    """The refusal of a credential of which it is known whose it is: it is recorded under its bearer, not counted."""

    def __init__(self, code: str, bearer: Bearer, **params: object) -> None:
        super().__init__(code, **params)
        self.bearer = bearer
