# SPDX-License-Identifier: Apache-2.0
"""Reading the log's tables. Each reading is one statement: it sees what was committed before it."""

from __future__ import annotations

from typing import Any, Final

from answerable.errors import Unavailable, VerificationError
from answerable.log.bundle import unpack
from answerable.log.leaf import leaf_hash
from answerable.log.merkle import TILE_WIDTH
from answerable.model.units import Space
from answerable.stores.journal import Journal
from answerable.stores.postgres.address import Address
from answerable.stores.postgres.session import Session

# Bytes of leaves that one statement brings at most, give or take a batch.
_RUN_LEAVES: Final = 4096
_AT: Final = "SELECT first, data FROM segment WHERE first <= $1 ORDER BY first DESC LIMIT 1"
_RUN: Final = "SELECT first, data FROM segment WHERE first >= $1 AND first < $2 ORDER BY first"
_TILE: Final = "SELECT data FROM tile WHERE level = $1 AND n = $2"
# One statement, so that all of it is of one instant.
_STATE: Final = """
SELECT 0 AS kind, 0::bigint AS number, space, key, value FROM state
UNION ALL SELECT 1, batch, '', ''::bytea, effects FROM recent
UNION ALL SELECT 2, size, '', ''::bytea, root FROM head ORDER BY kind, number
"""
_CHECKSUMS: Final = "SELECT checksum_failures FROM pg_stat_database WHERE datname = current_database()"


class LogReads:
    """Raises Unavailable ``store.*``."""

    def __init__(self, session: Session) -> None:
        self._session = session
        # The last bundle read: neighbours are asked for together.
        self._first = -1
        self._bundle: list[bytes] = []

    def head(self) -> tuple[int, bytes]:
        """(size, root) of the newest committed tree."""
        row = self._newest()
        return row["size"], row["root"]

    def checkpoint(self) -> bytes:
        """The newest signed note, or b""."""
        note: bytes = self._newest()["note"]
        return note

    def _newest(self) -> Any:
        row = self._session.row("SELECT size, root, note FROM head")
        if row is None:
            raise Unavailable("store.damaged", detail="no head")
        return row

    def tile(self, level: int, n: int) -> bytes:
        """Hashes of a full or partial tile; b"" if there is none."""
        row = self._session.row(_TILE, level, n)
        if row is not None:
            found: bytes = row["data"]
            return found
        if level or n < 0:
            return b""
        # The right edge is not written with each batch: its hashes are those of leaves that are.
        return b"".join(leaf_hash(leaf) for leaf in self.leaves(n * TILE_WIDTH, (n + 1) * TILE_WIDTH))

    def segment_of(self, index: int) -> int:
        """Index of the first leaf of the batch that holds the leaf. Raises Unavailable ``store.absent``."""
        return self._locate(index)[0]

    def leaf(self, index: int) -> bytes:
        """Raises Unavailable ``store.absent`` for an index past the end."""
        first, bundle = self._locate(index)
        return bundle[index - first]

    def leaves(self, start: int, end: int) -> list[bytes]:
        """Leaves [start, end), fewer at the end of the log."""
        found: list[bytes] = []
        end = min(end, self.head()[0])
        if start < end:
            first, bundle = self._locate(start)
            found += bundle[start - first : end - first]
        while start + len(found) < end:
            at = start + len(found)
            rows = self._session.rows(_RUN, at, min(end, at + _RUN_LEAVES))
            if not rows or rows[0]["first"] != at:
                raise Unavailable("store.damaged", detail=f"no segment at {at}")
            for row in rows:
                if row["first"] != start + len(found):
                    raise Unavailable("store.damaged", detail=f"no segment at {start + len(found)}")
                found += _leaves(row)
        return found[: max(0, end - start)]

    def state(self) -> tuple[int, dict[str, dict[str, bytes]]]:
        """(size of the tree, space -> key -> row) of one instant."""
        spaces: dict[str, dict[str, bytes]] = {space.value: {} for space in Space}
        effects: list[bytes] = []
        size = -1
        for kind, number, space, key, value in self._session.rows(_STATE):
            if kind == 0:
                spaces.setdefault(space, {})[key.decode()] = value
            elif kind == 1:
                effects.append(value)
            else:
                size = number
        if size < 0:
            raise Unavailable("store.damaged", detail="no head")
        journal = Journal(spaces[Space.OPENS])
        for each in effects:
            journal.load(each)
        return size, {space: journal.over(space, held.items()) for space, held in spaces.items()}

    def integrity(self) -> list[str]:
        """What the server says of its pages: how often one did not have its checksum. Where it keeps none it cannot
        tell."""
        failures = self._session.row(_CHECKSUMS)
        return [f"{failures[0]} pages without their checksum"] if failures is not None and failures[0] else []

    def _locate(self, index: int) -> tuple[int, list[bytes]]:
        if not self._first <= index < self._first + len(self._bundle):
            row = self._session.row(_AT, index) if index >= 0 else None
            if row is None:
                raise Unavailable("store.absent", index=index)
            bundle = _leaves(row)
            if not row["first"] <= index < row["first"] + len(bundle):
                raise Unavailable("store.absent", index=index)
            self._first, self._bundle = row["first"], bundle
        return self._first, self._bundle


class StoredLog(LogReads):
    """The log of a database, and nothing else of it: for readers without the store's folder."""

    def __init__(self, address: Address) -> None:
        """Raises Unavailable ``store.*``."""
        super().__init__(Session(address, reading=True))

    def close(self) -> None:
        self._session.close()


def _leaves(row: Any) -> list[bytes]:
    try:
        return unpack(row["data"])
    except VerificationError:
        raise Unavailable("store.damaged", detail=f"segment {row['first']}") from None
