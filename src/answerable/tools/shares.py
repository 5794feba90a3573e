# SPDX-License-Identifier: Apache-2.0
"""What one family may take of the table of calls that must not run twice (`docs/spec/calls.md`).

The table is everybody's: without shares one agent with keys of its own makes every other wait until its day is over. A
share is a family's, the system at its head and all that was made in it: nobody has more by making more.
"""

from __future__ import annotations

from collections.abc import Container, Iterable
from typing import Final

from answerable.errors import Refused
from answerable.model.units import Space
from answerable.ports import Directory
from answerable.tools.accounts import founder

# Of a share that is full, keys that were let go of elsewhere are looked for once in so long: 31,250 look-ups.
LOOK_MS: Final = 1_000


class Shares:
    """Whose family holds which keys. under_way: keys of the calls that run in this process and may have no row yet;
    rows: (rid of a system, key) of each row at the start."""

    def __init__(self, directory: Directory, under_way: Container[str], rows: Iterable[tuple[str, str]]) -> None:
        self._directory = directory
        self._under_way = under_way
        self._held: dict[str, set[str]] = {}
        self._looked: dict[str, int] = {}
        for system, key in rows:
            self._held.setdefault(self._head(system), set()).add(key)

    def take(self, system: str, key: str, most: int, now_ms: int) -> None:
        """Count `key` as of the system's family. Raises Refused ``call.share`` where that holds `most` already."""
        head = self._head(system)
        held = self._held.setdefault(head, set())
        if len(held) >= most and key not in held:
            self._look(head, held, now_ms)
            if len(held) >= most:
                raise Refused("call.share", most=most)
        held.add(key)

    def let_go(self, system: str, key: str) -> None:
        """The key has no row, or none that anybody needs."""
        head = self._head(system)
        held = self._held.get(head)
        if held is None:
            return
        held.discard(key)
        if not held:
            del self._held[head]
            self._looked.pop(head, None)

    def _head(self, system: str) -> str:
        """Who made it is registered with it and never changes, so its keys are found where they were counted."""
        found = self._directory.system(system)
        return system if found is None or not found.maker else founder(self._directory, system)

    def _look(self, head: str, held: set[str], now_ms: int) -> None:
        """A person who settles a call lets go of its key, and tells nobody here."""
        looked = self._looked.get(head)
        if looked is not None and abs(now_ms - looked) < LOOK_MS:
            return
        self._looked[head] = now_ms
        raw = self._directory.raw
        held -= {key for key in held if key not in self._under_way and raw(Space.CALLS, key) is None}
