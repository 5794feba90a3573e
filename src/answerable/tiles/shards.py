# SPDX-License-Identifier: Apache-2.0
"""Following a shard for the root log: its newest checkpoint is recorded only if it is believed and continues the one
that was recorded before. A shard that shows two histories is recorded no further, and both are kept.
"""

from __future__ import annotations

from dataclasses import dataclass
from hashlib import sha256
from pathlib import Path
from typing import Final

from answerable import durable
from answerable.errors import Unavailable, VerificationError
from answerable.log.head import Checkpoint
from answerable.log.note import MAX_NOTE
from answerable.log.tiles import CHECKPOINT
from answerable.log.trust import Trust
from answerable.net.source import Source
from answerable.tiles.mirror import evidence
from answerable.tiles.tree import Tree

_NOTE: Final = "checkpoint"


@dataclass(frozen=True, slots=True)
class Seen:
    """A checkpoint that may be recorded."""

    head: Checkpoint
    note: bytes


class Shard:
    """One shard. last: what the root log holds of it, None for nothing yet; folder: where its newest note and, if it
    comes to that, the evidence against it are kept."""

    def __init__(self, source: Source, trust: Trust, folder: Path) -> None:
        self.source = source
        self._trust = trust
        self._folder = folder

    def look(self, last: Checkpoint | None) -> Seen | None:
        """The shard's newest checkpoint if it is new. Raises VerificationError ``source.forked``, ``source.other``,
        ``source.wrong``, and as `Trust.check`; Unavailable ``source.*``."""
        note = self.source.get(CHECKPOINT, MAX_NOTE)
        if note is None:
            return None  # a log that has published nothing yet
        head = self._trust.check(note)
        if last is None:
            return Seen(head, note)
        if head.origin != last.origin:
            raise VerificationError("source.other", source=self.source.name, found=head.origin, origin=last.origin)
        if not continues(last, head, self.source):
            self._disagree(last, head, note)
        return Seen(head, note) if head.size > last.size else None

    def keep(self, seen: Seen) -> None:
        """Keep the note that was recorded: the root log holds size and root, this the signature over them. Raises
        Unavailable ``source.written``."""
        place = folder_of(self._folder, seen.head.origin)
        try:
            place.mkdir(mode=0o700, parents=True, exist_ok=True)
            durable.write(place / _NOTE, seen.note, 0o644)
        except OSError as error:
            raise Unavailable("source.written", folder=str(place), detail=error.strerror or "I/O error") from error

    def _disagree(self, last: Checkpoint, head: Checkpoint, note: bytes) -> None:
        place = folder_of(self._folder, last.origin)
        try:
            known = (place / _NOTE).read_bytes()
        except OSError:
            known = f"{last.text}\n(recorded by this root log; the note itself is not here)\n".encode()
        kept = evidence(place, known, note)
        raise VerificationError(
            "source.forked", origin=head.origin, earlier=last.size, size=head.size, evidence=str(kept)
        )


def continues(earlier: Checkpoint, head: Checkpoint, source: Source) -> bool:
    """Whether the smaller of the two trees is a prefix of the other, by the tiles of `source`. A source that shows less
    than before need not have the tiles of more any longer: then nothing speaks against it. Raises Unavailable
    ``source.*``, VerificationError ``source.wrong``."""
    older, newer = (earlier, head) if earlier.size < head.size else (head, earlier)
    if older.size == newer.size:
        return older.root == newer.root
    if not older.size:
        return True
    try:
        return Tree(newer, (source,)).frontier(older.size).root() == older.root
    except (Unavailable, VerificationError):
        if newer is head:
            raise
        return True


def folder_of(folder: Path, origin: str) -> Path:
    """Of one shard: named by SHA-256 of its origin, as C2SP tlog-mirror names them."""
    return folder / sha256(origin.encode()).hexdigest()
