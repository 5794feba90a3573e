# SPDX-License-Identifier: Apache-2.0
"""Handles: bearer strings for plain clients, whose SDKs read their key once while warrants live a minute.

A handle is 256 random bits, bound to a place, ends, and stands for one copy; the gateway keeps that copy's warrant
fresh. Only its SHA-256 is kept: so many bits need no slow hash.
"""

from __future__ import annotations

from dataclasses import dataclass
from hashlib import sha256
from typing import Final

import msgspec

from answerable.crypto.b64 import b64u
from answerable.crypto.random import nonce, salt
from answerable.errors import Refused
from answerable.log.leaf import encode, rid
from answerable.model.leaves import HandleLeaf
from answerable.model.records import Admin, Copy, Handle
from answerable.model.terms import AdminRole, World
from answerable.model.units import Expect, Put, Space, Unit
from answerable.ports import Directory
from answerable.warrants.bindings import Binding

PREFIX: Final = "ans_"
# From tier 2 on, and outside the information world, a guard holds the warrant.
MAX_TIER: Final = 1
DAY_MS: Final = 86_400_000
MIN_LIFE_MS: Final = 60_000
MAX_LIFE_MS: Final = 365 * DAY_MS
_MAY: Final = frozenset({AdminRole.OPERATOR, AdminRole.ADMINISTRATOR})


@dataclass(frozen=True, slots=True)
class Issued:
    """A planned handle; it works once `unit` is committed. `handle` is shown once and kept nowhere."""

    unit: Unit
    rid: str
    row: Handle
    handle: str

    def __repr__(self) -> str:
        return f"Issued({self.rid!r})"


@dataclass(frozen=True, slots=True)
class Revoked:
    unit: Unit
    rid: str
    row: Handle


def digest_of(handle: str) -> str:
    """The sha256 hex under which a handle is known."""
    return sha256(handle.encode("utf-8", "surrogatepass")).hexdigest()


def issue(
    directory: Directory, *, copy: str, binding: str, life_ms: int, by: str, now_ms: int, certificates: bool = False
) -> Issued:
    """Plan a handle for a copy. copy: rid or SPIFFE id; binding: as `Binding.parse`; by: rid of an administrator's key;
    certificates: whether the gateway asks its clients for theirs.

    Raises Refused ``handle.issuer|binding|certificate|life|tier``, ``warrant.unregistered|copy_ended``.
    """
    admin = _in_office(directory, by)
    if Binding.parse(binding).certificate and not certificates:
        # Where nobody is asked for a certificate the handle would work nowhere, and promise more than is checked.
        raise Refused("handle.certificate")
    if not MIN_LIFE_MS <= life_ms <= MAX_LIFE_MS:
        raise Refused("handle.life", days=MAX_LIFE_MS // DAY_MS)
    known = _running(directory, copy)
    handle = PREFIX + b64u(salt())
    digest = digest_of(handle)
    leaf = encode(
        HandleLeaf(
            bnd=binding,
            by=admin.rid,
            cpy=known.rid,
            dig=digest,
            exp=now_ms + life_ms,
            n=nonce(),
            st="issue",
            t=now_ms,
        )
    )
    row = Handle(
        rid=rid(leaf),
        digest=digest,
        copy=known.rid,
        binding=binding,
        since=now_ms,
        expires=now_ms + life_ms,
    )
    unit = Unit(
        leaves=(leaf,),
        effects=(Put(Space.HANDLES, digest, msgspec.json.encode(row)),),
        expect=(
            Expect(Space.HANDLES, digest, None),
            Expect(Space.COPIES, known.rid, directory.raw(Space.COPIES, known.rid)),
        ),
    )
    return Issued(unit, row.rid, row, handle)


def revoke(directory: Directory, *, digest: str, by: str, now_ms: int) -> Revoked:
    """Plan the end of a handle, for ever. digest: sha256 hex of the handle; by: rid of the administrator's key.

    Raises Refused ``handle.issuer|unknown|revoked``.
    """
    admin = _in_office(directory, by)
    row = directory.handle(digest)
    if row is None:
        raise Refused("handle.unknown")
    if row.revoked:
        raise Refused("handle.revoked")
    leaf = encode(
        HandleLeaf(
            bnd=row.binding,
            by=admin.rid,
            cpy=row.copy,
            dig=row.digest,
            exp=row.expires,
            n=nonce(),
            st="revoke",
            t=now_ms,
        )
    )
    ended = msgspec.structs.replace(row, revoked=now_ms)
    unit = Unit(
        leaves=(leaf,),
        effects=(Put(Space.HANDLES, digest, msgspec.json.encode(ended)),),
        expect=(Expect(Space.HANDLES, digest, directory.raw(Space.HANDLES, digest)),),
    )
    return Revoked(unit, rid(leaf), ended)


def _in_office(directory: Directory, by: str) -> Admin:
    admin = directory.admin(by)
    if admin is None or admin.ended or _MAY.isdisjoint(admin.roles):
        raise Refused("handle.issuer", admin=by)
    return admin


def _running(directory: Directory, copy: str) -> Copy:
    known = directory.copy(copy)
    system = directory.system(known.system) if known else None
    if known is None or system is None:
        raise Refused("warrant.unregistered")
    if known.ended:
        raise Refused("warrant.copy_ended", copy=known.id)
    if system.tier > MAX_TIER or set(system.worlds) - {World.INFORMATION}:
        raise Refused("handle.tier", tier=system.tier)
    return known
