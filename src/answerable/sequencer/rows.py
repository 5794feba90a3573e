# SPDX-License-Identifier: Apache-2.0
"""The state as the writer sees it, in memory, so that an `Expect` costs a look into a dict and not a query."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from typing import Protocol

from answerable.model.units import Effect, Expect, Put, Space


class _Source(Protocol):
    def rows(self, space: Space) -> Iterable[tuple[str, bytes]]: ...


Known = Callable[[Space], Iterable[tuple[str, bytes]]]


class Rows:
    """All spaces. Only the writer's thread touches it."""

    def __init__(self, store: _Source, known: Known = lambda _: ()) -> None:
        """known: rows that somebody keeps in memory. A space of which it has just what the store has is not kept twice:
        a million systems and their ids have a gigabyte."""
        self._spaces: dict[str, dict[str, bytes]] = {}
        for space in Space:
            stored, kept = dict(store.rows(space)), dict(known(space))
            self._spaces[space] = kept if kept == stored else stored

    def hold(self, expected: Iterable[Expect]) -> bool:
        """Whether every row is as the unit expects it."""
        spaces = self._spaces
        return all(spaces[e.space].get(e.key) == e.value for e in expected)

    def apply(self, effects: Iterable[Effect]) -> None:
        """Take effects in order; dropping what is not there is no error."""
        spaces = self._spaces
        for effect in effects:
            if type(effect) is Put:
                spaces[effect.space][effect.key] = effect.value
            else:
                spaces[effect.space].pop(effect.key, None)

    def show(self, effects: Iterable[Effect]) -> bool:
        """Whether the state is as if `effects` had just been applied."""
        newest = {(e.space, e.key): e.value if isinstance(e, Put) else None for e in effects}
        return all(self._spaces[space].get(key) == value for (space, key), value in newest.items())

    def space(self, space: Space) -> list[tuple[str, bytes]]:
        return list(self._spaces[space].items())
