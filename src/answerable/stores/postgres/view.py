# SPDX-License-Identifier: Apache-2.0
"""Reading a PostgreSQL store beside its writer: a session of its own that cannot write, and the index in the folder.

Index and tags stay on this machine: writing costs nothing for them, and another machine builds its own.
"""

from __future__ import annotations

import contextlib
from collections.abc import Sequence
from pathlib import Path
from typing import Final

from answerable.model import prints
from answerable.model.prints import Print
from answerable.ports.stores import Derive
from answerable.stores.index import Index
from answerable.stores.postgres.address import Address
from answerable.stores.postgres.keyring import Keyring
from answerable.stores.postgres.payloads import PayloadReads
from answerable.stores.postgres.reads import LogReads
from answerable.stores.postgres.session import Session
from answerable.stores.tags import Tags

INDEX_FILE: Final = "index.db"


class PostgresView(LogReads):
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

    def find(self, rid: str) -> int | None:
        return self._index.find(rid)

    def close_of(self, rid: str) -> str | None:
        return self._index.close_of(rid)

    def by_tag(self, tag: bytes) -> list[str]:
        """Those whose payload still stands: some may be gone since the tags were last cleaned up."""
        return [rid for rid in self._tags.find(tag) if tag in self.tags(rid)]

    def alike(self, tags: Sequence[bytes], least: int) -> list[tuple[str, int]]:
        if not tags:
            return []
        wanted = set(tags)
        counted = [(rid, len(wanted & set(self.tags(rid)))) for rid, _ in self._tags.alike(list(wanted), least)]
        return [(rid, shared) for rid, shared in counted if shared >= least]

    def near(self, wanted: Print) -> list[tuple[str, Print]]:
        found = [(rid, tag, prints.read(tag)) for rid, tag in self._tags.near(wanted)]
        return [(rid, its) for rid, tag, its in found if its is not None and tag in self.tags(rid)]

    def tags(self, rid: str) -> list[bytes]:
        at = self._index.find(rid)
        if at is None:
            return []
        first = self.segment_of(at)
        return [tag for tag, _, _, _ in self.tagged(first, first + 1, rid)]

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
