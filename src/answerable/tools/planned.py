# SPDX-License-Identifier: Apache-2.0
"""What the plan functions of this room return, and the small pieces that they are made of."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

import msgspec

from answerable.errors import Refused
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
