# SPDX-License-Identifier: Apache-2.0
"""`log fsck`: everything that a store says, computed again from its leaves (RFC 6962, C2SP tlog-tiles and -checkpoint).

It reads through `ports.StoreView`, so it works beside a store that is served and changes nothing. What it finds are
errors with a code, a reason and a remedy; it goes on after each, to tell all of it.
"""

from __future__ import annotations

import time
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Final

import msgspec

from answerable.errors import AnswerableError, Unavailable, VerificationError
from answerable.log import checkpoint, commitment
from answerable.log.leaf import decode, leaf_hash
from answerable.log.leaf import rid as rid_of
from answerable.log.merkle import TILE_WIDTH, Frontier
from answerable.model.calls import CONTEXT
from answerable.model.leaves import Commitments, EraseLeaf, Leaf, PartyLeaf
from answerable.model.units import LASTING, Space
from answerable.ports import StoreView
from answerable.privacy.statements import BASIS, extensions
from answerable.sequencer import replay_budgets
from answerable.sequencer.guard import Seen
from answerable.sequencer.recovery import agree
from answerable.sequencer.replay import Replay, told_nowhere, unlike
from answerable.tools.calls import decode as decode_call
from answerable.tools.calls import over

STEP: Final = 8 * TILE_WIDTH
# Of one kind of finding this many are told; all are counted.
TOLD: Final = 50
_PRINCIPAL: Final = "pri"


@dataclass(slots=True)
class Audit:
    """What was found. counts: what was looked at, by name; found: how many findings there are, by code."""

    size: int = 0
    root: bytes = b""
    findings: list[AnswerableError] = field(default_factory=list)
    found: Counter[str] = field(default_factory=Counter)
    counts: Counter[str] = field(default_factory=Counter)

    def add(self, finding: AnswerableError) -> None:
        self.found[finding.code] += 1
        if self.found[finding.code] <= TOLD:
            self.findings.append(finding)

    @property
    def sound(self) -> bool:
        return not self.found


def audit(
    view: StoreView, vkeys: Sequence[str], seen: Seen | None, *, payloads: bool = True, state: bool = True
) -> Audit:
    """Look at everything. vkeys: this log's verifier keys, the present one first; seen: what the guard holds, None to
    leave it out; payloads, state: False leaves those out.

    Raises Unavailable ``store.*`` only where nothing can be read at all.
    """
    return _Auditor(view, payloads, state).run(vkeys, seen)


