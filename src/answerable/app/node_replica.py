# SPDX-License-Identifier: Apache-2.0
"""The registry as a gateway node knows it: a book that follows the control plane's, and is kept on disk for who asks
about the past. It registers nothing itself.

What was read from disk answers `who`; it admits nobody: for that, this run of the node must have seen the control plane
(`Replica.seen`).
"""

from __future__ import annotations

from pathlib import Path
from typing import Final

import msgspec

from answerable import durable
from answerable.app.node_feed import SPACES, Told
from answerable.errors import AnswerableError, Unavailable, VerificationError
from answerable.model.units import EPOCH, Drop, Effect, Put, Space
from answerable.registry.book import Book

FILE: Final = "registry-replica.json"
MAX_FILE: Final = 2 << 30

_saved = msgspec.json.Decoder(list[tuple[str, str, str]]).decode


class Replica(Book):
    """Implements `ports.Directory`. since: what was heard last, as the control plane counts; seen: whether this run has
    heard everything once; told_epoch: of the stop set, as the control plane said last."""

    def __init__(self, domain: str) -> None:
        super().__init__(domain)
        self.since = ""
        self.seen = False
        self.told_epoch = 0
        self._coming: Book | None = None  # everything anew, until it is complete

    def take(self, told: Told) -> bool:
        """Follow one answer; whether it changed something here. What comes anew replaces what was here at once, when
        it is whole. Raises VerificationError ``node.answer`` for rows that this version cannot read."""
        before = self.changes
        try:
            effects = [_effect(row) for row in told.rows]
            if told.whole:
                self._coming = Book(self.domain)
            if self._coming is not None:
                self._coming.apply(effects)
                if not told.more:
                    self._coming._check()
                    self._become(self._coming)
            else:
                self.apply(effects)
        except (msgspec.MsgspecError, ValueError, KeyError) as error:
            self._coming, self.since = None, ""
            raise VerificationError("node.answer", detail=f"rows: {type(error).__name__}") from None
        except AnswerableError as error:
            self._coming, self.since = None, ""
            raise VerificationError("node.answer", detail=error.code) from None
        self.since, self.told_epoch = told.since, told.epoch
        if not told.more:
            self.seen = True
        return self.changes != before

    def touch(self) -> None:
        """Something was heard that stands in no row yet: whatever was looked up before is to be looked up again."""
        self.changes += 1

    def save(self, store: Path) -> None:
        """Raises Unavailable ``store.failed``."""
        rows = [(space.value, key, value.decode()) for space in SPACES for key, value in self.rows(space)]
        try:
            durable.replace(store / FILE, msgspec.json.encode(rows))
        except OSError as error:
            raise Unavailable("store.failed", detail=f"{FILE}: {error.strerror}") from None

    def restore(self, store: Path) -> bool:
        """Read what was saved; False if there is nothing that can be read: then all is asked for anew."""
        try:
            with (store / FILE).open("rb") as file:
                rows = _saved(file.read(MAX_FILE))
            book = Book(self.domain)
            book.apply([Put(Space(space), key, value.encode()) for space, key, value in rows])
            book._check()
        except (OSError, msgspec.MsgspecError, ValueError, KeyError, AnswerableError):
            return False
        self._become(book)
        return True

    def _become(self, other: Book) -> None:
        changes = self.changes + 1
        # Nothing that was stopped here is ever let go of, whatever a registry of the past shows.
        missing = [
            Put(Space.STOPS, key, row) for key, row in self.rows(Space.STOPS) if other.raw(Space.STOPS, key) is None
        ]
        if missing or other.epoch < self.epoch:
            other.apply([*missing, Put(Space.COUNTERS, EPOCH, str(max(self.epoch, other.epoch)).encode())])
        kept = {name: getattr(self, name) for name in ("since", "seen", "told_epoch")}
        self.__dict__.update(other.__dict__)
        self.__dict__.update(kept)
        self.changes, self._coming = changes, None


def _effect(row: tuple[str, str, str | None]) -> Effect:
    space, key, value = row
    return Drop(Space(space), key) if value is None else Put(Space(space), key, value.encode())
