# SPDX-License-Identifier: Apache-2.0
"""A warrant that was followed by a newer one no longer counts: what a gateway remembers of each copy's key.

A restored image would show the warrant of its past, or go on beside the original. Sequence numbers order the warrants
of one boot, times of issue order boots. An on-site issuer counts boots of its own, by its own clock: what it signs is
ordered among itself, and beside what the control plane signed.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

from answerable.errors import Refused
from answerable.model.warrants import Bearer

# Calls that were under way on another connection when the newer warrant arrived still carry the one before.
OVERLAP_MS: Final = 1_000
# Keys whose warrants ended are forgotten once so many are remembered.
MAX_KEYS: Final = 65_536


@dataclass(slots=True)
class _Seen:
    bearer: Bearer
    mono_ms: int  # when it was first seen


class Replays:
    """The newest warrant seen of each copy's key."""

    def __init__(self) -> None:
        self._newest: dict[tuple[str, str], _Seen] = {}  # by key and issuer

    def check(self, bearer: Bearer, *, now_ms: int, mono_ms: int) -> None:
        """Return if none newer was seen of this key, and remember it. Raises Refused ``warrant.replayed``."""
        warrant = bearer.warrant
        name = warrant.key, warrant.iss
        seen = self._newest.get(name)
        if seen is None:
            self._forget(now_ms)
            self._newest[name] = _Seen(bearer, mono_ms)
            return
        newest = seen.bearer.warrant
        if warrant is newest or warrant.jti == newest.jti:
            return
        if warrant.nonce == newest.nonce:
            later = warrant.seq > newest.seq
            overlaps = warrant.seq == newest.seq - 1 and mono_ms - seen.mono_ms <= OVERLAP_MS
        else:
            # Of two boots the one whose warrant was issued later; at the same instant neither, so not this one.
            later, overlaps = warrant.iat_ms > newest.iat_ms, False
        if later:
            self._newest[name] = _Seen(bearer, mono_ms)
        elif not overlaps:
            raise Refused("warrant.replayed")

    def newest(self, bearer: Bearer) -> Bearer:
        """The newest that was shown since by the same boot of the same copy, or `bearer` itself."""
        seen = self._newest.get((bearer.warrant.key, bearer.warrant.iss))
        if seen is None:
            return bearer
        one, other = seen.bearer.warrant, bearer.warrant
        return seen.bearer if one.nonce == other.nonce and one.seq > other.seq else bearer

    def _forget(self, now_ms: int) -> None:
        # An expired warrant is refused by itself, so what is forgotten here lets nothing in.
        if len(self._newest) >= MAX_KEYS:
            self._newest = {name: seen for name, seen in self._newest.items() if seen.bearer.warrant.exp_ms > now_ms}
