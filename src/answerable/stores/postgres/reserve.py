# SPDX-License-Identifier: Apache-2.0
"""Space on the server's disk that is kept for stop orders: a table that is emptied when a stop order finds the disk
full. TRUNCATE gives the blocks back at once, where DELETE would not; it needs no new block itself, since the table has
no index and rows too short for an overflow table.

A disk that has no room for the write-ahead log stops the whole server: against that only space of its own helps. So
what was spent is laid in again only after a look for room that writes no log: into a temporary table.
"""

from __future__ import annotations

import time
from collections.abc import Callable
from typing import Final

from answerable.errors import Unavailable
from answerable.stores.postgres.session import Session

# A stop order with its payload takes some 100 kB, with its indexes and their free space; this is for forty.
RESERVE_BYTES: Final = 4 << 20
# Of the write-ahead log, in which the reserve is written too; one more may be begun for it.
SEGMENT_BYTES: Final = 16 << 20
PAUSE_S: Final = 30.0  # between two looks for room: each takes some tenths of a second
_ROW_BYTES: Final = 400
_FILL: Final = "INSERT INTO {table} SELECT repeat('x', {bytes}) FROM generate_series(1, {rows})"
_LAID: Final = "SELECT 1 FROM reserve LIMIT 1"


def _fill(table: str, size: int) -> str:
    return _FILL.format(table=table, bytes=_ROW_BYTES, rows=size // _ROW_BYTES)


# Gone with its transaction, whichever way that ends.
_ROOM: Final = f"CREATE TEMPORARY TABLE room (filler char({_ROW_BYTES}) NOT NULL) ON COMMIT DROP;" + _fill(
    "room", 2 * RESERVE_BYTES + SEGMENT_BYTES
)


class Reserve:
    """Of one store, as one process knows it. mono: seconds."""

    def __init__(self, session: Session, mono: Callable[[], float] = time.monotonic) -> None:
        self._session = session
        self._mono = mono
        self._laid = True
        self._next = 0.0

    def lay_in(self) -> None:
        """Fill it if it is empty and the disk has room, when a store is opened; a full disk must not keep it from
        opening. Raises Unavailable ``store.*`` if the server is gone."""
        self._laid = self._session.row(_LAID) is not None or self._filled()

    def spend(self) -> bool:
        """Free the space. False if it was spent already. Raises Unavailable ``store.*``."""
        if self._session.row(_LAID) is None:
            return False
        self._session.script("TRUNCATE reserve")
        self._laid = False
        return True

    def again(self) -> None:
        """Lay in what was spent, as soon as the disk has room: it may fill up more than once. Costs nothing while it
        lies there, and raises nothing: a session that is lost says so to whoever uses it next."""
        if self._laid or self._mono() < self._next:
            return
        self._next = self._mono() + PAUSE_S
        try:
            self._session.script(_ROOM)
            self._laid = self._session.row(_LAID) is not None or self._filled()
        except Unavailable:
            return

    def _filled(self) -> bool:
        try:
            self._session.script(_fill("reserve", RESERVE_BYTES))
        except Unavailable as error:
            if error.code != "store.full":
                raise
            self._session.script("TRUNCATE reserve")  # what it took before it failed
            return False
        return True