class _Auditor:
    def __init__(self, view: StoreView, payloads: bool, state: bool) -> None:
        self._view = view
        self._payloads = payloads
        self._state = state
        self._found = Audit()
        self._frontier = Frontier()
        self._replay = Replay("", self._told, self._leaf_of)
        self._indexing = True
        self._unnamed: set[str] = set()
        self._gone: list[tuple[str, str]] = []  # (rid, group) of lasting payloads that are not there
        self._erased: set[str] = set()
        self._first: dict[str, str] = {}  # rid of a party leaf that changed a standing -> of the party's first
        self._now = time.time_ns() // 1_000_000

    def run(self, vkeys: Sequence[str], seen: Seen | None) -> Audit:
        found = self._found
        try:
            for line in self._view.integrity():
                found.add(Unavailable("audit.engine", detail=line[:200]))
            self._head()
        except AnswerableError as error:
            found.add(error)
            return found
        # The state first: what is committed meanwhile belongs to leaves behind those that it is compared with.
        rows: Mapping[str, Mapping[str, bytes]] = {}
        size = 0
        try:
            size, rows = self._view.state()
        except AnswerableError as error:
            found.add(error)
        note, (last, root) = self._head()
        found.size, found.root = last, root
        self._leaves(0, size)
        if self._state:
            self._compare(rows)
        self._leaves(size, last)
        if (self._frontier.size, self._frontier.root()) != (last, root):
            found.add(Unavailable("audit.root", size=last))
        self._signed(note, vkeys)
        if seen is not None:
            self._guarded(seen, vkeys)
        for rid, group in self._gone:
            if self._first.get(rid, rid) not in self._erased:
                found.add(Unavailable("audit.payload_gone", rid=rid, group=group))
        return found

    def _head(self) -> tuple[bytes, tuple[int, bytes]]:
        """Checkpoint and head of one instant, beside a writer."""
        for _ in range(100):
            head, note = self._view.head(), self._view.checkpoint()
            if head == self._view.head():
                break
        return note, head

    def _leaves(self, start: int, end: int) -> None:
        while start < end:
            stop = min(end, start - start % STEP + STEP)
            self._take(start, list(self._read(start, stop)))
            start = stop

    def _read(self, start: int, end: int) -> Iterator[bytes | None]:
        """The leaves, None for one that cannot be read."""
        try:
            yield from self._view.leaves(start, end)
        except AnswerableError:
            pass
        else:
            return
        for index in range(start, end):
            try:
                yield self._view.leaf(index)
            except AnswerableError as error:
                self._found.add(Unavailable("audit.unreadable", index=index, detail=error.code))
                yield None

    def _take(self, start: int, leaves: list[bytes | None]) -> None:
        hashes = []
        for index, data in enumerate(leaves, start):
            if data is None:
                hashes.append(self._remembered(index))
                continue
            hashes.append(leaf_hash(data))
            self._found.counts["leaves"] += 1
            self._leaf(index, data)
        for (level, n), made in self._frontier.append(hashes).items():
            self._found.counts["tiles"] += len(made) == TILE_WIDTH * 32
            try:
                kept = self._view.tile(level, n)
            except AnswerableError:
                kept = b""
            if kept[: len(made)] != made:
                self._found.add(Unavailable("audit.tile", level=level, n=n))

    def _remembered(self, index: int) -> bytes:
        """The hash that the tree has of a leaf that cannot be read: so the rest can still be checked."""
        n, at = divmod(index, TILE_WIDTH)
        try:
            return self._view.tile(0, n)[at * 32 : at * 32 + 32].ljust(32, b"\x00")
        except AnswerableError:
            return bytes(32)

    def _leaf(self, index: int, data: bytes) -> None:
        rid = rid_of(data)
        self._indexed(index, rid)
        try:
            leaf = decode(data)
        except VerificationError as error:
            self._found.add(Unavailable("audit.leaf", index=index, detail=str(error.params.get("detail", error.code))))
            return
        if isinstance(leaf, EraseLeaf):
            self._erased.add(leaf.of)
        if isinstance(leaf, PartyLeaf) and isinstance(leaf.prev, str):
            self._first[rid] = leaf.prev
        if self._state:
            try:
                self._replay.take(leaf, rid)
            except LookupError as error:
                self._found.add(Unavailable("audit.replay", index=index, detail=str(error)))
        if self._payloads:
            for group, committed in commitments(leaf):
                self._payload(rid, group, committed)

    def _indexed(self, index: int, rid: str) -> None:
        if not self._indexing:
            return
        try:
            at = self._view.find(rid)
            twin = at is not None and at != index and rid_of(self._view.leaf(at)) == rid
        except AnswerableError:  # it cannot be built from leaves that cannot be read: those are told of
            self._indexing = False
            return
        if twin and at is not None:
            self._found.add(Unavailable("audit.twice", index=index, other=at, rid=rid))
        elif at != index:
            self._found.add(Unavailable("audit.index", index=index, rid=rid))

    def _payload(self, rid: str, group: str, committed: str) -> None:
        try:
            kept = self._view.payload(rid, group)
            if kept is None:
                self._found.counts["payloads gone"] += 1
                if group in LASTING:
                    self._gone.append((rid, group))
                return
            salt, body = kept
            if body is None:
                self._found.counts["salts alone"] += 1
                return
            commitment.check(committed, group, salt, body)
            self._found.counts["payloads"] += 1
        except AnswerableError as error:
            detail = str(error.params.get("detail", error.code))
            self._found.add(Unavailable("audit.payload", rid=rid, group=group, detail=detail))

    def _told(self, rid: str, group: str) -> str | None:
        try:
            kept = self._view.payload(rid, group)
        except AnswerableError:
            kept = None
        if kept is None or kept[1] is None:
            if group != CONTEXT:  # which hides no name
                self._unnamed.add(rid)
            return None
        return kept[1].decode("utf-8", "replace")

    def _leaf_of(self, rid: str) -> Leaf | None:
        try:
            at = self._view.find(rid)
            return None if at is None else decode(self._view.leaf(at))
        except AnswerableError:
            return None

    def _signed(self, note: bytes, vkeys: Sequence[str]) -> None:
        size, root = self._found.size, self._found.root
        if not size and not note:
            return
        try:
            signed = checkpoint.verify(note, vkeys)
        except VerificationError as error:
            self._found.add(Unavailable("audit.checkpoint", detail=error.code))
            return
        if (signed.size, signed.root) != (size, root):
            self._found.add(Unavailable("audit.checkpoint", detail=f"it is over {signed.size} leaves"))

    def _guarded(self, seen: Seen, vkeys: Sequence[str]) -> None:
        heads = [(seen.size, seen.root)]
        try:
            if seen.published:
                published = checkpoint.verify(seen.published, vkeys)
                heads.append((published.size, published.root))
            agree(self._view, self._frontier, heads)
        except VerificationError as error:
            self._found.add(Unavailable("store.unguarded", path="published", detail=error.code))
        except AnswerableError as error:
            self._found.add(error)

    def _compare(self, rows: Mapping[str, Mapping[str, bytes]]) -> None:
        for space in Space:
            told = self._replay.opens if space is Space.OPENS else dict(self._replay.book.rows(space))
            kept = rows.get(space, {})
            for key in told.keys() | kept.keys():
                members = self._differ(space, key, kept.get(key), told.get(key))
                if members:
                    self._found.add(Unavailable("audit.state", space=space.value, key=key, members=members))
                self._found.counts["rows"] += 1

    def _differ(self, space: Space, key: str, kept: bytes | None, told: bytes | None) -> str:
        """The members that differ, "" for none."""
        if kept == told:
            return ""
        if told is None:
            return "" if told_nowhere(space, key) else "the row itself"
        if kept is None:
            return "" if self._lapsed(space, told) else "it is missing"
        return ", ".join(sorted(unlike(space, kept, told, self._unnamed)))

    def _lapsed(self, space: Space, told: bytes) -> bool:
        """Whether the service lets go of such a row by itself, which no leaf says: of a call that may be made again,
        of a reservation that no window counts any more."""
        match space:
            case Space.CALLS:
                lapsed = over(decode_call(told), self._now)
            case Space.BUDGETS:
                lapsed = replay_budgets.lapsed(told, self._now)
            case _:
                return False
        if lapsed:
            self._found.counts[f"{space.value} let go of"] += 1
        return lapsed


def commitments(leaf: Leaf) -> Iterator[tuple[str, str]]:
    """(group, commitment) of what a leaf hides."""
    hidden = getattr(leaf, "c", msgspec.UNSET)
    if isinstance(hidden, Commitments):
        for name, value in msgspec.structs.asdict(hidden).items():
            if isinstance(value, str):
                yield name.rstrip("_"), value
    principal = getattr(leaf, _PRINCIPAL, msgspec.UNSET)
    if isinstance(principal, str):
        yield _PRINCIPAL, principal
    basis = extensions(leaf).get(BASIS)
    if isinstance(basis, str):
        yield "basis", basis
