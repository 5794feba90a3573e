# SPDX-License-Identifier: Apache-2.0
"""The ledger of a store that must not be written: everything is refused with the reason, nothing is signed.

What can be read is read. A checkpoint is given out only if this log signed it, the store's tree still leads to it, and
the guard does not say that the store holds another history: a second face is never shown.
"""

from __future__ import annotations

import logging
from collections.abc import Callable, Sequence
from typing import Final

from answerable.errors import AnswerableError, Unavailable
from answerable.log import checkpoint
from answerable.log.merkle import Frontier
from answerable.model.units import Committed, Unit
from answerable.ports import Store
from answerable.sequencer.guard import Guard

# What keeps a store from being written, and not from being read.
READ_ONLY: Final = frozenset(
    {"store.damaged", "store.forked", "store.rewritten", "store.rolled_back", "store.unguarded"}
)
_log = logging.getLogger("answerable.sequencer")


class Halted:
    """In the place of a `Sequencer`. failure: why."""

    settled: tuple[str, ...] = ()

    def __init__(self, store: Store, guard: Guard | None, failure: AnswerableError, vkeys: Sequence[str]) -> None:
        """guard: None if it cannot be used. Takes store and guard over."""
        self.failure = failure
        self.hearers: list[Callable[[int, Sequence[bytes]], None]] = []  # nothing is written: they hear nothing
        self._store = store
        self._guard = guard
        self._note = _presentable(store, guard, failure, vkeys)
        _log.critical("the store is served read-only: %s", failure)

    async def commit(self, unit: Unit) -> Committed:
        """Raises Unavailable ``log.stopped``."""
        raise self._refusal()

    async def erase(self, leaves: Sequence[tuple[int, str]]) -> int:
        """Raises Unavailable ``log.stopped``."""
        raise self._refusal()

    def count_refusal(self, code: str) -> None:
        """There is nowhere to count it."""

    async def published(self) -> bytes:
        """The newest checkpoint that may be shown. Raises Unavailable ``log.stopped`` if none may."""
        if self._note is None:
            raise self._refusal()
        return self._note

    async def witnessed(self, size: int) -> bytes:
        return await self.published()

    def cosigned(self) -> bytes:
        return b""

    def confront(self, note: bytes) -> None:
        """It has stopped already."""

    async def close(self) -> None:
        try:
            self._store.close()
        finally:
            if self._guard is not None:
                self._guard.close()

    def _refusal(self) -> Unavailable:
        return Unavailable("log.stopped", detail=self.failure.code)


def _presentable(store: Store, guard: Guard | None, failure: AnswerableError, vkeys: Sequence[str]) -> bytes | None:
    candidates = [guard.published] if guard is not None else []
    if failure.code != "store.rewritten":
        candidates.append(store.checkpoint())
    for note in candidates:
        try:
            signed = checkpoint.verify(note, vkeys)
            if signed.size <= store.head()[0] and Frontier.from_tiles(signed.size, store.tile).root() == signed.root:
                return note
        except AnswerableError:
            continue
    return None
