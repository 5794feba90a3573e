# SPDX-License-Identifier: Apache-2.0
"""Reading reauthorisations: the one exemption from a stop, for one new system id with given digests.

It restarts nothing and reaches no ancestor: a new system that still descends from the stopped one stays stopped.
"""

from __future__ import annotations

from collections.abc import Iterable

import msgspec

from answerable.errors import Refused
from answerable.model.records import Reauthorisation
from answerable.model.units import Space
from answerable.ports import Directory

_row = msgspec.json.Decoder(Reauthorisation).decode


def row_of(directory: Directory, system_id: str) -> Reauthorisation | None:
    """The reauthorisation that made this system id, if one did."""
    raw = directory.raw(Space.REAUTHORISATIONS, system_id)
    return _row(raw) if raw else None


def exemption(directory: Directory, system_id: str, digests: Iterable[str]) -> Reauthorisation:
    """The reauthorisation under which a system with this id may be registered, once, with these digests and no others.
    Raises Refused ``system.reauthorisation``."""
    found = row_of(directory, system_id)
    wanted = set(digests)
    if found is None:
        raise Refused("system.reauthorisation", system=system_id, problem="no reauthorisation made this id")
    if directory.system(system_id) is not None:
        raise Refused("system.reauthorisation", system=system_id, problem="the id is registered already")
    if not wanted or not wanted <= set(found.digests):
        raise Refused("system.reauthorisation", system=system_id, problem="the digests are not those that were signed")
    return found


def exempt(directory: Directory, system_id: str, rid: str) -> frozenset[str]:
    """rids of the orders whose digests the system may hold under the reauthorisation `rid`: the termination, and the
    suspension that it completed, which would else go on for ever without a release."""
    found = row_of(directory, system_id) if rid else None
    if found is None or found.rid != rid:
        return frozenset()
    before = (stop.escalates for stop in directory.stops() if stop.rid == found.order and stop.escalates)
    return frozenset((found.order, *before))
