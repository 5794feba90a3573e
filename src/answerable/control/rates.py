# SPDX-License-Identifier: Apache-2.0
"""How much each teller of events told lately: a flood is refused, so that nobody fills the log with what it says."""

from __future__ import annotations

from collections import OrderedDict, deque
from dataclasses import dataclass, field
from typing import Final

from answerable.errors import Refused

# Events of one teller within a minute.
EVENTS_A_MINUTE: Final = 60
TELLERS: Final = 10_000
MINUTE_MS: Final = 60_000


@dataclass(slots=True)
class Rates:
    """Bounded: who told nothing for longest is forgotten first."""

    told: OrderedDict[str, deque[int]] = field(default_factory=OrderedDict)

    def count(self, by: str, now: int) -> None:
        """by: rid of who tells; now: ms UTC. Raises Refused ``redline.flood``."""
        times = self.told.setdefault(by, deque(maxlen=EVENTS_A_MINUTE))
        self.told.move_to_end(by)
        while len(self.told) > TELLERS:
            self.told.popitem(last=False)
        if len(times) == EVENTS_A_MINUTE and times[0] > now - MINUTE_MS:
            raise Refused("redline.flood", by=by, limit=EVENTS_A_MINUTE)
        times.append(now)
