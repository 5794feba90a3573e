# SPDX-License-Identifier: Apache-2.0
"""Which stop orders reach whom: an immutable set that answers in well under a microsecond.

A stop is one grow-only row that names a root. A warrant carries the registry numbers of its system's weights ancestors,
so each holder decides by itself whether a stop reaches it (`docs/spec/warrant.md`, `anc`).
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from typing import Final

from answerable.model.records import Stop
from answerable.model.terms import OrderKind, Scope, World
from answerable.model.warrants import Warrant

# Later than any time in milliseconds that a leaf can hold (integers below 2**53).
NEVER: Final = 2**53
# Warrants of which a set remembers that no order names them: those of the copies that act just now.
REMEMBERED: Final = 16_384


@dataclass(frozen=True, slots=True)
class Hold:
    """One order's hold on one key. `until`: ms UTC from when it no longer holds; NEVER for what does not lapse."""

    order: str
    until: int


_Held = Mapping[str, tuple[Hold, ...]]
_Numbers = Mapping[int, tuple[Hold, ...]]


def in_force(stop: Stop, now_ms: int) -> bool:
    """Whether the order still stops anything at `now_ms`. A termination always does; a suspension may lapse by itself
    or be released by people."""
    if stop.kind == OrderKind.TERMINATE:
        return True
    return not stop.released and (stop.until == 0 or now_ms < stop.until)


