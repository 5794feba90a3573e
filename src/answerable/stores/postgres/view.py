# SPDX-License-Identifier: Apache-2.0
"""Reading a PostgreSQL store beside its writer: a session of its own that cannot write, and the index in the folder.

Index and tags stay on this machine: writing costs nothing for them, and another machine builds its own.
"""

from __future__ import annotations

import contextlib
from pathlib import Path

from answerable.ports.stores import Derive
from answerable.stores.found import INDEX_FILE, Found
from answerable.stores.index import Index
from answerable.stores.postgres.address import Address
from answerable.stores.postgres.keyring import Keyring
from answerable.stores.postgres.payloads import PayloadReads
from answerable.stores.postgres.reads import LogReads
from answerable.stores.postgres.session import Session
from answerable.stores.tags import Tags


class PostgresView(LogReads, Found):
    """`ports.StoreView`. It comes back by itself after the server was away."""

    def __init__(self, path: Path, address: Address, payload_key: bytes, derive: Derive | None = None) -> None:
        """path: of the store's folder; derive: as `ports.Store.view`. Raises Unavailable ``store.*``."""
        self._derive = derive
        with contextlib.ExitStack() as opened:
            session = Session(address, reading=True)
            opened.callback(session.close)
            super().__init__(session)
            self._payloads = PayloadReads(session, Keyring(path / "payload-keys", payload_key))
            self._index = Index(path / INDEX_FILE, self)
            opened.callback(self._index.close)
            self._tags = Tags(path, self)
            opened.pop_all()

    def tagged(self, start: int, end: int, only: str = "") -> list[tuple[bytes, int, str, int]]:
        """For the tags' own file: (tag, first leaf of the batch, rid, day of expiry) of batches that begin there."""
        return self._payloads.tags(start, end, self._derive, only)

    def payload(self, rid: str, group: str) -> tuple[bytes, bytes | None] | None:
        at = self._index.find(rid)
        return None if at is None else self._payloads.get(self.segment_of(at), rid, group)

    def kept(self) -> list[tuple[int, int, int]]:
        return self._payloads.kept(self.head()[0])

    def close(self) -> None:
        with contextlib.ExitStack() as left:
            left.callback(self._session.close)
            left.callback(self._index.close)
            self._tags.close()
