# SPDX-License-Identifier: Apache-2.0
"""Reminds of suspensions that nobody decided about: in the service's log, its status and its metrics, louder the longer
one waits (`stops.waiting`). Whoever is on call hears of it where the operator's own alarms end."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Mapping
from typing import Final

from answerable.ports import Clock, Directory
from answerable.redlines.desk import canary
from answerable.stops.waiting import Level, Waiting, waiting

EVERY_S: Final = 15.0
PROBLEM: Final = "officer.waiting"
_WORDS: Final = {
    Level.TOLD: "waits for a second officer",
    Level.REMINDED: "still waits for a second officer",
    Level.ESCALATED: "waits for a second officer: escalated to everybody who can decide",
    Level.OVERDUE: "is overdue: nobody decided",
}

log: Final = logging.getLogger("answerable.stops")


class Reminder:
    """What was said about each suspension so far. One event loop."""

    def __init__(self, directory: Directory, clock: Clock) -> None:
        self._directory = directory
        self._clock = clock
        self._said: dict[str, Level] = {}
        self._found: tuple[int, tuple[Waiting, ...]] = (-1, ())

    def open_ones(self) -> tuple[Waiting, ...]:
        """The suspensions that wait now, looked at anew once a second."""
        now = self._clock.now_ms()
        if self._found[0] != now // 1_000:
            self._found = (now // 1_000, waiting(self._directory, now, tried=canary(self._directory)))
        return self._found[1]

    def problems(self) -> Mapping[str, str]:
        """One entry for each that has waited long enough to remind of."""
        return {f"suspension {each.order.rid}": PROBLEM for each in self.open_ones() if each.level >= Level.REMINDED}

    def remind(self) -> None:
        """Say what is new or louder than before."""
        found = self.open_ones()
        for each in found:
            if self._said.get(each.order.rid, -1) < each.level:
                self._said[each.order.rid] = each.level
                say = log.info if each.level is Level.TOLD else log.warning if each.level < Level.OVERDUE else log.error
                say(
                    "suspension %s of %s %s %s (%d of %d signed)",
                    each.order.rid, each.order.scope, each.order.root, _WORDS[each.level], each.have, each.need,
                )  # fmt: skip
        standing = {each.order.rid for each in found}
        self._said = {rid: level for rid, level in self._said.items() if rid in standing}

    async def run(self) -> None:
        while True:
            try:
                self.remind()
            except Exception:  # a defect of one round does not end the reminding of all others
                log.exception("a round of reminding failed")
            await asyncio.sleep(EVERY_S)
