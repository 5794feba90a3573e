# SPDX-License-Identifier: Apache-2.0
"""What a witness keeps of a log that contradicts itself: both checkpoints, as the log signed them.

``conclusive`` is a pair of one size and two roots: the two signatures alone convict the log. The other kind is a
checkpoint that came with a proof that does not hold: either the request was badly made, or the log forked; its own
tiles, or those of a mirror, tell which.
"""

from __future__ import annotations

import hashlib
from pathlib import Path
from typing import Final

import msgspec

from answerable import durable
from answerable.errors import Unavailable, VerificationError
from answerable.log.head import Checkpoint, read
from answerable.log.note import Note, VerifierKey, parse, verified
from answerable.log.witness import origin_hash
from answerable.log.witnessing import two_faces
from answerable.witness.files import guarded

# Of each log and each kind. A log that would fill the disk with its own guilt is convicted many times over by then.
# What is not conclusive anybody can bring about, with a proof of his own making: it takes no place from what is.
MAX_KEPT: Final = 256


class Evidence(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """at: ms UTC when it was met; seen: the note that was cosigned before; shown: the one that does not follow; old and
    proof (base64): what the request said in its favour."""

    at: int
    conclusive: bool
    format: str = "answerable/evidence/v1"
    old: int
    origin: str
    proof: list[str]
    seen: str
    shown: str

    @property
    def heads(self) -> tuple[Checkpoint, Checkpoint]:
        return read(parse(self.seen.encode()).text), read(parse(self.shown.encode()).text)

    def check(self, keys: tuple[VerifierKey, ...]) -> None:
        """Return if the log with these keys signed both, and they are what they are said to be. Raises
        VerificationError ``log.*``."""
        for text in (self.seen, self.shown):
            note = parse(text.encode())
            if not any(key.name == self.origin for key in verified(note, keys)):
                raise VerificationError("log.untrusted", origin=self.origin)
        seen, shown = self.heads
        if (seen.origin, shown.origin) != (self.origin, self.origin) or self.conclusive != two_faces(seen, shown):
            raise VerificationError("log.checkpoint", detail="evidence of something else than it says")


def keep(folder: Path, evidence: Evidence, shown: Note) -> Path | None:
    """Keep it durably; None if it is there already, or so much is there that more proves nothing. Raises Unavailable
    ``witness.state``."""
    digest = hashlib.sha256(shown.text.encode()).hexdigest()[:16]
    prefix = f"{origin_hash(evidence.origin)}-{'faces' if evidence.conclusive else 'claim'}"
    path = folder / f"{prefix}-{digest}.json"

    def write() -> Path | None:
        if path.exists() or sum(1 for _ in folder.glob(f"{prefix}-*.json")) >= MAX_KEPT:
            return None
        durable.replace(path, msgspec.json.format(msgspec.json.encode(evidence), indent=2) + b"\n")
        return path

    return guarded(folder, write)


def kept(folder: Path) -> list[tuple[Path, Evidence]]:
    """All of it, the oldest first. Raises Unavailable ``witness.state`` for a file that cannot be read."""
    found = []
    for path in sorted(folder.glob("*.json")):
        data = guarded(path, path.read_bytes)
        try:
            found.append((path, msgspec.json.decode(data, type=Evidence)))
        except (msgspec.ValidationError, msgspec.DecodeError) as error:
            raise Unavailable("witness.state", path=str(path), detail=str(error)[:200]) from None
    return sorted(found, key=lambda entry: entry[1].at)
