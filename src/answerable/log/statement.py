# SPDX-License-Identifier: Apache-2.0
"""What people and holders sign (`docs/spec/statements.md`): a leaf before the registry adds its members.

The signed bytes name the leaf's kind, its version and the log's origin: a signature can be shown for nothing else,
and in no other log.
"""

from __future__ import annotations

from typing import Any, Final, Protocol

import msgspec

from answerable.crypto import canonical, ed25519
from answerable.crypto.b64 import b64u, unb64u
from answerable.errors import VerificationError
from answerable.log.leaf import encode
from answerable.model.leaves import Leaf, Sig

# What the signer cannot know: the signatures themselves and the instant of the commit.
_ADDED: Final = frozenset({"sig", "sigs", "t"})
# Where a kind has no member for signatures, they stand among its extensions.
_ADDED_TO_EXTENSIONS: Final = frozenset({"answerable.sig", "answerable.sigs"})
# The registry also computes an order's closure and the end of a lone suspension.
_ADDED_TO_ORDER: Final = _ADDED | {"dig", "until"}


class Signing(Protocol):
    def sign(self, message: bytes) -> bytes: ...


def to_sign(leaf: Leaf, origin: str) -> bytes:
    """The bytes that a signature on `leaf` is over: "answerable/<k>/v<v>" || 0x00 || origin || 0x00 || canonical JSON
    of the leaf without `sig`, `sigs` and `t`, of an order without `dig` and `until` too, and of extensions without
    ``answerable.sig`` and ``answerable.sigs``.

    Raises VerificationError ``log.leaf`` for a leaf that could not be written, ``log.encoding`` for an origin with a
    control character.
    """
    if not origin or not origin.isprintable():
        raise VerificationError("log.encoding", detail="an origin with unprintable characters")
    encode(leaf)
    members = msgspec.to_builtins(leaf)
    kind, version = members["k"], members["v"]
    added = _ADDED_TO_ORDER if kind == "order" else _ADDED
    signed = {name: value for name, value in members.items() if name not in added}
    extensions = signed_extensions(signed.pop("x", msgspec.UNSET))
    if extensions is not msgspec.UNSET:
        signed["x"] = extensions
    body = canonical.dumps(signed)
    return b"\x00".join([f"answerable/{kind}/v{version}".encode(), origin.encode(), body])


def signed_extensions(extensions: dict[str, Any] | msgspec.UnsetType) -> dict[str, Any] | msgspec.UnsetType:
    """Of a leaf's extensions those that a signature on it is over; UNSET for none."""
    given = {} if isinstance(extensions, msgspec.UnsetType) else extensions
    return {name: item for name, item in given.items() if name not in _ADDED_TO_EXTENSIONS} or msgspec.UNSET


def sign(leaf: Leaf, origin: str, signer: Signing, key_rid: str) -> Sig:
    """The signature of the key whose key leaf has the id `key_rid`. `sigs` and `t` of `leaf` may hold anything."""
    return Sig(key=key_rid, sig=b64u(signer.sign(to_sign(leaf, origin))))


def verify(leaf: Leaf, origin: str, sig: Sig, public: bytes) -> None:
    """Return if `sig` is over `leaf` for the log `origin`, by `public` (32 bytes). Whether that key may sign it is the
    caller's question. Raises VerificationError ``log.signature``, ``log.encoding``, ``log.leaf``."""
    ed25519.verify(public, to_sign(leaf, origin), unb64u(sig.sig))
