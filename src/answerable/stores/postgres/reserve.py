# SPDX-License-Identifier: Apache-2.0
"""Space on the server's disk that is kept for stop orders: a table of random bytes that is emptied when a stop order
finds the disk full. TRUNCATE gives the blocks back at once, where DELETE would not."""

from __future__ import annotations

from os import urandom
from typing import Final

from answerable.stores.postgres.session import Session

# A stop order with its payload takes some 100 kB, with its indexes and their free space; this is for forty.
RESERVE_BYTES: Final = 4 << 20
_PIECE: Final = 1 << 20


def lay_in(session: Session) -> None:
    """Fill the reserve again if it is spent and the disk has room; a full disk must not keep a store from opening.
    Raises Unavailable ``store.*`` if the server is gone."""
    from answerable.errors import Unavailable

    if session.row("SELECT 1 FROM reserve LIMIT 1") is not None:
        return
    try:
        session.rows("INSERT INTO reserve SELECT unnest($1::bytea[])", _filler())
    except Unavailable as error:
        if error.code != "store.full":
            raise


def spend(session: Session) -> bool:
    """Free the space. False if it was spent already. Raises Unavailable ``store.*``."""
    if session.row("SELECT 1 FROM reserve LIMIT 1") is None:
        return False
    session.script("TRUNCATE reserve")
    return True


def _filler() -> list[bytes]:
    return [urandom(_PIECE) for _ in range(RESERVE_BYTES // _PIECE)]
