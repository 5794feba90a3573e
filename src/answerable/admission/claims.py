# SPDX-License-Identifier: Apache-2.0
"""What warrants and envelopes have in common on the wire: the key in `cnf` (RFC 7800), one detail of its kind (RFC
9396), each time twice, and the bounds of names and numbers (`docs/spec/warrant.md`)."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from itertools import pairwise
from typing import Final, Protocol, TypeVar

import msgspec

from answerable.crypto.b64 import unb64u
from answerable.errors import VerificationError
from answerable.model.terms import World

MAX_ANCESTORS: Final = 256  # in a synthetic million systems the longest list had 191
MAX_TOOLS: Final = 64
MAX_TEXT: Final = 512  # characters of one identifier
MAX_TIER: Final = 4
MAX_NUMBER: Final = 2**53 - 1  # what JSON numbers hold everywhere


class Part(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """A member of the claims."""


class Jwk(Part, frozen=True, kw_only=True):
    crv: str
    kty: str
    x: str


class Cnf(Part, frozen=True, kw_only=True):
    jwk: Jwk


def cnf_of(key: str) -> Cnf:
    """key: Ed25519, 32 bytes base64url."""
    return Cnf(jwk=Jwk(crv="Ed25519", kty="OKP", x=key))


class _Detail(Protocol):
    @property
    def type(self) -> str: ...


Detail = TypeVar("Detail", bound=_Detail, covariant=True)


class Claims(Protocol[Detail]):
    @property
    def authorization_details(self) -> tuple[Detail, ...]: ...

    @property
    def cnf(self) -> Cnf: ...

    @property
    def exp(self) -> int: ...

    @property
    def exp_ms(self) -> int: ...

    @property
    def iat(self) -> int: ...

    @property
    def iat_ms(self) -> int: ...


def detail_of(claims: Claims[Detail], kind: str, code: str) -> Detail:
    """The one detail, of that kind. Raises VerificationError `code` where there is not just that one, for a key that is
    not Ed25519, and for seconds that are not those of the milliseconds."""
    if len(claims.authorization_details) != 1 or claims.authorization_details[0].type != kind:
        raise VerificationError(code, detail="authorization_details that are not one of its kind")
    if claims.cnf.jwk.crv != "Ed25519" or claims.cnf.jwk.kty != "OKP":
        raise VerificationError(code, detail="a cnf that is not an Ed25519 key")
    if claims.exp != claims.exp_ms // 1000 or claims.iat != claims.iat_ms // 1000:
        raise VerificationError(code, detail="seconds and milliseconds that disagree")
    return claims.authorization_details[0]


def flaw(texts: Iterable[str], numbers: Iterable[int], ancestors: Sequence[int], worlds: Sequence[World]) -> str:
    """What is wrong with these, or ""."""
    if not all(0 < len(text) <= MAX_TEXT and text.isascii() and text.isprintable() for text in texts):
        return "an identifier that is empty, too long or not printable ASCII"
    if not all(0 <= number <= MAX_NUMBER for number in numbers):
        return "a number outside 0 to 2^53 - 1"
    if not 0 < len(ancestors) <= MAX_ANCESTORS or not all(a < b for a, b in pairwise(ancestors)):
        return f"anc that is not 1 to {MAX_ANCESTORS} rising numbers"
    return "worlds that are none or repeated" if not worlds or len(set(worlds)) != len(worlds) else ""


def is_key(text: str) -> bool:
    """Whether it is 32 bytes, base64url."""
    try:
        return len(unb64u(text)) == 32
    except VerificationError:
        return False
