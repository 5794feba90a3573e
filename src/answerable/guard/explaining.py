# SPDX-License-Identifier: Apache-2.0
"""What the gateway must have heard before it is shown a newer warrant (`docs/spec/warrant.md`, "Explained").

A warrant names the changes of the stop set that its issuer knew, and a gateway that lacks one of them refuses it. The
issuer may have died in the moment in which it told us alone: so whoever is given such a warrant hands the orders on,
and goes on under the one before it meanwhile.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final, Protocol

from answerable.errors import AnswerableError, Refused
from answerable.guard.sources import Leased
from answerable.guard.standing import Standing

TOGETHER: Final = 64  # orders in one request
BYTES: Final = 1 << 20  # of them together, but one at least
LAST_MS: Final = 100  # before the end of a warrant, the next one is taken up, explained or not
KEPT: Final = 64  # messages of who hears no orders
ALL: Final = 2**53  # of a gateway that takes no orders: it is shown what there is


class Tells(Protocol):
    """Implemented by `guard.gate.Gate`."""

    async def tell(self, orders: Sequence[bytes]) -> int: ...


class Explaining:
    """One gateway. epoch: up to which change of the stop set it knows all, as it said last; -1 before it was asked."""

    def __init__(self, gateway: Tells, standing: Standing) -> None:
        self._gateway = gateway
        self._standing = standing
        self._carried: dict[bytes, None] = {}
        self.epoch = -1

    def done(self, leased: Leased) -> bool:
        """Whether nothing that the warrant names is unknown, here or there: so says the gateway, or it names no more
        than the one that it is shown now."""
        before = self._standing.leased
        if before is not None and leased.warrant.epoch <= before.warrant.epoch:
            return True
        return self.epoch >= leased.warrant.epoch and self._standing.explains(leased)

    def waits(self, newer: Leased, mono_ms: int) -> bool:
        """Whether the warrant in hand goes on to be shown in its place. It is, while that is good for anything."""
        standing = self._standing
        holds = standing.leased is not None and mono_ms < standing.ends - LAST_MS and standing.fault() is None
        return holds and not self.done(newer)

    async def explain(self, leased: Leased) -> bool:
        """Hand on what the gateway lacks; whether it knows all that the warrant names now."""
        for message in leased.held.orders:
            self._carried[message] = None
            if len(self._carried) > KEPT:
                del self._carried[next(iter(self._carried))]
        try:
            if self.epoch < 0:
                self._said(await self._gateway.tell(()))
            if self.epoch < leased.warrant.epoch:
                known = dict.fromkeys((*self._standing.known(max(0, self.epoch)), *self._carried))
                for part in parts(tuple(known)):
                    self._said(await self._gateway.tell(part))
        except Refused:
            self.epoch = ALL
        except AnswerableError:
            return False
        return self.epoch >= leased.warrant.epoch

    def _said(self, epoch: int) -> None:
        self.epoch = max(self.epoch, epoch)


def parts(messages: Sequence[bytes]) -> list[list[bytes]]:
    """As many together as one request takes."""
    found: list[list[bytes]] = []
    size = 0
    for message in messages:
        if not found or len(found[-1]) >= TOGETHER or size + len(message) > BYTES:
            found.append([])
            size = 0
        found[-1].append(message)
        size += len(message)
    return found
