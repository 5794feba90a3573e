# SPDX-License-Identifier: Apache-2.0
"""Orders by the owners of a system: parties that hold shares of it order together when those who sign hold as many
shares as was agreed at registration. They reach the one system, or a copy of it, and nothing that others own: not what
descends from it, and not what holds the same weights elsewhere.
"""

from __future__ import annotations

from collections.abc import Iterable

from answerable.errors import Refused
from answerable.model.records import System
from answerable.model.terms import Scope
from answerable.stops.closure import Reached, alone


def narrowed(hit: Reached, parties: Iterable[str]) -> Reached:
    """What an order by these parties (rids) alone reaches. Raises Refused ``officer.owners_scope``,
    ``officer.owners`` with too few shares, ``stop.officers`` for a system without shares."""
    if hit.scope not in (Scope.SYSTEM, Scope.COPY):
        raise Refused("officer.owners_scope", scope=hit.scope.value)
    directory, copy = hit.directory, hit.copy
    system = directory.system(copy.system) if copy is not None else directory.by_number(hit.num)
    if system is None or not system.owners_need:
        raise Refused("stop.officers", need=1, have=0)
    have = held(system, parties)
    if have < system.owners_need:
        raise Refused("officer.owners", need=system.owners_need, have=have)
    return alone(hit)


def held(system: System, parties: Iterable[str]) -> int:
    """How many shares of the system these parties hold together, each counted once."""
    chosen = set(parties)
    return sum(share.count for share in system.shares if share.party in chosen)
