# SPDX-License-Identifier: Apache-2.0
"""Fingerprints: bits that stay nearly the same when what people see or hear stays the same.

One is a tag of its payload as keyed digests are, and is erased with them. Told apart by length: a digest has 16 bytes,
a fingerprint 2 and a multiple of 8.
"""

from __future__ import annotations

from dataclasses import dataclass
from enum import IntEnum
from struct import Struct
from typing import Final

WORD_BITS: Final = 64
MAX_WORDS: Final = 3
# Fingerprints whose first words differ in so many bits at most are neighbours, and all of them are found: of the bands
# that a word is cut into, one more than this, at least one is the same on both sides.
RADIUS: Final = 4
BANDS: Final = RADIUS + 1
# On average in the other words, at most. What has nothing in common differs in 32 of 64, give or take 4.
REST: Final = 8
FAR: Final = 16
_HEAD: Final = Struct(">BB")
LENGTHS: Final = frozenset(_HEAD.size + 8 * words for words in range(1, MAX_WORDS + 1))


class Kind(IntEnum):
    """Of what a fingerprint is: those of two kinds are never neighbours."""

    IMAGE = 1
    AUDIO = 2
    VIDEO = 3


_KINDS: Final = frozenset(map(int, Kind))


@dataclass(frozen=True, slots=True)
class Print:
    """words: 64 bits each, by the first of which it is found; version: of how they were made."""

    kind: Kind
    version: int
    words: tuple[int, ...]

    def tag(self) -> bytes:
        """As it stands among a payload's tags: kind, version, the words, big-endian."""
        return _HEAD.pack(self.kind, self.version) + b"".join(word.to_bytes(8) for word in self.words)


def read(tag: bytes) -> Print | None:
    """The fingerprint that a tag is, None for any other tag."""
    if len(tag) not in LENGTHS:
        return None
    kind, version = _HEAD.unpack_from(tag)
    if kind not in _KINDS:
        return None
    words = tuple(int.from_bytes(tag[at : at + 8]) for at in range(_HEAD.size, len(tag), 8))
    return Print(Kind(kind), version, words)


def distance(one: Print, other: Print) -> tuple[int, ...] | None:
    """In how many bits each word differs; None where they cannot be compared."""
    if (one.kind, one.version, len(one.words)) != (other.kind, other.version, len(other.words)):
        return None
    return tuple((mine ^ its).bit_count() for mine, its in zip(one.words, other.words, strict=True))


def alike(far: tuple[int, ...] | None) -> bool:
    """Whether two fingerprints, so far apart, are probably of the same content: the bound at which the false alarms
    were measured (`docs/reference/tracing.md`)."""
    return far is not None and far[0] <= RADIUS and sum(far[1:]) <= REST * (len(far) - 1)


def unlike(far: tuple[int, ...] | None) -> bool:
    """Whether two fingerprints, so far apart, are of other content, or of a small part of the same. Between this and
    `alike` nothing is said."""
    return far is None or far[0] >= FAR or sum(far[1:]) >= FAR * max(1, len(far) - 1)


def bands(word: int) -> tuple[int, ...]:
    """The word cut into `BANDS` numbers of 12 or 13 bits, each with its place."""
    return tuple((place << 16) | ((word >> (place * 13)) & 0x1FFF) for place in range(BANDS))
