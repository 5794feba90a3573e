# SPDX-License-Identifier: Apache-2.0
"""What one system may take of the table of calls that must not run twice (`docs/spec/calls.md`).

The table is everybody's: without shares one agent with keys of its own makes every other wait until its day is over.
"""

from __future__ import annotations

from collections.abc import Container, Iterable
from typing import Final

from answerable.errors import Refused
from answerable.model.units import Space
from answerable.ports import Directory

# Of a share that is full, keys that were let go of elsewhere are looked for once in so long: 31,250 look-ups.
LOOK_MS: Final = 1_000


class Shares:
    """Who holds which keys. under_way: keys of the calls that run in this process and may have no row yet; rows: (rid
    of a system, key) of each row at the start."""

    def __init__(self, directory: Directory, under_way: Container[str], rows: Iterable[tuple[str, str]]) -> None:
        self._directory = directory
        self._under_way = under_way
        self._held: dict[str, set[str]] = {}
        self._looked: dict[str, int] = {}
        for system, key in rows:
            self._held.setdefault(system, set()).add(key)

    def take(self, system: str, key: str, most: int, now_ms: int) -> None:
        """Count `key` as the system's. Raises Refused ``call.share`` where it holds `most` already."""
        held = self._held.setdefault(system, set())
        if len(held) >= most and key not in held:
            self._look(system, held, now_ms)
            if len(held) >= most:
                raise Refused("call.share", most=most)
        held.add(key)

    def let_go(self, system: str, key: str) -> None:
        """The key has no row, or none that anybody needs."""
        held = self._held.get(system)
        if held is None:
            return
        held.discard(key)
        if not held:
            del self._held[system]
            self._looked.pop(system, None)

    def _look(self, system: str, held: set[str], now_ms: int) -> None:
        """A person who settles a call lets go of its key, and tells nobody here."""
        looked = self._looked.get(system)
        if looked is not None and abs(now_ms - looked) < LOOK_MS:
            return
        self._looked[system] = now_ms
        raw = self._directory.raw
        held -= {key for key in held if key not in self._under_way and raw(Space.CALLS, key) is None}
