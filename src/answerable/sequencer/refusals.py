# SPDX-License-Identifier: Apache-2.0
"""Refusals of unknown callers, counted by code: one leaf every few seconds at most, however many they are."""

from __future__ import annotations

from answerable.crypto.random import nonce
from answerable.errors import CATALOGUE
from answerable.log.leaf import encode
from answerable.model.leaves import RefusalsLeaf
from answerable.model.units import Lane, Unit

# What a code that the catalogue does not know is counted as: the leaf holds codes of ours alone.
_OTHER = "internal.error"


class Refusals:
    """Counts since the last leaf. One thread."""

    def __init__(self) -> None:
        self._counts: dict[str, int] = {}
        self._since = 0

    def __bool__(self) -> bool:
        return bool(self._counts)

    def count(self, code: str, now: int, by: int = 1) -> None:
        """now: ms UTC."""
        if not self._counts:
            self._since = now
        code = code if code in CATALOGUE else _OTHER
        self._counts[code] = self._counts.get(code, 0) + by

    def take(self, now: int) -> tuple[Unit, dict[str, int]]:
        """The unit with the leaf of what was counted, and the counts, to give back if it is not written."""
        counts, self._counts = self._counts, {}
        leaf = RefusalsLeaf(n=nonce(), num=dict(sorted(counts.items())), t=now, t0=self._since)
        return Unit(leaves=(encode(leaf),), lane=Lane.NOISE), counts
