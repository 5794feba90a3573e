# SPDX-License-Identifier: Apache-2.0
"""Effects that the newest batches had, before they are folded into the state table.

A batch writes its effects as one value, not as rows. Most are of actions that open and close within seconds: they
cancel out here and never touch the table. What is left is folded in now and then, in the transaction of a batch.
"""

from __future__ import annotations

from collections.abc import Iterable

import msgspec

from answerable.errors import Unavailable
from answerable.model.units import Put, Space, Unit

_Change = tuple[str, str, bytes | None]
_encode = msgspec.msgpack.Encoder().encode
_decode = msgspec.msgpack.Decoder(list[_Change]).decode


class Journal:
    """What changed since the last fold: newest value by key, None for a dropped row."""

    def __init__(self, open_keys: Iterable[str] = ()) -> None:
        """open_keys: the keys of `Space.OPENS` that the state table holds. Of that space alone it is known what the
        table has, so that an action that came and went in between leaves nothing to delete."""
        self._changes: dict[str, dict[str, bytes | None]] = {}
        self._stored = set(open_keys)

    def add(self, units: Iterable[Unit]) -> bytes:
        """Take the units' effects in order; returns them encoded, for the batch's row."""
        changes: list[_Change] = [
            (effect.space, effect.key, effect.value if type(effect) is Put else None)
            for unit in units
            for effect in unit.effects
        ]
        self._take(changes)
        return _encode(changes)

    def load(self, encoded: bytes) -> None:
        """Take what `add` returned. Raises Unavailable ``store.damaged``."""
        try:
            self._take(_decode(encoded))
        except msgspec.MsgspecError:
            raise Unavailable("store.damaged", detail="effects of a batch") from None

    def _take(self, changes: list[_Change]) -> None:
        spaces, stored, opens = self._changes, self._stored, Space.OPENS
        for space, key, value in changes:
            rows = spaces.get(space)
            if rows is None:
                rows = spaces[str(space)] = {}
            if value is None and space == opens and key not in stored:
                rows.pop(key, None)
            else:
                rows[key] = value

    def __len__(self) -> int:
        return sum(map(len, self._changes.values()))

    def puts(self) -> list[tuple[str, str, bytes]]:
        """Rows to write, (space, key, value)."""
        return [
            (space, key, value)
            for space, rows in self._changes.items()
            for key, value in rows.items()
            if value is not None
        ]

    def drops(self) -> list[tuple[str, str]]:
        """Rows to delete, (space, key)."""
        return [(space, key) for space, rows in self._changes.items() for key, value in rows.items() if value is None]

    def folded(self) -> None:
        """The table has them now."""
        for key, value in self._changes.get(Space.OPENS, {}).items():
            if value is None:
                self._stored.discard(key)
            else:
                self._stored.add(key)
        self._changes.clear()

    def over(self, space: str, rows: Iterable[tuple[str, bytes]]) -> dict[str, bytes]:
        """The space as it stands: the table's rows with what changed since."""
        merged: dict[str, bytes] = dict(rows)
        for key, value in self._changes.get(space, {}).items():
            if value is None:
                merged.pop(key, None)
            else:
                merged[key] = value
        return merged
