# SPDX-License-Identifier: Apache-2.0
"""Reading the log beside its writer: records, proofs, payloads. In a thread of its own; costs the writer nothing."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from typing import Final, TypeVar

from answerable.errors import Refused
from answerable.log import checkpoint as checkpoints
from answerable.log.merkle import Frontier, consistency_proof, inclusion_proof
from answerable.model.prints import Print
from answerable.ports import Store, StoreView
from answerable.ports.stores import Derive

# Leaves that one call gives at most.
TAIL_BOUND: Final = 1000
_Result = TypeVar("_Result")


@dataclass(frozen=True, slots=True)
class Proved:
    """A leaf, its place, and the nodes that lead from it to the root of the checkpoint that was asked for."""

    index: int
    leaf: bytes
    proof: list[bytes]


class Reader:
    """Used on one event loop. Raises Unavailable ``store.*``."""

    def __init__(
        self,
        store: Store,
        *,
        published: Callable[[], Awaitable[bytes]] | None = None,
        witnessed: Callable[[int], Awaitable[bytes]] | None = None,
        derive: Derive | None = None,
    ) -> None:
        """published: `Sequencer.published` where one runs, so that nobody is given a checkpoint that the guard does not
        hold; without it the newest in the store is given, as for a store that is read only. witnessed: a checkpoint
        over at least so many leaves that a quorum cosigned, for receipts; None where there are no witnesses. derive: as
        `Store.view`."""
        self._store = store
        self._published = published
        self._witnessed = witnessed
        self._derive = derive
        self._thread = ThreadPoolExecutor(1, thread_name_prefix="reader")
        self._view: StoreView | None = None

    async def checkpoint(self) -> bytes:
        """A signed note over everything acknowledged so far; b"" for an empty log."""
        if self._published is not None:
            return await self._published()
        return await self._ask(lambda view: view.checkpoint())

    async def prove(self, rid: str) -> Proved:
        """A record and its proof against the tree as it is now. Raises Refused ``log.unrecorded``."""
        return await self._ask(lambda view: _prove(view, rid, view.head()[0]))

    async def prove_all(self, rids: Sequence[str], *, cosigned: bool = False) -> tuple[bytes, list[Proved]]:
        """A checkpoint and the records with their proofs against it. cosigned: for whoever demands witnesses, where
        there are any; what none of them has seen yet is waited for.

        Raises Refused ``log.unrecorded``, Unavailable ``log.unwitnessed``.
        """
        if self._witnessed is None or not cosigned:
            note = await self.checkpoint()
        else:
            indexes = await self._ask(lambda view: [view.find(rid) for rid in rids])
            note = await self._witnessed(1 + max((index for index in indexes if index is not None), default=0))
        size = checkpoints.parse(note)[0].size if note else 0
        return note, await self._ask(lambda view: [_prove(view, rid, size) for rid in rids])

    async def proofs(self, indices: Sequence[int], size: int) -> list[Proved]:
        """The leaves at `indices`, proven against the tree as it was when it had `size` leaves."""
        return await self._ask(
            lambda view: [Proved(at, view.leaf(at), inclusion_proof(view.tile, at, size)) for at in indices]
        )

    async def consistency(self, old: int, new: int) -> list[bytes]:
        """The proof that the tree of `old` leaves is the beginning of that of `new`; of nothing and of the same tree it
        is empty. Raises VerificationError ``log.proof`` for sizes out of order, ``log.tile``."""
        return await self._ask(lambda view: consistency_proof(view.tile, old, new) if 0 < old != new else [])

    async def root(self, size: int) -> bytes:
        """The root of the tree as it was when it had `size` leaves, 32 bytes. Raises VerificationError ``log.tile``."""
        return await self._ask(lambda view: Frontier.from_tiles(size, view.tile).root())

    async def find(self, rid: str) -> bytes | None:
        """The leaf with that record id."""

        def find(view: StoreView) -> bytes | None:
            index = view.find(rid)
            return None if index is None else view.leaf(index)

        return await self._ask(find)

    async def close_of(self, rid: str) -> str | None:
        """rid of the close leaf of an open leaf."""
        return await self._ask(lambda view: view.close_of(rid))

    async def tail(self, start: int, end: int) -> list[bytes]:
        """Leaves [start, end), at most `TAIL_BOUND` and fewer at the end of the log."""
        return await self._ask(lambda view: view.leaves(max(0, start), min(end, start + TAIL_BOUND)))

    async def size(self) -> int:
        return await self._ask(lambda view: view.head()[0])

    async def by_tag(self, tag: bytes) -> list[str]:
        """rids of the records whose content carries the tag, oldest first."""
        return await self._ask(lambda view: view.by_tag(tag))

    async def alike(self, tags: Sequence[bytes], least: int) -> list[tuple[str, int]]:
        """(rid, how many of the tags its content carries), the most first, of those with `least` or more."""
        return await self._ask(lambda view: view.alike(tags, least))

    async def near(self, wanted: Print) -> list[tuple[str, Print]]:
        """(rid, its fingerprint) of the records whose content is near, the nearest first."""
        return await self._ask(lambda view: view.near(wanted))

    async def tags(self, rid: str) -> list[bytes]:
        """All tags of the record's content; none where it is gone."""
        return await self._ask(lambda view: view.tags(rid))

    async def payload(self, rid: str, group: str) -> tuple[bytes, bytes | None] | None:
        """(salt, body) behind a commitment; body None where only salts are kept; None if it is not kept or erased."""
        return await self._ask(lambda view: view.payload(rid, group))

    async def kept(self) -> list[tuple[int, int, int]]:
        """(day, payloads, bytes) of what is kept, by the day of expiry; 0 for what lasts. It looks through all of it,
        and keeps nobody else waiting."""

        def look() -> list[tuple[int, int, int]]:
            view = self._store.view()
            try:
                return view.kept()
            finally:
                view.close()

        return await asyncio.to_thread(look)

    async def close(self) -> None:
        if self._view is not None:
            await self._ask(lambda view: view.close())
        await asyncio.to_thread(self._thread.shutdown)

    async def _ask(self, question: Callable[[StoreView], _Result]) -> _Result:
        return await asyncio.get_running_loop().run_in_executor(self._thread, self._answer, question)

    def _answer(self, question: Callable[[StoreView], _Result]) -> _Result:
        # Opened at the first question, in the thread that uses it.
        if self._view is None:
            self._view = self._store.view(self._derive)
        return question(self._view)


def _prove(view: StoreView, rid: str, size: int) -> Proved:
    index = view.find(rid)
    if index is None or index >= size:
        raise Refused("log.unrecorded", rid=rid)
    return Proved(index, view.leaf(index), inclusion_proof(view.tile, index, size))
