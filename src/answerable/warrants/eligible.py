# SPDX-License-Identifier: Apache-2.0
"""Whether a copy may hold a warrant at all, and what that warrant then says. Asked for each grant and each renewal."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass

from answerable.admission.claims import MAX_ANCESTORS
from answerable.admission.stopset import StopSet
from answerable.errors import Refused
from answerable.model.records import Copy, Party, System
from answerable.model.terms import Role
from answerable.ports import Directory

Lapsed = Callable[[System], Iterable[str]]
"""The duties of a system's tier that can be checked today and are not met, by name; empty if all are."""


@dataclass(frozen=True, slots=True)
class Eligible:
    """A copy that may hold a warrant, with what the registry says of it now."""

    copy: Copy
    system: System
    party: Party
    numbers: tuple[int, ...]  # its system's and all weights ancestors', sorted


def eligible(directory: Directory, stops: StopSet, copy: str, *, lapsed: Lapsed, now_ms: int) -> Eligible:
    """What a warrant for the copy (rid or SPIFFE id) would stand on.

    Raises Refused ``warrant.unregistered``, ``warrant.copy_ended``, ``stop.system``, ``warrant.duty``,
    ``warrant.ancestors``.
    """
    known = directory.copy(copy)
    system = directory.system(known.system) if known else None
    party = directory.party(system.party(Role.DEPLOYER)) if system else None
    if known is None or system is None or party is None:
        raise Refused("warrant.unregistered")
    numbers = tuple(sorted({*system.ancestors, system.num}))
    order = (
        system.dead
        or stops.blocks(copy=known.rid, numbers=numbers, party=party.rid, worlds=system.worlds, now_ms=now_ms)
        or stops.blocks_parties((entry.party for entry in system.parties), now_ms)
        # A reauthorised system holds digests that were stopped: officers exempted it under its own, new id.
        or ("" if system.reauthorises else stops.blocks_digests(system.digests, now_ms))
    )
    if order:
        raise Refused("stop.system", order=order)
    if known.ended:
        raise Refused("warrant.copy_ended", copy=known.id)
    if unmet := tuple(lapsed(system)):
        raise Refused("warrant.duty", tier=system.tier, duties=", ".join(unmet))
    if len(numbers) > MAX_ANCESTORS:
        raise Refused("warrant.ancestors", count=len(numbers), limit=MAX_ANCESTORS)
    return Eligible(known, system, party, numbers)
