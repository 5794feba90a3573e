# SPDX-License-Identifier: Apache-2.0
"""Commitments: what stands in a leaf in the place of content (`docs/spec/leaves.md`, member `c`).

HMAC-SHA256 under a random salt hides and binds: without the salt nobody can test a guess, and erasing the salt makes
the commitment mean nothing for ever. A bare hash would do neither.
"""

from __future__ import annotations

import hmac
from typing import Final

from answerable.crypto.b64 import b64u
from answerable.crypto.sealing import keyed
from answerable.errors import VerificationError

DOMAIN: Final = b"answerable/commitment/v1/"
SALT_LENGTH: Final = 32


def commit(group: str, salt: bytes, payload: bytes) -> str:
    """base64url of HMAC-SHA256(salt, "answerable/commitment/v1/" || group || 0x00 || payload): 43 characters.

    group: the member of `c` (ctx, in, out, name, reason, evidence) or `pri`; salt: 32 bytes, used once.
    Raises VerificationError ``log.commitment`` for a salt of another length.
    """
    if len(salt) != SALT_LENGTH:
        raise VerificationError("log.commitment", group=group)
    return b64u(keyed(salt, (_DOMAINS.get(group) or _domain(group)) + payload))


def _domain(group: str) -> bytes:
    return DOMAIN + group.encode("ascii") + b"\x00"


# Of the two that every action has.
_DOMAINS: Final = {group: _domain(group) for group in ("in", "out")}


def check(commitment: str, group: str, salt: bytes, payload: bytes) -> None:
    """Return if `commitment` is to `payload` under `salt`. Raises VerificationError ``log.commitment``."""
    if not commitment.isascii() or not hmac.compare_digest(commit(group, salt, payload), commitment):
        raise VerificationError("log.commitment", group=group)
