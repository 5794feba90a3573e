# SPDX-License-Identifier: Apache-2.0
"""How often something of one key is written down one by one, before it is only counted."""

from __future__ import annotations

from collections import deque
from typing import Final

# Refusals of one key within a minute that have a leaf each.
A_MINUTE: Final = 10
MINUTE_MS: Final = 60_000
MAX_KEYS: Final = 1_000


class Seldom:
    """How many refusals of a key were recorded within the last minute."""

    def __init__(self) -> None:
        self._times: dict[str, deque[int]] = {}

    def allows(self, key: str, now: int) -> bool:
        """now: ms UTC."""
        if len(self._times) >= MAX_KEYS and key not in self._times:
            self._times = {each: times for each, times in self._times.items() if times[-1] > now - MINUTE_MS}
            if len(self._times) >= MAX_KEYS:
                return False
        times = self._times.setdefault(key, deque(maxlen=A_MINUTE))
        if len(times) == A_MINUTE and times[0] > now - MINUTE_MS:
            return False
        times.append(now)
        return True
