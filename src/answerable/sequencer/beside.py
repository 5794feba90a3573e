# SPDX-License-Identifier: Apache-2.0
"""Where the writer's thread runs: on the core of the event loop while the two take turns, else wherever there is room.

An action that is alone goes from the loop to the writer and back, twice. One interpreter lies under both, so on two
cores nothing is gained, and each finds what the other had just read in the wrong cache, after a core was woken for it.
With more to write at once the writer's own work (the database, the disk, ciphers) runs beside the loop's and is given
any core. Linux alone; elsewhere nothing is changed.
"""

from __future__ import annotations

import ctypes
import os
import sys
from collections.abc import Callable
from contextlib import suppress
from typing import Final

# Units of a batch of which it is said that they take turns with the loop.
FEW: Final = 2


def _counter() -> Callable[[], int]:
    """The C library's `sched_getcpu`; where there is none, what says that nobody knows."""
    if sys.platform == "linux":
        with suppress(OSError, AttributeError):
            return ctypes.PyDLL(None).sched_getcpu
    return lambda: -1


here: Final = _counter()  # the core that the calling thread runs on, -1 if nobody knows


class Beside:
    """Made and used by the writer's thread alone."""

    def __init__(self) -> None:
        self._free = frozenset(os.sched_getaffinity(0)) if sys.platform == "linux" else frozenset()
        self._core = -1

    def follow(self, core: int, units: int) -> None:
        """Before a batch of so many units. core: the loop's, as it last said; -1 if it did not. What the system refuses
        is left as it is."""
        wanted = core if units <= FEW and core in self._free else -1
        if wanted == self._core:
            return
        self._core = wanted
        if sys.platform == "linux":
            with suppress(OSError):
                os.sched_setaffinity(0, {wanted} if wanted >= 0 else self._free)
