# SPDX-License-Identifier: Apache-2.0
"""What the plan functions of this room return, and the small pieces that they are made of."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

import msgspec

from answerable.crypto.b64 import unb64u
from answerable.errors import Refused, VerificationError
from answerable.model.units import Expect, Put, Space, Unit
from answerable.ports import Directory

NONCE_LENGTH: Final = 16  # bytes

encode_row: Final = msgspec.json.Encoder().encode


@dataclass(frozen=True, slots=True)
class Planned:
    """A unit that is ready to be committed. rid: of its leaf; refusal: commit the unit first, then raise this: the
    attempt itself goes on record."""

    unit: Unit
    rid: str
    refusal: Refused | None = None


def put(space: Space, key: str, row: msgspec.Struct) -> Put:
    return Put(space, key, encode_row(row))


def unchanged(directory: Directory, space: Space, key: str) -> Expect:
    """The row as the plan saw it must still stand when the unit is written."""
    return Expect(space, key, directory.raw(space, key))


def spend(directory: Directory, nonce: str, now_ms: int) -> tuple[Expect, Put]:
    """A signed statement counts once, for ever. Raises Refused ``tool.malformed``, ``tool.said``."""
    try:
        length = len(unb64u(nonce))
    except VerificationError:
        length = 0
    if length != NONCE_LENGTH:
        raise Refused("tool.malformed", detail="a nonce that is not 16 bytes")
    if directory.raw(Space.NONCES, nonce) is not None:
        raise Refused("tool.said")
    return Expect(Space.NONCES, nonce, None), Put(Space.NONCES, nonce, str(now_ms).encode())
