# SPDX-License-Identifier: Apache-2.0
"""Who may act: the desk recognises credentials, the gate admits."""

from __future__ import annotations

from typing import Protocol

from answerable.model.records import Copy
from answerable.model.warrants import Bearer, Credential, Horizon


class Desk(Protocol):
    """Recognises credentials and holds the warrants of the copies that this gateway serves for. Implemented by
    `warrants.desk.Desk`."""

    async def present(self, credential: Credential) -> Bearer:
        """The bearer behind a handle or a warrant, with its current warrant, expired or not. Raises Refused
        ``warrant.missing|malformed|forged``, ``handle.unknown|revoked|expired|elsewhere`` for what does not let in: as
        `Recognised` where it is known whose it is."""

    async def still(self, credential: Credential, bearer: Bearer) -> Bearer:
        """The bearer again, inside long work: renewed where this gateway keeps its warrant, and refused as `present`
        does if the credential or what is registered behind it ended meanwhile. A warrant that a newer one followed
        stays good for what began under it, until it ends."""

    def horizon(self, credential: Credential, caller: Bearer, model: Bearer) -> Horizon | None:
        """Until when `still` and `own` return these two again, and the gate, which has just admitted both, goes on to
        do so. None: not to be told, ask each time."""

    async def own(self, copy: Copy) -> Bearer:
        """The bearer of a copy whose warrant this gateway keeps fresh (a model that it serves). Raises Refused when the
        issuer does not renew."""


class Gate(Protocol):
    """The one admission check, bound to this gateway's clock, audience and current stop set."""

    def admit(self, bearer: Bearer) -> None:
        """Raises Refused ``warrant.expired|audience|not_yet|replayed`` or ``stop.*``."""

    def holds(self, horizon: Horizon) -> bool:
        """Whether nothing changed in the directory since, and no clock is past the horizon or behind its start."""

    def stopped_by(self, bearer: Bearer) -> str:
        """rid of the order that stops it, or ""."""
