# SPDX-License-Identifier: Apache-2.0
"""What the control plane tells of the operators' policies, and asks of whoever holds them."""

from __future__ import annotations

from typing import Protocol

from answerable.control.answers import Answer
from answerable.ports import Policy


class PolicyState(Answer, frozen=True, kw_only=True):
    """digest: of all that decides, as open leaves name it; folder: "" for none; folder_digest: of what was taken from
    it; policies: ids in their order; taken: when, ms UTC, 0 for never; problem: code of why the folder as it stands was
    refused, "" where it is in force; detail: in words."""

    digest: str
    use: tuple[str, ...]
    folder: str
    folder_digest: str
    policies: tuple[str, ...]
    taken: int
    problem: str
    detail: str


class Policing(Protocol):
    """Implemented by `app.policing.Policing`."""

    @property
    def policies(self) -> tuple[Policy, ...]: ...

    def state(self) -> PolicyState: ...

    async def reload(self) -> bool:
        """Take the folder as it is now: whether anything changed. Raises Refused ``policy.folder``, ``config.value``,
        Unavailable ``log.*``."""
