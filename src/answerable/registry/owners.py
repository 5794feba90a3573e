# SPDX-License-Identifier: Apache-2.0
"""Co-owned systems: who holds how many shares, and with how many of them the owners order about it.

It stands in the system's leaf as the extension ``answerable.owners``: {"need": m, "shares": {rid of a party: n}}.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any, Final

from msgspec import UNSET, UnsetType

from answerable.errors import Refused
from answerable.model.leaves import SystemLeaf
from answerable.model.records import Share, System
from answerable.ports import Directory
from answerable.registry import find
from answerable.registry.requests import OwnersSpec

MEMBER: Final = "answerable.owners"


def shares(directory: Directory, spec: OwnersSpec | None, parties: Iterable[str]) -> tuple[Share, ...]:
    """The shares as a row holds them. parties: rids of the system's parties: an owner is one of them.
    Raises Refused ``party.*``, ``system.field``."""
    if spec is None:
        return ()
    allowed = set(parties)
    found: dict[str, int] = {}
    for each in spec.shares:
        party = find.party(directory, each.party).rid
        if party not in allowed:
            raise Refused("system.field", field="owners", problem="an owner has no role on the system")
        if party in found:
            raise Refused("system.field", field="owners", problem="an owner is named twice")
        found[party] = each.count
    if spec.need > sum(found.values()):
        raise Refused("system.field", field="owners", problem="more shares are needed than there are")
    return tuple(Share(party=party, count=count) for party, count in sorted(found.items()))


def moved(held: tuple[Share, ...], old: str, new: str) -> tuple[Share, ...]:
    """The shares after a sale: the seller's are the buyer's, beside what the buyer has."""
    if all(share.party != old for share in held):
        return held
    found: dict[str, int] = {}
    for share in held:
        party = new if share.party == old else share.party
        found[party] = found.get(party, 0) + share.count
    return tuple(Share(party=party, count=count) for party, count in sorted(found.items()))


def extension(system: System) -> dict[str, Any] | UnsetType:
    """What the leaf's `x` holds."""
    if not system.owners_need:
        return UNSET
    return {MEMBER: {"need": system.owners_need, "shares": {share.party: share.count for share in system.shares}}}


def of_leaf(leaf: SystemLeaf) -> tuple[tuple[Share, ...], int]:
    """(shares, need) as the leaf says. Raises ValueError for another form."""
    if not isinstance(leaf.x, dict) or MEMBER not in leaf.x:
        return (), 0
    told = leaf.x[MEMBER]
    try:
        need, held = int(told["need"]), dict(told["shares"])
        return tuple(Share(party=str(party), count=int(count)) for party, count in sorted(held.items())), need
    except (KeyError, TypeError):
        raise ValueError("owners of another form") from None
