# SPDX-License-Identifier: Apache-2.0
"""Until which day a payload is kept: what expires on one day is let go of together, so a store keeps it together."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Final

from answerable.model.units import BESIDE, LASTING, Payload, Unit

DAY_MS: Final = 86_400_000
# The day of what never expires.
LASTING_DAY: Final = 0


def by_day(units: Iterable[Unit], expires: int) -> dict[int, list[Payload]]:
    """The payloads of a batch by the day of their expiry, since 1970, UTC. expires: ms UTC, of those that say nothing
    of their own. What hides nobody's words is kept as long as what its leaf commits to before it: each day of a batch
    is a sync of its own."""
    default = max(expires // DAY_MS, 1)
    days: dict[int, list[Payload]] = {}
    for unit in units:
        rid, kept = "", 0
        for payload in unit.payloads:
            if payload.group in LASTING:
                day = LASTING_DAY
            else:
                day = max(payload.expires // DAY_MS, 1) if payload.expires else default
                if payload.group in BESIDE and payload.rid == rid and kept > day:
                    day = kept
                rid, kept = payload.rid, day
            if day in days:
                days[day].append(payload)
            else:
                days[day] = [payload]
    return days
