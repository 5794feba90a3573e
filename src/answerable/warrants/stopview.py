# SPDX-License-Identifier: Apache-2.0
"""The stop set as the registry stands now, indexed once for each change."""

from __future__ import annotations

from answerable.admission.stopset import StopSet
from answerable.model.units import EPOCH, Space
from answerable.ports import Directory


class StopView:
    """Follows the directory. Each change of the stop set bumps the counter `epoch` in the same unit of work, so one
    comparison of that row tells whether the index is current; `changes` tells when to compare."""

    __slots__ = ("_changes", "_directory", "_row", "_stops")

    def __init__(self, directory: Directory) -> None:
        self._directory = directory
        self._changes = -1
        self._row: bytes | None = None
        self._stops: StopSet | None = None

    def now(self) -> StopSet:
        """The set after the newest commit that the directory shows."""
        stops = self._stops
        if stops is not None and self._directory.changes == self._changes:
            return stops
        return self._look()

    def _look(self) -> StopSet:
        changes = self._directory.changes
        row = self._directory.raw(Space.COUNTERS, EPOCH)
        if self._stops is None or row != self._row:
            self._stops = StopSet.of(self._directory.stops(), epoch=int(row or b"0"))
            self._row = row
        self._changes = changes
        return self._stops
