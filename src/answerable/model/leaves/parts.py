# SPDX-License-Identifier: Apache-2.0
"""What leaves are made of: their base, member objects, and the types of members (`docs/spec/leaves.md`)."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated, Any

import msgspec
from msgspec import UNSET, UnsetType

Rid = str
# Every JSON reader holds these exactly; nothing that a leaf counts is negative.
Int = Annotated[int, msgspec.Meta(ge=0, le=2**53 - 1)]
# Keys of objects are ASCII: their order is then the same by code point and by UTF-16 unit.
Code = Annotated[str, msgspec.Meta(pattern=r"^[!-~]+\Z")]
Opt = UnsetType


class Part(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """A member object of a leaf."""


class Commitments(Part, frozen=True, kw_only=True):
    """Per group: base64url of HMAC-SHA256(salt, domain || canonical payload), 32 bytes."""

    ctx: str | Opt = UNSET
    evidence: str | Opt = UNSET
    in_: str | Opt = msgspec.field(name="in", default=UNSET)
    name: str | Opt = UNSET
    out: str | Opt = UNSET
    reason: str | Opt = UNSET


class PartyRef(Part, frozen=True, kw_only=True):
    rid: Rid
    role: str


class EdgeRef(Part, frozen=True, kw_only=True):
    p: Rid
    rel: str


class ComputeRef(Part, frozen=True, kw_only=True):
    mjk: str  # measured | estimated | declared
    pf: Int


class OpaqueRef(Part, frozen=True, kw_only=True):
    endpoint: str
    filing: str | Opt = UNSET
    model: str
    probe: str | Opt = UNSET
    provider: str
    version: str


class Sig(Part, frozen=True, kw_only=True):
    """`key` is the rid of the signer's key leaf; `sig` base64url of 64 bytes (Ed25519)."""

    key: Rid
    sig: str


class OfficerRef(Part, frozen=True, kw_only=True):
    """An officer: the rid of the key leaf, of the person's party leaf, and the key itself."""

    key: Rid
    own: Rid
    pub: str


class AuthorityRef(Part, frozen=True, kw_only=True):
    """An authority: of its `keys` (base64url of 32 bytes) `need` sign for it."""

    keys: list[str]
    name: str
    need: Int


class RootsRef(Part, frozen=True, kw_only=True):
    """The root keys, base64url of 32 bytes: `need` of them sign a roster."""

    keys: list[str]
    need: Int


class Usage(Part, frozen=True, kw_only=True):
    """`in`, `out` tokens; `mj` energy in millijoule, `mjk` measured or estimated; `ms` duration; `cost` in millionths
    of `cur` (ISO 4217)."""

    cost: Int | Opt = UNSET
    cur: str | Opt = UNSET
    in_: Int = msgspec.field(name="in")
    mj: Int | Opt = UNSET
    mjk: str | Opt = UNSET
    ms: Int
    out: Int


class Leaf(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Base of the kinds. Each declares k, n, t, v (and x) itself: field order is the format."""

    if TYPE_CHECKING:  # what each declares; fields here would stand first in every leaf

        @property
        def k(self) -> str: ...

        @property
        def t(self) -> int: ...

        @property
        def x(self) -> dict[str, Any] | Opt: ...
