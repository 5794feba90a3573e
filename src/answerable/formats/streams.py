# SPDX-License-Identifier: Apache-2.0
"""What the carriers of pictures and documents share: refusals, and the copy of a file with a few places changed."""

from __future__ import annotations

from collections.abc import Iterable
from itertools import pairwise
from typing import BinaryIO, Final, NoReturn

from answerable.errors import VerificationError
from answerable.formats.splice import Edit, Source, Splice

MAX_METADATA: Final = 33_554_432


def malformed(format: str, detail: str) -> NoReturn:
    """Raises VerificationError ``format.malformed``. detail: a clause of our words, never the file's."""
    raise VerificationError("format.malformed", format=format, detail=detail) from None


def unsupported(format: str, detail: str) -> NoReturn:
    """Raises VerificationError ``format.unsupported``."""
    raise VerificationError("format.unsupported", format=format, detail=detail) from None


def oversized(format: str, detail: str) -> NoReturn:
    """Raises VerificationError ``format.oversized``."""
    raise VerificationError("format.oversized", format=format, detail=detail) from None


def upto(source: Source, offset: int, count: int) -> bytes:
    """As many of `count` bytes from `offset` on as there are."""
    return source.at(offset, max(0, min(count, source.size - offset)))


class Budget:
    """How many bytes of metadata of one file are looked at, where a file can name the same ones many times, or pack
    them a thousandfold."""

    __slots__ = ("_format", "_left")

    def __init__(self, format: str) -> None:
        self._format, self._left = format, MAX_METADATA

    def spend(self, count: int) -> None:
        """Raises VerificationError ``format.oversized`` when all is spent."""
        self._left -= count
        if self._left < 0:
            oversized(self._format, f"more than {MAX_METADATA} bytes of metadata")


def rewrite(source: Source, target: BinaryIO, edits: Iterable[Edit]) -> None:
    """The file to `target` with `edits` made. Raises VerificationError ``format.malformed`` where two of them overlap:
    then two structures of the file do."""
    ordered = sorted(edits)
    if any(two.start < one.stop for one, two in pairwise(ordered)):
        malformed(source.name, "two of its parts overlap")
    Splice(ordered).write(source, target)
