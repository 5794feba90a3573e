# SPDX-License-Identifier: Apache-2.0
"""The stop set as the registry stands now, indexed once for each change."""

from __future__ import annotations

from answerable.admission.stopset import StopSet
from answerable.model.units import EPOCH, Space
from answerable.ports import Directory


class StopView:
    """Follows the directory. Each change of the stop set bumps the counter `epoch` in the same unit of work, so one
    comparison of that row tells whether the index is current."""

    __slots__ = ("_directory", "_row", "_stops")

    def __init__(self, directory: Directory) -> None:
        self._directory = directory
        self._row: bytes | None = None
        self._stops: StopSet | None = None

    def now(self) -> StopSet:
        """The set after the newest commit that the directory shows."""
        row = self._directory.raw(Space.COUNTERS, EPOCH)
        if self._stops is None or row != self._row:
            self._stops = StopSet.of(self._directory.stops(), epoch=int(row or b"0"))
            self._row = row
        return self._stops
