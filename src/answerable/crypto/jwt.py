# SPDX-License-Identifier: Apache-2.0
"""JSON Web Tokens in one form alone: compact JWS (RFC 7515) with ``alg: Ed25519`` (RFC 9864).

The header holds exactly `alg`, `kid` and `typ`. There is no other algorithm to choose, no key in the header, nothing to
negotiate (RFC 8725 sections 3.1, 3.2, 3.11).
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Final, Protocol

from answerable.crypto import canonical, ed25519
from answerable.crypto.b64 import b64u, unb64u
from answerable.errors import VerificationError

ALGORITHM: Final = "Ed25519"
# The largest warrant, with 256 ancestors, has 6 kB; HTTP servers cap a header at 16 KiB or near it.
MAX_TOKEN: Final = 16 * 1024


class Signing(Protocol):
    def sign(self, message: bytes) -> bytes: ...


def encode(header: Mapping[str, str], claims: Mapping[str, Any], signer: Signing) -> str:
    """A signed token. header: `typ` and `kid`; `alg` is set here. Raises VerificationError ``warrant.malformed`` for
    another header or a token over 16 KiB, ``log.encoding`` for claims that are not canonical JSON values."""
    full = {**header, "alg": ALGORITHM}
    _check_header(full)
    signed = b64u(canonical.dumps(full)) + "." + b64u(canonical.dumps(dict(claims)))
    token = signed + "." + b64u(signer.sign(signed.encode("ascii")))
    if len(token) > MAX_TOKEN:
        raise VerificationError("warrant.malformed", detail="longer than 16 KiB")
    return token


def peek(token: str) -> tuple[dict[str, str], dict[str, Any]]:
    """(header, claims) *without* checking the signature: for finding the key and for showing, never for deciding.
    Raises VerificationError ``warrant.malformed``."""
    header, claims, _, _ = _split(token)
    return header, claims


def decode(token: str, keys: Mapping[str, bytes], typ: str) -> dict[str, Any]:
    """The claims of a token of type `typ` signed by one of `keys` (`kid` -> public key). Times are not looked at.

    Raises VerificationError ``warrant.malformed`` for the form, ``warrant.forged`` for an unknown key or bad signature.
    """
    header, claims, signed, signature = _split(token)
    if header["typ"] != typ:
        raise VerificationError("warrant.malformed", detail="of another type")
    public = keys.get(header["kid"])
    if public is None:
        raise VerificationError("warrant.forged")
    try:
        ed25519.verify(public, signed, signature)
    except VerificationError:
        raise VerificationError("warrant.forged") from None
    return claims


def _split(token: str) -> tuple[dict[str, str], dict[str, Any], bytes, bytes]:
    if len(token) > MAX_TOKEN:
        raise VerificationError("warrant.malformed", detail="longer than 16 KiB")
    parts = token.split(".")
    if len(parts) != 3:
        raise VerificationError("warrant.malformed", detail="not three parts")
    try:
        header = canonical.loads(unb64u(parts[0]))
        claims = canonical.loads(unb64u(parts[1]))
        signature = unb64u(parts[2])
    except VerificationError as error:
        raise VerificationError("warrant.malformed", detail=str(error.params.get("detail"))) from None
    _check_header(header)
    if not isinstance(claims, dict):
        raise VerificationError("warrant.malformed", detail="claims that are not an object")
    return header, claims, f"{parts[0]}.{parts[1]}".encode("ascii"), signature


def _check_header(header: Any) -> None:
    if not isinstance(header, dict) or set(header) != {"alg", "kid", "typ"}:
        raise VerificationError("warrant.malformed", detail="a header that is not alg, kid and typ")
    if header["alg"] != ALGORITHM or not isinstance(header["kid"], str) or not isinstance(header["typ"], str):
        raise VerificationError("warrant.malformed", detail="a header that is not alg, kid and typ")
