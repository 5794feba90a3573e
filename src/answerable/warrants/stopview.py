# SPDX-License-Identifier: Apache-2.0
"""The stop set as the registry stands now, indexed once for each change."""

from __future__ import annotations

from answerable.admission.stopset import StopSet
from answerable.ports import Directory


class StopView:
    """Follows the directory, whose number of `changes` tells when to look. An order that was regained may have a number
    below that of the newest change, so that the counter alone would not show it."""

    __slots__ = ("_changes", "_directory", "_stops")

    def __init__(self, directory: Directory) -> None:
        self._directory = directory
        self._changes = -1
        self._stops: StopSet | None = None

    def now(self) -> StopSet:
        """The set after the newest commit that the directory shows."""
        stops = self._stops
        if stops is not None and self._directory.changes == self._changes:
            return stops
        self._changes = self._directory.changes
        stops = self._stops = self._directory.stop_set()
        return stops
