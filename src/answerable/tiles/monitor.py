# SPDX-License-Identifier: Apache-2.0
"""One round of watching a log from its tiles (`docs/spec/tiles.md`, "Monitor"): is the newest checkpoint believed, does
it continue the one before, does every hash lead to it, and is every new leaf one that may stand there?

What the source lacks or has wrong is a finding; a source that cannot be reached is "could not check", and raised.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from msgspec import structs

from answerable.errors import AnswerableError, Unavailable, VerificationError
from answerable.log import checkpoint as checkpoints
from answerable.log import note as notes
from answerable.log.head import Checkpoint
from answerable.log.merkle import TILE_WIDTH
from answerable.log.note import MAX_NOTE
from answerable.log.tiles import CHECKPOINT, ENTRIES, Tile
from answerable.log.trust import Trust
from answerable.net.source import Source
from answerable.tiles.ahead import Ahead
from answerable.tiles.mirror import evidence
from answerable.tiles.shards import continues
from answerable.tiles.state import State
from answerable.tiles.tree import Tree
from answerable.verify.audit.auditor import LIMITS, Auditor, Limits
from answerable.verify.audit.findings import Finding

# Bundles between two commits of the state: what a crash costs, and what may wait in memory.
STEP: Final = 64


@dataclass(frozen=True, slots=True)
class Round:
    """size: leaves verified and judged so far; before: at its start; head: leaves of the newest believed checkpoint, 0
    for none. findings: new ones."""

    origin: str
    size: int
    before: int
    head: int
    findings: tuple[Finding, ...]


class Monitor:
    """now: ms UTC. keep: folder for checkpoints that disagree, None where there is none (they stand in the finding
    too)."""

    def __init__(
        self,
        source: Source,
        trust: Trust,
        state: State,
        now: Callable[[], int],
        *,
        limits: Limits = LIMITS,
        keep: Path | None = None,
    ) -> None:
        self._source = source
        self._trust = trust
        self._state = state
        self._now = now
        self._limits = limits
        self._keep = keep
        self._told: set[str] = set()

    def round(self) -> Round:
        """Raises Unavailable ``source.unreachable``, ``store.*`` (of the state), VerificationError ``source.other`` for
        a state that is of another log. A source that goes away after something was found in its leaves is told of by
        the next round: what was found comes first."""
        before = self._state.stand.size
        found: list[Finding] = []
        head: Checkpoint | None = None
        try:
            head = self._believed()
            self._continue(head, found)
        except (VerificationError, Unavailable) as error:
            if (about := self._of_source(error)) is not None:
                found.append(about)
            elif not found:
                raise
        of_leaves = [finding for finding in found if finding.index is not None]
        others = [finding for finding in found if finding.index is None]
        fresh = [finding for finding in others if repr(finding.params) not in self._told]
        self._told = {repr(finding.params) for finding in others}
        if fresh:
            self._state.commit(self._state.stand, fresh)
        stand = self._state.stand
        return Round(stand.origin, stand.size, before, head.size if head else 0, (*of_leaves, *fresh))

    def _believed(self) -> Checkpoint:
        self._note = self._source.get(CHECKPOINT, MAX_NOTE) or b""
        if not self._note:
            raise Unavailable("source.missing", source=self._source.name, path=CHECKPOINT)
        try:
            head = self._trust.check(self._note)
        except VerificationError as error:
            raise _Unbelieved(error.code) from error
        origin = self._state.stand.origin or head.origin
        if head.origin != origin:
            raise VerificationError("source.other", source=self._source.name, found=head.origin, origin=origin)
        return head

    def _continue(self, head: Checkpoint, found: list[Finding]) -> None:
        """From where the state stands to `head`. What is found in leaves is committed with the step that judged them:
        neither a crash nor a source that goes away makes it unfound."""
        stand, note = self._state.stand, self._note
        if stand.note:
            earlier = checkpoints.parse(stand.note)[0]  # it was believed when it came
            if not continues(earlier, head, self._source):
                found.append(self._forked(earlier, stand.note, head))
                return
            if head.size < earlier.size:
                found.append(self._about("monitor.behind", size=head.size, earlier=earlier.size))
                return
        auditor = Auditor(self._state, head.origin, self._limits, stand.carried)
        at, kept = stand.size, len(found)
        ahead = Ahead(self._source, _wanted(at, head.size))
        tree = Tree(head, (ahead,))
        try:
            while at < head.size:
                for _ in range(STEP):
                    n = at // TILE_WIDTH
                    entries = tree.bundle(n)[1][at - n * TILE_WIDTH :]
                    found += auditor.feed(at, entries, self._now())
                    at += len(entries)
                    if at >= head.size:
                        break
                self._stand(head.origin, note, at, auditor, found[kept:])
                kept = len(found)
        except (VerificationError, Unavailable):
            self._state.rollback()
            del found[kept:]
            raise
        finally:
            ahead.close()
        overdue = auditor.settle(self._now())
        self._stand(head.origin, note, at, auditor, overdue)
        found += overdue
        by = notes.verified(notes.parse(note), self._trust.logs)
        if ended := auditor.withdrawn((key.public for key in by), head.size):
            found.append(self._about("monitor.key", size=head.size, leaf=ended))

    def _stand(self, origin: str, note: bytes, size: int, auditor: Auditor, found: list[Finding]) -> None:
        stand = structs.replace(self._state.stand, origin=origin, size=size, note=note, carried=auditor.carried)
        self._state.commit(stand, found)

    def _forked(self, earlier: Checkpoint, first: bytes, head: Checkpoint) -> Finding:
        place = ""
        with suppress(Unavailable):  # a full disk hides no fork: both notes stand in the finding
            place = str(evidence(self._keep, first, self._note)) if self._keep is not None else ""
        return self._about(
            "monitor.forked", origin=head.origin, earlier=earlier.size, size=head.size, evidence=place,
            first=first.decode("utf-8", "replace"), second=self._note.decode("utf-8", "replace"),
        )  # fmt: skip

    def _of_source(self, error: AnswerableError) -> Finding | None:
        """None where nothing could be checked."""
        if isinstance(error, _Unbelieved):
            return self._about("monitor.checkpoint", **error.params)
        if error.code == "source.wrong":
            return self._about("monitor.tree", path=error.params["path"])
        if error.code in ("source.missing", "source.oversized"):
            return self._about("monitor.missing", path=error.params["path"], cause=error.code)
        return None

    def _about(self, code: str, **params: object) -> Finding:
        return Finding(code, self._now(), params=params)


def _wanted(since: int, size: int) -> Iterator[Tile]:
    """What will be fetched, in order: the full bundles, each behind its leaf hashes."""
    for n in range(since // TILE_WIDTH, size // TILE_WIDTH):
        yield Tile(0, n)
        yield Tile(ENTRIES, n)


class _Unbelieved(VerificationError):
    """The checkpoint is not to be believed. cause: the code of why."""

    def __init__(self, cause: str) -> None:
        super().__init__("monitor.checkpoint", cause=cause)