@dataclass(frozen=True, slots=True)
class StopSet:
    """All stops that may hold, indexed by what they name. Make one with `StopSet.of`."""

    epoch: int = 0  # number of changes to the set of stops, as the registry counts them
    lineages: _Numbers = field(default_factory=dict)  # numbers that stop whoever descends from them
    systems: _Numbers = field(default_factory=dict)  # numbers that stop that one system
    copies: _Held = field(default_factory=dict)
    parties: _Held = field(default_factory=dict)
    worlds: _Held = field(default_factory=dict)
    digests: _Held = field(default_factory=dict)
    everything: tuple[Hold, ...] = ()
    quiet: bool = True  # nothing is stopped at all
    _clear: dict[str, Warrant] = field(default_factory=dict, init=False, repr=False, compare=False)  # by copy

    @classmethod
    def of(cls, stops: Iterable[Stop], epoch: int = 0) -> StopSet:
        """Index `stops`. A kind or scope that this version does not know stops everything: it cannot tell what was
        meant, and no answer is a refusal."""
        rows = tuple(stops)
        # A suspension that was completed to a termination holds nothing that the termination does not hold for ever.
        completed = {stop.escalates for stop in rows if stop.escalates}
        numbers: dict[Scope, dict[int, tuple[Hold, ...]]] = {Scope.LINEAGE: {}, Scope.SYSTEM: {}}
        named: dict[Scope, dict[str, tuple[Hold, ...]]] = {Scope.COPY: {}, Scope.PARTY: {}, Scope.WORLD: {}}
        digests: dict[str, tuple[Hold, ...]] = {}
        everything: tuple[Hold, ...] = ()
        quiet = True
        for stop in rows:
            if stop.kind == OrderKind.SUSPEND and (stop.released or stop.rid in completed):
                continue
            quiet = False
            lapses = stop.kind == OrderKind.SUSPEND and stop.until > 0
            hold = (Hold(stop.rid, stop.until if lapses else NEVER),)
            scope = _scope(stop)
            if scope in numbers:
                for num in (stop.num, *stop.twins):
                    numbers[scope][num] = numbers[scope].get(num, ()) + hold
            elif scope in named:
                named[scope][stop.root] = named[scope].get(stop.root, ()) + hold
            else:
                everything += hold
            for digest in stop.digests:
                digests[digest] = digests.get(digest, ()) + hold
        return cls(
            epoch=epoch,
            lineages=numbers[Scope.LINEAGE],
            systems=numbers[Scope.SYSTEM],
            copies=named[Scope.COPY],
            parties=named[Scope.PARTY],
            worlds=named[Scope.WORLD],
            digests=digests,
            everything=everything,
            quiet=quiet,
        )

    def blocks(self, *, copy: str, numbers: tuple[int, ...], party: str, worlds: tuple[World, ...], now_ms: int) -> str:
        """rid of an order in force that reaches this copy, or "".

        copy: rid of the copy's leaf, or "" where it is not known: any stop of a copy then counts, since it may be this
        one. numbers: sorted registry numbers of the system and its weights ancestors. A system is registered after all
        that it descends from, so its own number is the last. No numbers at all: every stop of a lineage counts.
        """
        if self.quiet:
            return ""
        # Nearly always nothing is met: no call is made to find that out.
        order = _first(self.everything, now_ms) if self.everything else ""
        if not order and self.lineages and not (numbers and self.lineages.keys().isdisjoint(numbers)):
            order = _meets(self.lineages, numbers, now_ms)
        if not order and self.systems:
            order = _meets(self.systems, numbers[-1:], now_ms)
        if not order and self.copies:
            order = _first(self.copies.get(copy, ()), now_ms) if copy else _any(self.copies, now_ms)
        if not order and self.parties:
            order = _first(self.parties.get(party, ()), now_ms)
        if not order and self.worlds:
            order = next((o for w in worlds if (o := _first(self.worlds.get(w, ()), now_ms))), "")
        return order

    def blocks_warrant(self, warrant: Warrant, now_ms: int) -> str:
        """`blocks` for whoever holds `warrant`.

        Neither this set nor a warrant ever changes: whom no order names, whatever the time, it never will. That is
        remembered of this very object, so that it costs the same beside one order as beside thousands.
        """
        if self.quiet or self._clear.get(warrant.copy_rid) is warrant:
            return ""
        copy, numbers, party, worlds = warrant.copy_rid, warrant.ancestors, warrant.party, warrant.worlds
        # At time 0 nothing has lapsed.
        if self.blocks(copy=copy, numbers=numbers, party=party, worlds=worlds, now_ms=0):
            return self.blocks(copy=copy, numbers=numbers, party=party, worlds=worlds, now_ms=now_ms)
        if len(self._clear) >= REMEMBERED:
            self._clear.clear()
        self._clear[copy] = warrant
        return ""

    def blocks_parties(self, parties: Iterable[str], now_ms: int) -> str:
        """rid of an order that stops one of the parties (rids), or ""."""
        if not self.parties:
            return ""
        return next((o for party in parties if (o := _first(self.parties.get(party, ()), now_ms))), "")

    def blocks_digests(self, digests: Iterable[str], now_ms: int = 0, *, exempt: str = "") -> str:
        """rid of an order that stops one of these digests, or "". With `now_ms` 0 a suspension counts as if none had
        lapsed. exempt: rid of the one order that a reauthorisation exempts them from."""
        for digest in digests:
            for hold in self.digests.get(digest, ()):
                if now_ms < hold.until and hold.order != exempt:
                    return hold.order
        return ""


def _scope(stop: Stop) -> Scope:
    try:
        scope = Scope(stop.scope)
        OrderKind(stop.kind)
    except ValueError:
        return Scope.ALL
    return scope


def _first(holds: tuple[Hold, ...], now_ms: int) -> str:
    for hold in holds:
        if now_ms < hold.until:
            return hold.order
    return ""


def _any(held: _Held | _Numbers, now_ms: int) -> str:
    return next((o for holds in held.values() if (o := _first(holds, now_ms))), "")


def _meets(held: _Numbers, numbers: tuple[int, ...], now_ms: int) -> str:
    if not numbers:
        return _any(held, now_ms)
    if held.keys().isdisjoint(numbers):
        return ""
    return next((o for num in numbers if num in held and (o := _first(held[num], now_ms))), "")
