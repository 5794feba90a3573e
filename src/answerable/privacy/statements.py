# SPDX-License-Identifier: Apache-2.0
"""What the signed statements of this room have in common (`docs/spec/statements.md`): whose signatures count, words
that a leaf only commits to, and that a statement counts once."""

from __future__ import annotations

import unicodedata
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Final

import msgspec
from msgspec import UNSET

from answerable.crypto.b64 import unb64u
from answerable.crypto.random import salt
from answerable.errors import Refused, Unavailable, VerificationError
from answerable.log.commitment import SALT_LENGTH, check, commit
from answerable.log.statement import verify
from answerable.model.leaves import EraseLeaf, GrantLeaf, Leaf, Sig
from answerable.model.records import Admin, PartyKey
from answerable.model.terms import AdminRole, PartyKind
from answerable.model.units import Expect, Payload, Put, Space, Unit
from answerable.ports import Directory

SIGS: Final = "answerable.sigs"
BASIS: Final = "answerable.basis"
MAX_WORDS: Final = 2_000
MAX_SIGNATURES: Final = 16  # more than any rule asks for
NONCE_LENGTH: Final = 16
OFFICERS: Final = 2  # for what cannot be undone, and for reading what its owner has not allowed to be read
PARTY_USE: Final = "party"  # of a key with which a party signs for itself; a registrar's vouches, no more

encode_row: Final = msgspec.json.Encoder().encode
_party_key = msgspec.json.Decoder(PartyKey).decode


@dataclass(frozen=True, slots=True)
class Planned:
    """A unit that is ready to be committed. rid: of its leaf; row: what stands in the registry once it is."""

    unit: Unit
    rid: str
    row: Any


@dataclass(frozen=True, slots=True)
class Subject:
    """An action as the log has it. leaves: (index, rid) of its open leaf and, where it has ended, of its close leaf;
    party: rid of who answers; systems: rids of the caller's and the model's; ended: False while it is in flight; rests:
    what must stand as it did when the leaves were looked for."""

    record: str
    party: str
    systems: tuple[str, ...]
    leaves: tuple[tuple[int, str], ...]
    ended: bool = True
    rests: tuple[Expect, ...] = ()


@dataclass(frozen=True, slots=True)
class Words:
    """Why something is done: a commitment in the leaf, its text in the payload store, for good. `repr` hides it."""

    group: str  # reason, basis
    text: str
    salt: bytes
    body: bytes

    def __repr__(self) -> str:
        return "Words(<hidden>)"

    @classmethod
    def of(cls, group: str, text: str, *, salted: bytes | None = None) -> Words:
        """The words as UTF-8 in NFC. salted: 32 bytes that the signer drew, if it did.
        Raises Refused ``privacy.malformed``."""
        normal = unicodedata.normalize("NFC", text).strip()
        if not 0 < len(normal) <= MAX_WORDS or any(unicodedata.category(c) in {"Cc", "Cs"} for c in normal):
            raise Refused("privacy.malformed", detail=f"words that are not 1 to {MAX_WORDS} printable characters")
        if salted is not None and len(salted) != SALT_LENGTH:
            raise Refused("privacy.malformed", detail=f"a salt that is not {SALT_LENGTH} bytes")
        return cls(group, normal, salt() if salted is None else salted, normal.encode())

    @property
    def commitment(self) -> str:
        return commit(self.group, self.salt, self.body)

    def matches(self, commitment: object) -> None:
        """Raises Refused ``privacy.malformed`` unless the signed commitment is to these words."""
        try:
            check(commitment if isinstance(commitment, str) else "", self.group, self.salt, self.body)
        except VerificationError:
            raise Refused("privacy.malformed", detail="words that are not those that were signed") from None

    def payload(self, rid: str) -> Payload:
        return Payload(rid=rid, group=self.group, salt=self.salt, body=self.body)


