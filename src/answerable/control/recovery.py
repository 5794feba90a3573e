# SPDX-License-Identifier: Apache-2.0
"""What the control plane's API asks of a recovery. Implemented by `app.recovering.Recovery`."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Protocol

from answerable.control.answers import Answer


class RecoveryState(Answer, frozen=True, kw_only=True):
    """behind: nothing is signed; epoch, root: of the stop set that is known; waiting: who is still to be heard -> what
    is awaited; heard, waived: names; regained: orders that came back."""

    behind: bool
    epoch: int
    root: str
    waiting: dict[str, str]
    heard: list[str]
    waived: list[str]
    regained: int


class Recovering(Protocol):
    behind: bool

    def state(self) -> RecoveryState: ...

    async def shown(self, messages: Sequence[bytes]) -> int: ...

    async def waive(self, name: str, by: str) -> None: ...
