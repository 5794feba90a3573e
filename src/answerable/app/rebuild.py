# SPDX-License-Identifier: Apache-2.0
"""`log rebuild`: a new log file out of whatever still has its parts, each verified against a signed root.

Sources are the store itself, as far as it can be read, and mirrors. The newest checkpoint among them that the guard
agrees with says which tree it is; every tile and leaf is taken from the first source that has it right. Rows are told
again from the leaves; what leaves do not tell is taken from a log that still has it (the old one, or a backup's).
Payload files stay where they are. The old file is put aside, and nothing is signed.
"""

from __future__ import annotations

import logging
import shutil
from collections.abc import Iterator, Mapping, Sequence
from contextlib import ExitStack
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from answerable import durable
from answerable.app.core import TRUST_FILE
from answerable.app.keys import Keys, load
from answerable.app.remains import Kept, Remains
from answerable.app.stores import address
from answerable.config import Config
from answerable.errors import AnswerableError, Refused, Unavailable, VerificationError
from answerable.log import checkpoint, tiles
from answerable.log.head import Checkpoint
from answerable.log.leaf import decode, leaf_hash
from answerable.log.leaf import rid as rid_of
from answerable.log.merkle import HASH_LENGTH, TILE_WIDTH, Frontier
from answerable.log.note import MAX_NOTE
from answerable.log.tiles import CHECKPOINT, ENTRIES, Tile
from answerable.log.trust import Trust, parse
from answerable.model.calls import CONTEXT
from answerable.model.leaves import Leaf
from answerable.model.units import Put, Space, Unit
from answerable.net.source import Source, open_source
from answerable.privacy.statements import encode_row
from answerable.sequencer.guard import Guard, Seen, peek
from answerable.sequencer.replay import Replay, overlay
from answerable.stores.database import connect, connect_reading, translated
from answerable.stores.hold import Lock
from answerable.stores.payload_form import listed
from answerable.stores.payload_reads import PayloadReads
from answerable.stores.salvage import Salvage
from answerable.stores.sqlite import LOG_FILE, PAYLOADS, SqliteStore
from answerable.stores.unsynced import carried, forget, named_by, restore
from answerable.tiles.tree import Tree

# Leaves of one segment where no payloads say otherwise, and the most that a batch is taken to have.
SEGMENT: Final = 4 * TILE_WIDTH
_BATCH: Final = 64 * TILE_WIDTH
_MADE: Final = "rebuilding"
_ASIDE: Final = "aside"
_log = logging.getLogger("answerable.rebuild")


@dataclass(frozen=True, slots=True)
class Rebuilt:
    """size, root: of the new tree; source: who had its checkpoint; before: leaves of the old log, -1 if it could not be
    read; given_up: acknowledged records that are in no source; payloads: batches whose payloads were found again;
    unnamed: parties and systems whose names are not known any more; aside: where the old log lies, None for none."""

    size: int
    root: bytes
    source: str
    before: int
    given_up: int
    payloads: int
    unnamed: int
    aside: Path | None


@dataclass(frozen=True, slots=True)
class _Candidate:
    source: Source
    head: Checkpoint
    note: bytes

    @property
    def name(self) -> str:
        return self.source.name


