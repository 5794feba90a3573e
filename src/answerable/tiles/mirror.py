# SPDX-License-Identifier: Apache-2.0
"""A copy of a log in a folder that any web server can serve: a mirror of somebody's log, or the publication of our own.

Nothing is written that does not lead to a checkpoint that `trust` believes; that checkpoint comes last, by rename. What
was fetched stays, verified again, when the work was interrupted. Two checkpoints that disagree are both kept.
"""

from __future__ import annotations

import fcntl
import os
import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from hashlib import sha256
from pathlib import Path
from typing import Final

from answerable import durable
from answerable.errors import Unavailable, VerificationError
from answerable.log import tiles
from answerable.log.head import Checkpoint
from answerable.log.note import MAX_NOTE
from answerable.log.tiles import CHECKPOINT, ENTRIES, PRUNED, Tile
from answerable.log.trust import Trust
from answerable.net.source import Folder, Source
from answerable.tiles.ahead import Ahead
from answerable.tiles.tree import Tree

EVIDENCE: Final = "evidence"
# Pairs. Whoever signs two histories can sign a thousand: he is convicted by the first, and fills no disk.
MAX_EVIDENCE: Final = 256
_MARK_LIMIT: Final = 32


@dataclass(frozen=True, slots=True)
class Updated:
    """What one round brought. size: leaves of the newest verified tree; before: of the one before; files: written."""

    origin: str
    size: int
    before: int
    files: int


