# SPDX-License-Identifier: Apache-2.0
"""Whether a stop order in force reaches something that the registry is asked to make or to move."""

from __future__ import annotations

from collections.abc import Iterable

from answerable.admission import wide
from answerable.admission.stopset import StopSet, in_force
from answerable.errors import Refused
from answerable.model.records import System
from answerable.model.terms import World
from answerable.model.units import EPOCH, Expect, Space
from answerable.ports import Directory
from answerable.registry import reauthorised

# A stop of one copy never reaches a system; "" would ask about any copy.
_NO_COPY = "-"


def order(
    directory: Directory,
    *,
    numbers: tuple[int, ...],
    parties: Iterable[str],
    worlds: tuple[World, ...],
    digests: Iterable[str],
    now_ms: int,
    exempt: frozenset[str] = frozenset(),
) -> str:
    """rid of an order in force that reaches a system with these properties, or "".

    numbers: sorted, its own last; parties: rids; exempt: rids of the orders whose digests it may hold.
    """
    known = directory.stop_set()
    if known.quiet:
        return ""
    if found := known.blocks(copy=_NO_COPY, numbers=numbers, party="", worlds=worlds, now_ms=now_ms):
        return found
    if found := known.blocks_parties(parties, now_ms):
        return found
    digests = tuple(digests)
    others = StopSet.of(stop for stop in directory.stops() if stop.rid not in exempt) if exempt else known
    return others.blocks_digests(digests, now_ms) or _by_holders(directory, digests, now_ms, exempt)


def _by_holders(directory: Directory, digests: tuple[str, ...], now_ms: int, exempt: frozenset[str]) -> str:
    """Of orders too wide for a list: rid of one that reached a system with one of these digests when it was given."""
    for stop in directory.stops():
        if not stop.upto or stop.rid in exempt or not in_force(stop, now_ms):
            continue
        if any(wide.reached(stop, holder) for digest in digests for holder in directory.by_digest(digest)):
            return stop.rid
    return ""


def of_system(directory: Directory, system: System, now_ms: int) -> str:
    """rid of an order in force that reaches `system` as registered, or ""."""
    return system.dead or order(
        directory,
        numbers=(*system.ancestors, system.num),
        parties=(entry.party for entry in system.parties),
        worlds=system.worlds,
        digests=system.digests,
        now_ms=now_ms,
        exempt=reauthorised.exempt(directory, system.id, system.reauthorises),
    )


def check(directory: Directory, system: System, now_ms: int) -> None:
    """Raises Refused ``stop.system``."""
    if found := of_system(directory, system, now_ms):
        raise Refused("stop.system", order=found)


def same_stops(directory: Directory) -> Expect:
    """The set of stops must still be the one that was looked at: a stop that races with a registration wins."""
    return Expect(Space.COUNTERS, EPOCH, directory.raw(Space.COUNTERS, EPOCH))