def signatures(leaf: Leaf) -> list[Sig]:
    """The signatures of a statement, where its kind keeps them. Raises Refused ``privacy.malformed``."""
    try:
        listed: Any = leaf.sigs if hasattr(leaf, "sigs") else extensions(leaf).get(SIGS, [])
        sigs = msgspec.convert(listed, list[Sig])
    except msgspec.ValidationError:
        raise Refused("privacy.malformed", detail="signatures of the wrong form") from None
    if len(sigs) > MAX_SIGNATURES:
        raise Refused("privacy.malformed", detail=f"more than {MAX_SIGNATURES} signatures")
    return sigs


def with_signatures(leaf: Leaf, sigs: Sequence[Sig]) -> Leaf:
    """The statement with these signatures and no others."""
    if hasattr(leaf, "sigs"):
        return msgspec.structs.replace(leaf, sigs=list(sigs))
    listed = [{"key": sig.key, "sig": sig.sig} for sig in sigs]
    return msgspec.structs.replace(leaf, x={**extensions(leaf), SIGS: listed})


def extensions(leaf: Leaf) -> dict[str, Any]:
    held: Any = leaf.x
    return {} if held is UNSET else dict(held)


def known(leaf: EraseLeaf | GrantLeaf | Leaf, *names: str) -> None:
    """Raises Refused ``privacy.malformed`` for an extension that this version does not know."""
    if set(extensions(leaf)) - {*names}:
        raise Refused("privacy.malformed", detail="an extension that this version does not know")


def officers(directory: Directory, leaf: Leaf, need: int) -> tuple[Admin, ...]:
    """The officers in office who signed, one entry a person. One bad signature refuses the statement.

    Raises Refused ``privacy.signer``, ``privacy.signature``, ``privacy.officers``.
    """
    found: dict[str, Admin] = {}
    for sig in signatures(leaf):
        admin = officer(directory, sig.key)
        if admin is None:
            raise Refused("privacy.signer", key=sig.key[:64], need="officer")
        check_signature(directory, leaf, sig, admin.key)
        found.setdefault(admin.person, admin)
    if len(found) < need:
        raise Refused("privacy.officers", need=need, have=len(found))
    return tuple(found.values())


def officer(directory: Directory, key: str) -> Admin | None:
    """The officer whose key leaf has this rid, if in office and a natural person."""
    admin = directory.admin(key)
    if admin is None or admin.ended or AdminRole.OFFICER not in admin.roles or not is_person(directory, admin.person):
        return None
    return admin


def party_key(directory: Directory, key: str, party: str) -> PartyKey:
    """The key in force with which the party signs for itself. Raises Refused ``privacy.signer``."""
    raw = directory.raw(Space.PARTY_KEYS, key)
    row = _party_key(raw) if raw else None
    if row is None or row.ended or row.party != party or row.use != PARTY_USE:
        raise Refused("privacy.signer", key=key[:64], need="party")
    return row


def is_person(directory: Directory, party: str) -> bool:
    found = directory.party(party)
    return found is not None and found.kind is PartyKind.PERSON


def check_signature(directory: Directory, leaf: Leaf, sig: Sig, public: str) -> None:
    """Raises Refused ``privacy.signature`` unless `sig` is by `public` (base64url) over the statement."""
    raw = directory.raw(Space.MISC, "origin")
    if not raw:
        raise Unavailable("system.no_origin")
    try:
        verify(leaf, raw.decode("utf-8"), sig, unb64u(public))
    except VerificationError:
        raise Refused("privacy.signature", key=sig.key[:64]) from None


def spend(directory: Directory, nonce: str, now_ms: int) -> tuple[Expect, Put]:
    """A signed statement counts once, for ever. Raises Refused ``privacy.malformed`` or ``privacy.replayed``."""
    try:
        length = len(unb64u(nonce))
    except VerificationError:
        length = 0
    if length != NONCE_LENGTH:
        raise Refused("privacy.malformed", detail="a nonce that is not 16 bytes")
    if directory.raw(Space.NONCES, nonce) is not None:
        raise Refused("privacy.replayed")
    return Expect(Space.NONCES, nonce, None), Put(Space.NONCES, nonce, str(now_ms).encode())
