# SPDX-License-Identifier: Apache-2.0
"""Red line: one action says more than it may. A deterministic budget, so that a model that does not stop is stopped."""

from __future__ import annotations

from typing import Final

from answerable.model.actions import Action, Finding

RED_LINE: Final = "volume"
CODE: Final = "redline.volume"

# The longest outputs that models offer are some 128,000 tokens, about half a million characters a choice.
DEFAULT_LIMIT: Final = 4_000_000


class Volume:
    """`ports.Detector`. limit: characters of one action, 1 or more."""

    name = "volume"

    def __init__(self, limit: int = DEFAULT_LIMIT) -> None:
        if limit < 1:
            raise ValueError("limit must be 1 or more")
        self._limit = limit

    def planted(self) -> str:
        """One character more than may be said."""
        return "x" * (self._limit + 1)

    def watch(self, action: Action) -> VolumeWatch:
        return VolumeWatch(self._limit)


class VolumeWatch:
    """`ports.Watch`: counts."""

    __slots__ = ("_left", "_limit")

    def __init__(self, limit: int) -> None:
        self._limit = limit
        self._left = limit

    def see(self, text: str) -> Finding | None:
        self._left -= len(text)
        return Finding(RED_LINE, "yellow", CODE, {"limit": self._limit}) if self._left < 0 else None