def rebuild(
    config: Config,
    sources: Sequence[str],
    *,
    backup: Path | None = None,
    give_up: bool = False,
    new_guard: bool = False,
    ca_file: str = "",
) -> Rebuilt:
    """Build the log of the configured store anew, in its place. sources: folders or addresses of mirrors; backup: the
    folder of an older copy of the store; give_up: leave out acknowledged records that no source has; new_guard: the
    guard is lost too, begin one with what is built.

    Raises Refused ``rebuild.*``, ``config.value`` for a store in a database; Unavailable ``store.*``, ``source.*``;
    then the store is as it was.
    """
    if address(config) is not None:
        raise Refused("config.value", detail="store.url: a database is restored by its own means")
    path = config.store_path
    keys = load(path)
    try:
        trust = parse((path / TRUST_FILE).read_bytes())
    except OSError:
        raise Unavailable("store.missing", path=str(path / TRUST_FILE)) from None
    origin = trust.logs[-1].name
    with ExitStack() as held:
        lock = Lock(path / "lock")
        held.callback(lock.release)
        seen = None if new_guard else peek(config.guard_path, origin)
        own = Remains.of(path, keys.payload)
        older = Remains.of(backup, keys.payload) if backup is not None else None
        left = [remains for remains in (own, older) if remains is not None]
        if not (path / LOG_FILE).exists() and (aside := _newest(path)) is not None:
            cut_short = Remains.of(aside, keys.payload)
            left += [cut_short] if cut_short is not None else []
        read_from: list[Source] = [*left, *map(Kept, left)]
        read_from += [open_source(text, ca_file=ca_file) for text in sources]
        for source in read_from:
            held.callback(source.close)
        best, tree, others, given_up = _choose(read_from, trust, origin, seen, give_up=give_up)
        _bring_back(path, keys.payload)
        made = path / _MADE
        shutil.rmtree(made, ignore_errors=True)
        store = SqliteStore.create(made, payload_key=keys.payload)
        try:
            writer = _Writer(store, Pieces(tree, others), path / PAYLOADS, keys, origin)
            writer.write(best.note)
            writer.complete([remains.rows() for remains in left])
            writer.close()
        finally:
            store.close()
        for remains in left:
            remains.close()
        aside = _swap(path, made)
        _guarded(config.guard_path, origin, best, new=new_guard, given_up=given_up)
    return Rebuilt(
        best.head.size,
        best.head.root,
        best.name,
        own.size if own else -1,
        given_up,
        writer.payloads,
        len(writer.unnamed),
        aside,
    )


def _choose(
    sources: Sequence[Source], trust: Trust, origin: str, seen: Seen | None, *, give_up: bool
) -> tuple[_Candidate, Tree, list[_Candidate], int]:
    """The newest tree that the guard agrees with, who else has part of it, and how many acknowledged records it
    lacks."""
    found = sorted(_candidates(sources, trust, origin, seen), key=lambda candidate: -candidate.head.size)
    heads = [] if seen is None else _heads(seen, trust)
    refusal: AnswerableError = Refused("rebuild.nothing", origin=origin)
    agreed: list[tuple[_Candidate, Tree]] = []
    for candidate in found:
        tree = Tree(candidate.head, sources)
        try:
            if all(_has(tree, size, root) for size, root in heads):
                agreed.append((candidate, tree))
            else:
                refusal = Refused("store.rewritten", seen=max(size for size, _ in heads))
        except AnswerableError as error:  # no source has all of it
            refusal = error
    if not agreed:
        raise refusal
    best, tree = agreed[0]
    for other, _ in agreed[1:]:
        if not _has(tree, other.head.size, other.head.root):
            raise Refused("rebuild.forked", one=best.name, other=other.name)
    published = max((size for size, _ in heads[1:]), default=0)
    if published > best.head.size:
        raise Refused("rebuild.behind", size=best.head.size, published=published)
    lost = max(0, (seen.size if seen is not None else 0) - best.head.size)
    if lost and not give_up:
        raise Refused("rebuild.unpublished", lost=lost)
    return best, tree, [candidate for candidate, _ in agreed], lost


def _has(tree: Tree, size: int, root: bytes) -> bool:
    """Whether the tree's first `size` leaves are those under `root`; one that ends before them says nothing."""
    return not 0 < size <= tree.head.size or tree.frontier(size).root() == root


def _candidates(sources: Sequence[Source], trust: Trust, origin: str, seen: Seen | None) -> Iterator[_Candidate]:
    """Each source's newest checkpoint. Without a guard the witnesses must have seen it too, if the log has any."""
    for source in sources:
        try:
            note = source.get(CHECKPOINT, MAX_NOTE) or b""
            head = checkpoint.verify(note, trust.logs) if seen is not None else trust.check(note)
        except AnswerableError:
            continue
        if head.origin == origin:
            yield _Candidate(source, head, note)


def _heads(seen: Seen, trust: Trust) -> list[tuple[int, bytes]]:
    """What the guard knows of this log; the newest commit first."""
    heads = [(seen.size, seen.root)]
    if seen.published:
        try:
            head = checkpoint.verify(seen.published, trust.logs)
        except VerificationError as error:
            raise Unavailable("store.unguarded", path="published", detail=error.code) from error
        heads.append((head.size, head.root))
    return heads


