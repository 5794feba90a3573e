# SPDX-License-Identifier: Apache-2.0
"""Which holds may still wait for people (`docs/spec/approval.md`): so that who asks anew looks at those, and not at all
that were ever asked.

Where nobody tells it what is committed, it looks at every row, and remembers those that have ended.
"""

from __future__ import annotations

from collections.abc import Iterable

from answerable.model.units import Effect, Put, Space
from answerable.ports import Directory


class Unended:
    """index: what keys of rows of `Space.HELD` begin with that are no holds. Used from one thread."""

    __slots__ = ("_directory", "_ended", "_index", "_keys")

    def __init__(self, directory: Directory, index: str) -> None:
        self._directory = directory
        self._index = index
        self._ended: set[str] = set()
        self._keys: dict[str, None] | None = None  # the oldest first; None: it is not told what is committed

    def watch(self) -> None:
        """From now on `follow` is called with all that is committed. Walks every row, once."""
        self._keys = dict.fromkeys(self.left())
        self._ended.clear()

    def follow(self, effects: Iterable[Effect]) -> None:
        """Effects of a committed unit."""
        if self._keys is None:
            return
        for effect in effects:
            if effect.space is not Space.HELD or effect.key.startswith(self._index):
                continue
            if isinstance(effect, Put):
                self._keys.setdefault(effect.key)
            else:
                self._keys.pop(effect.key, None)

    def left(self) -> tuple[str, ...]:
        """Those that have not ended as far as is known, the oldest first."""
        if self._keys is not None:
            return tuple(self._keys)
        rows = self._directory.rows(Space.HELD)
        return tuple(key for key, _ in rows if not key.startswith(self._index) and key not in self._ended)

    def end(self, key: str) -> None:
        """It can never wait again: it was used or rejected, or its time is over."""
        if self._keys is None:
            self._ended.add(key)
        else:
            self._keys.pop(key, None)
