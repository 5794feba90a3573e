# SPDX-License-Identifier: Apache-2.0
"""By when a stop holds, computed from its parameters.

With clocks that agree, no action is admitted later than ``T_stop + D + TTL + e_issuer + e_holder``. Without any
agreement of clocks, on the holder's monotonic clock counted from when the warrant was asked for, no later than
``T_stop + D + TTL / (1 - rho)``. Both are enforced. What was admitted ends within a further ``delta + S``.
T_stop is the instant at which the order is committed. Push only makes it faster; no term here depends on it.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

from answerable.admission.clocks import MAX_ERROR_MS
from answerable.admission.ttl import LifeClass

PPM: Final = 1_000_000


@dataclass(frozen=True, slots=True)
class Clocks:
    """What is assumed about clocks and views. Times in ms.

    view_ms (D): how far the issuer's view of stops may be behind their commit. A first grant is written in the
    transaction that checks the stop set (D = 0). A renewal is signed from memory, which follows the commit by one turn
    of the event loop; 250 ms is far above what a turn takes and is what we promise.
    issuer_error_ms, holder_error_ms (e): wall-clock errors; 0 where issuer and holder are one host.
    drift_ppm (rho): drift of a monotonic clock.
    recheck_ms (delta): how often long work is admitted anew; settle_ms (S): time to a safe state after the last check.
    """

    view_ms: int = 250
    issuer_error_ms: int = 0
    holder_error_ms: int = 0
    drift_ppm: int = 200
    recheck_ms: int = 1_000
    settle_ms: int = 0


SAME_HOST: Final = Clocks()
# Holders may run anywhere: both wall clocks may be off by as much as a holder lets pass (`admission.clocks`).
ANYWHERE: Final = Clocks(issuer_error_ms=MAX_ERROR_MS, holder_error_ms=MAX_ERROR_MS)


@dataclass(frozen=True, slots=True)
class Bound:
    """Milliseconds after T_stop. `synced` and `monotonic`: last admission; `effects`: the last effect, whichever of the
    two clocks holds (so from the later)."""

    name: str
    ttl: int
    synced: int
    monotonic: int
    effects: int

    @property
    def admission(self) -> int:
        """The later of the two forms: what may be promised without knowing which clock is good."""
        return max(self.synced, self.monotonic)


def bound(name: str, ttl_ms: int, clocks: Clocks = SAME_HOST) -> Bound:
    """The bound for warrants that live `ttl_ms`. Raises ValueError for a negative time or a drift of 100 % or more."""
    times = (
        ttl_ms,
        clocks.view_ms,
        clocks.issuer_error_ms,
        clocks.holder_error_ms,
        clocks.recheck_ms,
        clocks.settle_ms,
    )
    if min(times) < 0 or not 0 <= clocks.drift_ppm < PPM:
        raise ValueError("a bound has no negative term, and drift stays below 100 %")
    synced = clocks.view_ms + ttl_ms + clocks.issuer_error_ms + clocks.holder_error_ms
    # Integer ceiling: a bound is never rounded down.
    monotonic = clocks.view_ms - (-ttl_ms * PPM // (PPM - clocks.drift_ppm))
    effects = max(synced, monotonic) + clocks.recheck_ms + clocks.settle_ms
    return Bound(name, ttl_ms, synced, monotonic, effects)


def bound_of(row: LifeClass, clocks: Clocks = SAME_HOST, *, longest: bool = False) -> Bound:
    """The bound of a class: for the life that the issuer gives, or with `longest` for all that a verifier accepts."""
    return bound(row.name, row.max_ms if longest else row.default_ms, clocks)