class Pieces:
    """Leaves of `tree`, put together leaf by leaf where no source has a whole bundle."""

    def __init__(self, tree: Tree, others: Sequence[_Candidate]) -> None:
        self.tree = tree
        self._others = others

    def bundle(self, n: int) -> list[bytes]:
        """Raises as `Tree.bundle`."""
        try:
            return self.tree.bundle(n)[1]
        except AnswerableError:
            tile = self.tree.tile(0, n)
            wanted = {tile[at : at + HASH_LENGTH]: b"" for at in range(0, len(tile), HASH_LENGTH)}
            for leaf in self._anywhere(n, len(wanted)):
                if (digest := leaf_hash(leaf)) in wanted:
                    wanted[digest] = leaf
            found = [wanted[tile[at : at + HASH_LENGTH]] for at in range(0, len(tile), HASH_LENGTH)]
            if not all(found):
                raise
            return found

    def _anywhere(self, n: int, width: int) -> Iterator[bytes]:
        for other in self._others:
            if isinstance(other.source, Remains):
                start = n * TILE_WIDTH
                yield from (leaf for leaf in other.source.leaves(start, start + width) if leaf is not None)
                continue
            part = Tile(ENTRIES, n, min(TILE_WIDTH, max(1, other.head.size - n * TILE_WIDTH)))
            try:
                data = other.source.get(part.path, part.limit)
                yield from tiles.check(part, data) if data is not None else ()
            except AnswerableError:
                continue


class _Writer:
    """Writes the leaves of `tree` into an empty store, with the rows that they tell."""

    def __init__(self, store: SqliteStore, pieces: Pieces, folder: Path, keys: Keys, origin: str) -> None:
        self._store = store
        self._pieces = pieces
        self._head = pieces.tree.head
        self._salvage = Salvage(folder, keys.payload)
        self._reads = PayloadReads(folder, keys.payload)
        self._replay = Replay(origin, self._told, self._leaf_of, index_key=keys.index)
        self._view = store.view()
        self._leaves: list[bytes] = []  # of the segment that is being written
        self._places = b""
        self._first = 0
        self._ahead: list[bytes] = []  # leaves from `_first` on that were fetched
        self.unnamed: set[str] = set()
        self.payloads = 0

    def write(self, note: bytes) -> None:
        frontier = Frontier()
        size = self._head.size
        while self._first < size:
            leaves, self._places = self._segment(size)
            self._leaves = leaves
            self.payloads += bool(self._places)
            effects = [e for data in leaves for e in self._replay.take(decode(data), rid_of(data))]
            before = (frontier.size, frontier.root())
            changed = frontier.append([leaf_hash(data) for data in leaves])
            self._store.adopt(self._places)
            unit = Unit(leaves=tuple(leaves), effects=tuple(effects))
            last = frontier.size == size
            self._store.append(self._first, leaves, changed, note if last else b"", before, frontier.root(), [unit])
            self._first = frontier.size
        if (frontier.size, frontier.root()) != (size, self._head.root):
            raise Unavailable("store.damaged", detail="what was built is not what was signed")

    def complete(self, kept: Sequence[Mapping[str, Mapping[str, bytes]]]) -> None:
        """Put back what leaves do not tell; of several logs the first that has a row counts. What was erased is erased
        once more at the next start: payload files may have come from a backup that is older than the erasure."""
        effects = overlay(self._replay, kept, self.unnamed)
        for record, _ in self._replay.book.rows(Space.ERASURES):
            ending = self._view.close_of(record)
            rids = (record, ending, *self._replay.standings.get(record, ()))
            leaves = [(at, rid) for rid in rids if rid and (at := self._view.find(rid)) is not None]
            effects.append(Put(Space.ERASING, record, encode_row(leaves)))
        if effects:
            head, note = self._store.head(), self._store.checkpoint()
            self._store.append(head[0], [], {}, note, head, head[1], [Unit(effects=tuple(effects))])

    def close(self) -> None:
        self._view.close()

    def _leaf_of(self, rid: str) -> Leaf | None:
        at = self._view.find(rid)
        if at is not None:
            return decode(self._view.leaf(at))
        return next((decode(data) for data in self._leaves if rid_of(data) == rid), None)

    def _segment(self, size: int) -> tuple[list[bytes], bytes]:
        """The next leaves of one row, and where their payloads stand."""
        first = self._first
        wanted = self._salvage.at(first)
        after = next((start for start in self._salvage.starts if start > first), size)
        most = min(after, size, first + _BATCH)
        end = min(most, first + SEGMENT)
        if wanted:
            # The batch that these payloads belong to goes at least as far as the last leaf that they are about.
            end = first
            missing = set(wanted)
            while missing and end < most:
                end = min(most, end + TILE_WIDTH)
                missing -= {rid_of(data) for data in self._fetch(end)}
        leaves = self._fetch(end)
        self._ahead = self._ahead[len(leaves) :]
        return leaves, self._salvage.places(first, map(rid_of, leaves)) if wanted else b""

    def _fetch(self, end: int) -> list[bytes]:
        """Leaves [_first, end)."""
        while self._first + len(self._ahead) < end:
            at = self._first + len(self._ahead)
            n = at // TILE_WIDTH
            self._ahead += self._pieces.bundle(n)[at - n * TILE_WIDTH :]
        return self._ahead[: end - self._first]

    def _told(self, rid: str, group: str) -> str | None:
        try:
            found = self._reads.get(self._places, self._first, rid, group)
        except AnswerableError:
            found = None
        if found is None or found[1] is None:
            if group != CONTEXT:  # which hides no name
                self.unnamed.add(rid)
            return None
        return found[1].decode("utf-8", "replace")


