# SPDX-License-Identifier: Apache-2.0
"""What a call used: tokens, time, money where priced, energy measured or estimated (`ports.Meter`).

A machine's counter knows nothing of calls. Whatever it grows by while calls to local models are in flight is divided
equally among those in flight at that moment, so the parts never add up to more than the machine used.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Final

from answerable.model.actions import Spent
from answerable.model.terms import Locality, Measure
from answerable.ports import Served
from answerable.upstreams.energy import EnergyCounter

MAX_COUNT: Final = 2**53 - 1  # what a leaf holds
FRESH_NS: Final = 1_000_000  # counters change about once a millisecond; reading more often costs and tells nothing


@dataclass(frozen=True, slots=True)
class Rates:
    """mj_per_token: declared energy of one token, in or out, in millijoule; price_in, price_out: millionths of
    `currency` (ISO 4217, "" for none) a token."""

    mj_per_token: float
    currency: str = ""
    price_in: float = 0.0
    price_out: float = 0.0


class SharedCounter:
    """Divides what `counters` grow by among the calls in flight. now_ns: monotonic."""

    def __init__(self, counters: tuple[EnergyCounter, ...], now_ns: Callable[[], int] = time.monotonic_ns) -> None:
        self._counters = counters
        self._now_ns = now_ns
        self._read_at = -FRESH_NS
        self._last = 0
        self._active = 0
        self._share = 0.0  # millijoule that one call would have got, had it been there from the start

    def enter(self) -> float:
        self._settle(force=self._active == 0)
        self._active += 1
        return self._share

    def leave(self, entered: float) -> int:
        """Millijoule of the call that `enter` gave `entered` to."""
        self._settle(force=True)
        self._active -= 1
        return round(self._share - entered)

    def _settle(self, *, force: bool) -> None:
        now = self._now_ns()
        if not force and now - self._read_at < FRESH_NS:
            return
        self._read_at = now
        total = sum(counter.read_mj() for counter in self._counters)
        if self._active:
            self._share += (total - self._last) / self._active
        self._last = total


class CallMeter:
    """Implements `ports.Meter`. rates: by the upstream's name for what has its own, else `default`."""

    def __init__(
        self, default: Rates, rates: Mapping[str, Rates] | None = None, counters: tuple[EnergyCounter, ...] = ()
    ) -> None:
        self._default = default
        self._rates = dict(rates or {})
        self._shared = SharedCounter(counters) if counters else None

    def start(self, served: Served) -> CallMetering:
        upstream = served.upstream
        # Our counters see this machine alone.
        rates = self._rates.get(upstream.name, self._default)
        if self._shared is not None and upstream.locality is Locality.LOCAL:
            return MeasuredCall(rates, self._shared)
        return CallMetering(rates)


class CallMetering:
    """One call, by declared rates. `spent` may be asked once."""

    __slots__ = ("_began", "_rates")

    def __init__(self, rates: Rates) -> None:
        self._rates = rates
        self._began = time.monotonic_ns()

    def spent(self, tokens_in: int, tokens_out: int) -> Spent:
        return self._spent(tokens_in, tokens_out, (tokens_in + tokens_out) * self._rates.mj_per_token, _ESTIMATED)

    def _spent(self, tokens_in: int, tokens_out: int, energy: float, measure: Measure) -> Spent:
        rates = self._rates
        return Spent(
            tokens_in,
            tokens_out,
            (time.monotonic_ns() - self._began) // 1_000_000,
            _counted(energy),
            measure,
            _counted(tokens_in * rates.price_in + tokens_out * rates.price_out) if rates.currency else 0,
            rates.currency,
        )


class MeasuredCall(CallMetering):
    """One call, by its share of what the machine's counters grew by."""

    __slots__ = ("_entered", "_shared")

    def __init__(self, rates: Rates, shared: SharedCounter) -> None:
        super().__init__(rates)
        self._shared: SharedCounter | None = shared
        self._entered = shared.enter()

    def spent(self, tokens_in: int, tokens_out: int) -> Spent:
        if self._shared is None:
            return super().spent(tokens_in, tokens_out)
        energy = float(self._shared.leave(self._entered))
        self._shared = None
        return self._spent(tokens_in, tokens_out, energy, Measure.MEASURED)

    def __del__(self) -> None:
        # A call that broke before it was settled must not take a share for ever.
        if self._shared is not None:
            self._shared.leave(self._entered)


_ESTIMATED: Final = Measure.ESTIMATED  # a global is found faster than a member


def _counted(number: float) -> int:
    """As a leaf can hold it: the counts of tokens are an upstream's word, and counters may be set back."""
    return min(max(round(number), 0), MAX_COUNT)
