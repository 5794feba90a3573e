# SPDX-License-Identifier: Apache-2.0
"""Publication: the newest stored checkpoint is given away once the guard holds it, and not before.

What is stored with each batch bears the Ed25519 signature; what is published bears one of ML-DSA-44 beside it
(`docs/spec/checkpoint.md`): 0.7 ms of CPU a second at most, and none on the path of a commit.
"""

from __future__ import annotations

from answerable.log import checkpoint
from answerable.ports import Clock, Signer
from answerable.sequencer.guard import Guard


class Publisher:
    """Used by the writer's thread alone."""

    def __init__(self, guard: Guard, clock: Clock, safe: Signer | None = None) -> None:
        """safe: the log's ML-DSA-44 key; a log without one publishes what is stored."""
        self._guard = guard
        self._clock = clock
        self._safe = safe
        self._text = _text(guard.published)

    def owes(self, note: bytes) -> bool:
        """Whether `note`, the newest stored checkpoint, says more than the published one."""
        return _text(note) != self._text

    def publish(self, note: bytes) -> bytes:
        """What is published from now on. Compare-and-swap in the guard, durable, and only then given away. Raises
        Unavailable ``store.unguarded``."""
        if self.owes(note):
            whole = note
            if self._safe is not None and note:
                whole = checkpoint.publish(note, self._safe, self._clock.now_ms() // 1000)
            self._guard.publish(self._guard.published, whole)
            self._text = _text(note)
        return self._guard.published


def _text(note: bytes) -> bytes:
    """What a checkpoint says, without who says it."""
    return note.partition(b"\n\n")[0]
