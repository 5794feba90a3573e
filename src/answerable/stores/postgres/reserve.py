# SPDX-License-Identifier: Apache-2.0
"""Space on the server's disk that is kept for stop orders: a table that is emptied when a stop order finds the disk
full. TRUNCATE gives the blocks back at once, where DELETE would not; it needs no new block itself, since the table has
no index and rows too short for an overflow table.

A disk that has no room for the write-ahead log stops the whole server: against that only space of its own helps.
"""

from __future__ import annotations

from typing import Final

from answerable.errors import Unavailable
from answerable.stores.postgres.session import Session

# A stop order with its payload takes some 100 kB, with its indexes and their free space; this is for forty.
RESERVE_BYTES: Final = 4 << 20
_ROW_BYTES: Final = 400
_FILL: Final = "INSERT INTO reserve SELECT repeat('x', $1::integer) FROM generate_series(1, $2::integer)"


def lay_in(session: Session) -> None:
    """Fill the reserve again if it is spent and the disk has room; a full disk must not keep a store from opening.
    Raises Unavailable ``store.*`` if the server is gone."""
    if session.row("SELECT 1 FROM reserve LIMIT 1") is not None:
        return
    try:
        session.rows(_FILL, _ROW_BYTES, RESERVE_BYTES // _ROW_BYTES)
    except Unavailable as error:
        if error.code != "store.full":
            raise
        session.script("TRUNCATE reserve")  # what it took before it failed


def spend(session: Session) -> bool:
    """Free the space. False if it was spent already. Raises Unavailable ``store.*``."""
    if session.row("SELECT 1 FROM reserve LIMIT 1") is None:
        return False
    session.script("TRUNCATE reserve")
    return True