class Mirror:
    """source: where the log is read; folder: made if it is not there; trust: whose checkpoints are believed.

    keep_partial: keep partial tiles although the full ones are there. One thread, and one process a folder.
    """

    def __init__(self, source: Source, folder: Path, trust: Trust, *, keep_partial: bool = False) -> None:
        self._source = source
        self._folder = folder
        self._here = Folder(folder)
        self._trust = trust
        self._keep_partial = keep_partial
        self._dirty: set[Path] = set()

    def update(self) -> Updated:
        """Bring the folder up to the source's newest checkpoint.

        Raises Unavailable ``source.*``; VerificationError ``source.wrong``, ``source.forked`` (with both checkpoints
        kept), ``source.other`` and what `Trust.check` raises: then the folder is as it was.
        """
        note = self._source.get(CHECKPOINT, MAX_NOTE)
        if note is None:
            raise Unavailable("source.missing", source=self._source.name, path=CHECKPOINT)
        head = self._trust.check(note)
        with self._writing(), self._alone():
            return self._update(head, note)

    def _update(self, head: Checkpoint, note: bytes) -> Updated:
        kept_note = self.checkpoint()
        kept = self._trust.check(kept_note) if kept_note else None
        if kept is not None and kept.origin != head.origin:
            raise VerificationError("source.other", source=self._source.name, found=head.origin, origin=kept.origin)
        if kept is not None and head.size <= kept.size:
            self._compare(kept, kept_note, head, note)
            if head.size == kept.size and note != kept_note:  # the same tree, other cosignatures
                self._replace(CHECKPOINT, note)
            return Updated(kept.origin, kept.size, kept.size, 0)
        before = kept.size if kept is not None else 0
        minimum = self._minimum(kept)
        ahead = Ahead(self._source, self._wanted(head.size, before, minimum))
        try:
            files = self._copy(Tree(head, (self._here, ahead)), kept, kept_note, note, minimum)
        finally:
            ahead.close()
        return Updated(head.origin, head.size, before, files)

    def _copy(self, tree: Tree, kept: Checkpoint | None, kept_note: bytes, note: bytes, minimum: int) -> int:
        head, before = tree.head, kept.size if kept is not None else 0
        if kept is not None and before and tree.frontier(before).root() != kept.root:
            self._disagree(kept, kept_note, head, note)
        if minimum and kept is None:
            self._replace(PRUNED, tiles.mark(minimum))
        files = 0
        for tile in _in_order(head.size, before, minimum):
            data = tree.bundle(tile.n)[0] if tile.level == ENTRIES else tree.tile(tile.level, tile.n)
            files += self._write(tile.path, data)
        self._settle()
        self._replace(CHECKPOINT, note)
        if not self._keep_partial:
            self._drop_partials(head.size, before)
        return files

    def _wanted(self, size: int, since: int, minimum: int) -> Iterator[Tile]:
        """What will be fetched, in order: leaf hashes before their bundle. What is here already need not come."""
        for tile in _in_order(size, since, minimum):
            if tile.level == ENTRIES and tile.full:
                for each in (Tile(0, tile.n), tile):
                    if not (self._folder / each.path).is_file():
                        yield each

    def checkpoint(self) -> bytes:
        """The signed note that stands in the folder, b"" for none."""
        return self._here.get(CHECKPOINT, MAX_NOTE) or b"" if self._folder.is_dir() else b""

    def _minimum(self, kept: Checkpoint | None) -> int:
        """The index below which this folder holds nothing: fixed when it was begun."""
        mark = (self._here if kept is not None else self._source).get(PRUNED, _MARK_LIMIT)
        return tiles.parse_mark(mark) if mark else 0

    def _compare(self, kept: Checkpoint, kept_note: bytes, head: Checkpoint, note: bytes) -> None:
        """An older or equal checkpoint must be of our own tree."""
        if head.size and Tree(kept, (self._here, self._source)).frontier(head.size).root() != head.root:
            self._disagree(kept, kept_note, head, note)

    def _disagree(self, kept: Checkpoint, kept_note: bytes, head: Checkpoint, note: bytes) -> None:
        place = evidence(self._folder, kept_note, note)
        raise VerificationError(
            "source.forked", origin=head.origin, earlier=kept.size, size=head.size, evidence=str(place)
        )

    def _write(self, path: str, data: bytes) -> int:
        target = self._folder / path
        if target.is_file() and target.stat().st_size == len(data) and target.read_bytes() == data:
            return 0
        if not target.parent.is_dir():
            target.parent.mkdir(parents=True)
            self._dirty.add(target.parent.parent)
        self._dirty.add(target.parent)
        durable.write(target, data, 0o644)
        return 1

    def _settle(self) -> None:
        for folder in sorted(self._dirty):
            durable.sync(folder)
        self._dirty.clear()

    def _replace(self, path: str, data: bytes) -> None:
        durable.write(self._folder / path, data, 0o644)
        durable.sync(self._folder)

    def _drop_partials(self, size: int, before: int) -> None:
        for tile in tiles.of_tree(size, before):
            if tile.full:
                shutil.rmtree(self._folder / f"{tile.path}.p", ignore_errors=True)

    @contextmanager
    def _alone(self) -> Iterator[None]:
        """No other process writes the folder meanwhile."""
        file = os.open(self._folder, os.O_RDONLY | os.O_DIRECTORY | os.O_CLOEXEC)
        try:
            try:
                fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
            except OSError:
                raise Unavailable("source.written", folder=str(self._folder), detail="another process does") from None
            yield
        finally:
            os.close(file)

    @contextmanager
    def _writing(self) -> Iterator[None]:
        try:
            self._folder.mkdir(parents=True, exist_ok=True)
            yield
        except OSError as error:
            raise Unavailable(
                "source.written", folder=str(self._folder), detail=error.strerror or "I/O error"
            ) from error


def evidence(folder: Path, first: bytes, second: bytes) -> Path:
    """Keep two checkpoints that disagree, durably and for good; the folder where they stand, or where enough does."""
    place = folder / EVIDENCE / sha256(first + b"\x00" + second).hexdigest()[:16]
    try:
        if place.parent.is_dir() and sum(1 for _ in place.parent.iterdir()) >= MAX_EVIDENCE:
            return place.parent
        place.mkdir(parents=True, exist_ok=True)
        durable.write(place / "first", first, 0o644)
        durable.write(place / "second", second, 0o644)
        for parent in (place, place.parent, folder):
            durable.sync(parent)
    except OSError as error:
        raise Unavailable("source.written", folder=str(place), detail=error.strerror or "I/O error") from error
    return place


def _in_order(size: int, since: int, minimum: int) -> Iterator[Tile]:
    """What is to be written: each bundle with its leaf hashes, then the levels above."""
    for tile in tiles.of_tree(size, since):
        if tile.level == 0 or tiles.pruned(tile, minimum):
            continue
        yield tile
        if tile.level == ENTRIES:
            yield Tile(0, tile.n, tile.width)