def _bring_back(path: Path, key: bytes) -> None:
    """The old log goes, and with it what it alone may have of its payloads."""
    files = path / PAYLOADS
    if not (path / LOG_FILE).is_file() or not files.is_dir():
        return
    try:
        old = connect_reading(path / LOG_FILE)
        try:
            restore(files, key, carried(old), named_by(old))
        finally:
            old.close()
    except AnswerableError as error:
        _log.warning("the old log does not tell what it carried of its newest payloads: %s", error)
    with translated():
        for _, _, file in listed(files):
            durable.sync(file)


def _strip(aside: Path) -> None:
    """What was put aside is evidence of the log, and keeps no payload that may be erased later."""
    try:
        log = connect(aside / LOG_FILE)
        try:
            forget(log)
        finally:
            log.close()
    except Unavailable as error:
        _log.warning("%s may hold the newest payloads, sealed; delete it when nobody needs it: %s", aside, error)


def _newest(path: Path) -> Path | None:
    """The log that was put aside last: where a rebuild was cut short, the store has no other."""
    found = [each for each in path.glob("damaged-*") if each.name.partition("-")[2].isdecimal()]
    return max(found, key=_number, default=None)


def _number(aside: Path | None) -> int:
    return int(aside.name.partition("-")[2]) if aside else 0


def _put_aside(path: Path) -> Path | None:
    """At each moment the old log is whole in one of the two places, with what is written ahead of it."""
    old = [file for name in (LOG_FILE, f"{LOG_FILE}-wal", f"{LOG_FILE}-shm") if (file := path / name).exists()]
    if not old:
        return None
    draft = path / _ASIDE
    shutil.rmtree(draft, ignore_errors=True)
    draft.mkdir(mode=0o700)
    for file in old:
        (draft / file.name).hardlink_to(file)
    durable.sync(draft)
    aside = draft.rename(path / f"damaged-{1 + _number(_newest(path))}")
    durable.sync(path)
    for file in old:
        file.unlink()
    return aside


def _swap(path: Path, made: Path) -> Path | None:
    """Put the old log aside and the new one in its place. Index and tags are built again when someone asks."""
    aside = _put_aside(path)
    for each in path.glob("damaged-*"):  # also one that was cut short before
        if (each / LOG_FILE).is_file():
            _strip(each)
    for name in ("index.db", "tags.db"):
        for suffix in ("", "-wal", "-shm"):
            (path / (name + suffix)).unlink(missing_ok=True)
    (path / PAYLOADS).mkdir(mode=0o700, exist_ok=True)
    (made / LOG_FILE).rename(path / LOG_FILE)
    durable.sync(path)  # before the guard is told of the new log: it must not know of one that a power cut takes back
    shutil.rmtree(made)
    return aside


def _guarded(path: Path, origin: str, best: _Candidate, *, new: bool, given_up: int) -> None:
    """Tell the guard what it could not know; otherwise the next start does."""
    if not new and not given_up:
        return
    guard = Guard.create(path, origin) if new else Guard.open(path, origin)
    try:
        guard.advance(best.head.size, best.head.root)
        # What was acknowledged after this, orders too, is not in it: nothing is signed before they are known again.
        guard.mark(b"rebuilt\n")
        if new:
            guard.publish(b"", best.note)
    finally:
        guard.close()
