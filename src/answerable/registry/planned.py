# SPDX-License-Identifier: Apache-2.0
"""What a plan function returns, and the small pieces that all of them are made of."""

from __future__ import annotations

import unicodedata
from dataclasses import dataclass
from typing import Final

import msgspec

from answerable.crypto import ed25519
from answerable.crypto.b64 import unb64u
from answerable.crypto.random import salt
from answerable.errors import Refused, Unavailable, VerificationError
from answerable.log.commitment import SALT_LENGTH, commit
from answerable.log.statement import to_sign
from answerable.model.leaves import Commitments, Leaf
from answerable.model.units import Expect, Payload, Put, Space, Unit
from answerable.ports import Directory

# Enough for any registered company name; keeps rows and pages small.
MAX_NAME: Final = 200
NONCE_LENGTH: Final = 16

encode_row = msgspec.json.Encoder().encode


@dataclass(frozen=True, slots=True)
class Planned:
    """A unit of work that is ready to be committed.

    rid: of its leaf, or the nonce for a challenge; id: the public id of what it makes. refusal: commit the unit first,
    then raise this: the attempt itself goes on record.
    """

    unit: Unit
    rid: str
    id: str = ""
    refusal: Refused | None = None


@dataclass(frozen=True, slots=True)
class Name:
    """A name as a leaf and the payload store hold it: the commitment, and what it hides."""

    text: str
    salt: bytes
    body: bytes

    @property
    def commitments(self) -> Commitments:
        return Commitments(name=commit("name", self.salt, self.body))

    def payload(self, rid: str) -> Payload:
        return Payload(rid=rid, group="name", salt=self.salt, body=self.body)


def name(text: str, *, salted: bytes | None = None) -> Name:
    """Check a name and make its commitment. salted: 32 bytes if the signer of a statement chose them.

    The payload is the name's UTF-8 in NFC. Raises Refused ``party.name``.
    """
    normal = unicodedata.normalize("NFC", text)
    if not normal.strip() or normal != normal.strip() or len(normal) > MAX_NAME or not printable(normal):
        raise Refused("party.name", most=MAX_NAME)
    return Name(normal, salted or salt(), normal.encode("utf-8"))


def printable(text: str) -> bool:
    """No control, format, surrogate or unassigned characters: a name is shown on terminals and pages."""
    return not any(unicodedata.category(char) in {"Cc", "Cf", "Cs", "Cn", "Co", "Zl", "Zp"} for char in text)


def put(space: Space, key: str, row: msgspec.Struct) -> Put:
    return Put(space, key, encode_row(row))


def unchanged(directory: Directory, space: Space, key: str) -> Expect:
    """The row as the plan saw it must still stand when the unit is written."""
    return Expect(space, key, directory.raw(space, key))


def origin(directory: Directory) -> str:
    """The log's origin, which every signed statement names. Raises Unavailable ``system.no_origin`` before `init`."""
    raw = directory.raw(Space.MISC, "origin")
    if not raw:
        raise Unavailable("system.no_origin")
    return raw.decode("utf-8")


def public_key(text: str) -> bytes:
    """32 bytes. Raises Refused ``party.key``."""
    try:
        data = unb64u(text)
    except VerificationError:
        data = b""
    if len(data) != ed25519.KEY_LENGTH:
        raise Refused("party.key")
    return data


def random_bytes(text: str, length: int) -> bytes:
    """`length` bytes that a signer drew. Raises Refused ``party.nonce``."""
    try:
        data = unb64u(text)
    except VerificationError:
        data = b""
    if len(data) != length:
        raise Refused("party.nonce", length=length)
    return data


def fresh_nonce(directory: Directory, nonce: str, now_ms: int) -> tuple[Expect, Put]:
    """Spend the nonce of a signed statement: it counts once, for ever. Raises Refused ``party.nonce|replayed``."""
    random_bytes(nonce, NONCE_LENGTH)
    if directory.raw(Space.NONCES, nonce) is not None:
        raise Refused("party.replayed")
    return Expect(Space.NONCES, nonce, None), Put(Space.NONCES, nonce, str(now_ms).encode())


def fresh_salt(text: str) -> bytes:
    """The salt of a name's commitment that a signer drew: 32 bytes."""
    return random_bytes(text, SALT_LENGTH)


def free_key(directory: Directory, key: str, owner: str) -> tuple[Expect, Put]:
    """Claim a public key for the thing with rid `owner`. Raises Refused ``party.key_taken``."""
    if directory.raw(Space.KEYS, key) is not None:
        raise Refused("party.key_taken")
    return Expect(Space.KEYS, key, None), Put(Space.KEYS, key, owner.encode())


def check_signature(directory: Directory, leaf: Leaf, public: bytes, signature: str) -> None:
    """Raises Refused ``party.signature`` unless `signature` (base64url) is by `public` over the statement of `leaf`."""
    where = origin(directory)
    try:
        ed25519.verify(public, to_sign(leaf, where), unb64u(signature))
    except VerificationError:
        raise Refused("party.signature", origin=where) from None
