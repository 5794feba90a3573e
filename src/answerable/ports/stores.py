# SPDX-License-Identifier: Apache-2.0
"""Where the log is kept and how it is written: ledger, store, and the view beside the writer (C2SP tlog-tiles)."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from typing import Protocol

from answerable.model.prints import Print
from answerable.model.units import Committed, Space, Unit


class Ledger(Protocol):
    """The one way to change state. Implemented by the sequencer."""

    async def commit(self, unit: Unit) -> Committed:
        """Write leaves, effects and payloads whole and durably, or not at all; return after the disk has them.

        By the time it returns the `Directory` shows the effects. Raises Refused ``log.conflict`` (an `Expect` does not
        hold), Unavailable ``log.full`` (queue bound reached: refuse rather than wait), Unavailable ``log.stopped``.
        Of a unit that is to be witnessed also: Refused ``log.no_quorum``, where no witnesses are configured (nothing
        was written), Unavailable ``log.unwitnessed``, when they did not cosign in time (it *is* written).
        Cancelling the caller does not withdraw a unit that was accepted.
        """

    async def erase(self, leaves: Sequence[tuple[int, str]]) -> int:
        """`Store.erase`, between two batches; returns how many payloads there were. Raises Unavailable ``store.*``,
        ``log.stopped``: what is recorded as erased is ended at the next start, if not before."""

    def count_refusal(self, code: str) -> None:
        """Count a refusal of an unknown caller; counts are written in aggregate, at most one leaf every few seconds."""


Held = Callable[[str], bool]  # whether the payloads of the leaf with that rid must be kept
# (group, body) of a payload -> tags by which it is found beside those that it was written with. They are made when the
# index is, so that writing costs nothing for them, and go with the payload as the others do.
Derive = Callable[[str, bytes], Iterable[bytes]]


class Store(Protocol):
    """Where the sequencer keeps things. Blocking: it is called from the sequencer's own thread only.

    Raises Unavailable ``store.*`` for any failure: ``store.full`` when there is no space, ``store.damaged`` for what it
    cannot read back, ``store.failed`` otherwise. After one the sequencer reopens and verifies before it writes again.
    """

    def head(self) -> tuple[int, bytes]:
        """(size, root) of the newest committed tree; (0, SHA-256 of nothing) when empty."""

    def append(
        self,
        first: int,
        leaves: Sequence[bytes],
        tiles: Mapping[tuple[int, int], bytes],
        checkpoint: bytes,
        expect: tuple[int, bytes],
        root: bytes,
        units: Sequence[Unit],
    ) -> None:
        """One transaction: a segment row of `leaves` (C2SP bundle framing) from index `first`, right-edge tiles
        {(level, n): up to 256 hashes of 32 bytes}, the checkpoint, and the units' effects. Raises Unavailable
        ``store.forked`` if (size, root) is not `expect`; then nothing was written. Durable when it returns."""

    def put_payloads(self, units: Sequence[Unit], expires: int, *, bodies: bool = True) -> None:
        """Write the units' payloads, in a file of their own; called before the `append` of the same units, at the same
        head, and durable at the latest with it. expires: ms UTC, from when `sweep` deletes those that say nothing of
        their own (`Payload.expires`); groups in `LASTING` stay. bodies: False keeps the salts alone."""

    def sweep(self, now: int, held: Held | None = None) -> int:
        """Delete payloads that expired by `now` (ms UTC) and those whose leaves were never written; returns 0 when
        there is nothing left to do, so that it is called until then. held: of which leaves (rid) the payloads stay for
        now, whatever their expiry; they go with a later sweep that does not hold them any more. The bytes are gone from
        the disk when it returns, their tags after the next `tidy`. What `held` raises is raised before anything was
        deleted for that answer."""

    def erase(self, leaves: Sequence[tuple[int, str]]) -> int:
        """Make the payloads of these leaves, of every group, unreadable for ever: body, salt and key are gone from
        every file of the store when it returns, tags when `tidy` was called for these leaves too, and
        `StoreView.payload` and `by_tag` know them no more. leaves: (index, rid) of each. Returns how many payloads
        there were; again for the same leaves: 0. The leaves, and the payloads of all others, stay as they are.
        Interrupted at any point, what is not yet erased is whole, and calling it again after the next opening ends the
        work."""

    def tidy(self, rids: Sequence[str] = ()) -> None:
        """Take the tags of these leaves, which were erased, and of what the last sweep let go of out of every file.
        rids: of the leaves. It may take seconds, so it may be called from another thread than all else, by one at a
        time, while the store is open. Interrupted at any point, or failed, calling it again for the same leaves ends
        the work."""

    def rows(self, space: Space) -> Iterable[tuple[str, bytes]]: ...

    def leaf(self, index: int) -> bytes:
        """Raises Unavailable ``store.absent`` for an index past the end."""

    def leaves(self, start: int, end: int) -> list[bytes]:
        """Leaves [start, end), fewer at the end of the log."""

    def tile(self, level: int, n: int) -> bytes:
        """Hashes of a full or partial tile, 32 bytes each; b"" if there is none."""

    def checkpoint(self) -> bytes:
        """The newest signed note, or b""."""

    def view(self, derive: Derive | None = None) -> StoreView:
        """A reader of its own for another thread. derive: the same for all that look for tags."""

    def reopen(self) -> None:
        """Drop every handle and cached page, open again, and make what is then seen durable. Raises Unavailable."""

    def spend_reserve(self) -> bool:
        """Give back the space that is kept for stop orders, so that one more append fits. False: already spent."""

    def close(self) -> None: ...


class StoreView(Protocol):
    """Reads what is committed, beside the writer. Blocking; one thread at a time. Errors as `Store`."""

    def head(self) -> tuple[int, bytes]: ...

    def checkpoint(self) -> bytes: ...

    def leaf(self, index: int) -> bytes: ...

    def leaves(self, start: int, end: int) -> list[bytes]: ...

    def tile(self, level: int, n: int) -> bytes: ...

    def find(self, rid: str) -> int | None:
        """Index of the leaf with that record id."""

    def close_of(self, rid: str) -> str | None:
        """rid of the close leaf of that open leaf."""

    def by_tag(self, tag: bytes) -> list[str]:
        """rids of the leaves whose payload carries the tag, oldest first."""

    def alike(self, tags: Sequence[bytes], least: int) -> list[tuple[str, int]]:
        """(rid, how many of the tags its payload carries) of the leaves whose payload carries `least` of them or more:
        those with the most, then those of the newest batch, 64 at most."""

    def near(self, wanted: Print) -> list[tuple[str, Print]]:
        """(rid, its fingerprint) of the leaves whose payload carries a fingerprint of the same kind and version whose
        first word differs in `prints.RADIUS` bits at most: the nearest first, 64 at most."""

    def tags(self, rid: str) -> list[bytes]:
        """The tags of the payloads of the leaf with that record id; none where they are gone."""

    def payload(self, rid: str, group: str) -> tuple[bytes, bytes | None] | None:
        """(salt, body) of what a commitment hides; body None where only salts are kept; None if absent or erased."""

    def kept(self) -> list[tuple[int, int, int]]:
        """(day, payloads, bytes) of all that is kept, by the day (since 1970, UTC) after which it is let go of, the
        soonest first; 0 is the day of what lasts. Looks through all of it."""

    def state(self) -> tuple[int, Mapping[str, Mapping[str, bytes]]]:
        """(size of the tree, space -> key -> row): every row as it stood at one committed instant."""

    def integrity(self) -> list[str]:
        """What the storage engine itself finds wrong with its files; [] if nothing, or if it cannot tell."""

    def close(self) -> None: ...
