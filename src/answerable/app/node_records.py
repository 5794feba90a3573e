# SPDX-License-Identifier: Apache-2.0
"""What a gateway node hands back: its word for each stop order, and the checkpoints of its log."""

from __future__ import annotations

import logging
from collections import deque
from collections.abc import Sequence
from typing import Final

from answerable.admission.orders import Told
from answerable.admission.receipts import Receipt, StopState, make
from answerable.app.core import Core
from answerable.app.node_card import Card
from answerable.app.node_link import Link
from answerable.crypto.ed25519 import Key
from answerable.crypto.random import nonce
from answerable.errors import AnswerableError, VerificationError
from answerable.log import leaf as leaves
from answerable.log.checkpoint import parse
from answerable.model.leaves import OpenLeaf
from answerable.model.terms import Ruling
from answerable.model.units import Committed, Unit
from answerable.ports import Clock, Directory, Ledger

# Records in which the last action that an order reaches is looked for.
REMEMBERED: Final = 4_096
# Receipts that wait for a control plane that is away.
MAX_WAITING: Final = 4_096
_log: Final = logging.getLogger("answerable.node")


class Noted:
    """`ports.Ledger` of the path: remembers what was opened last. Everything else is the ledger's own."""

    def __init__(self, ledger: Ledger, clock: Clock) -> None:
        self._ledger = ledger
        self._clock = clock
        self.opened: deque[tuple[int, bytes]] = deque(maxlen=REMEMBERED)

    async def commit(self, unit: Unit) -> Committed:
        done = await self._ledger.commit(unit)
        if unit.leaves:
            self.opened.append((self._clock.now_ms(), unit.leaves[0]))
        return done

    def count_refusal(self, code: str) -> None:
        self._ledger.count_refusal(code)

    async def erase(self, leaves: Sequence[tuple[int, str]]) -> int:
        return await self._ledger.erase(leaves)


class Receipts:
    """Signs one for each order that this node is told, and sends it until it is taken. admitted: copy's rid -> when the
    gate last let it in, for copies that act without a record (the canary)."""

    def __init__(self, core: Core, directory: Directory, noted: Noted, card: Card, key: Key, link: Link) -> None:
        self._core = core
        self._directory = directory
        self._noted = noted
        self._card = card
        self._key = key
        self._link = link
        self._waiting: deque[bytes] = deque(maxlen=MAX_WAITING)
        self.admitted: dict[str, int] = {}
        self.sent = 0

    def told(self, order: Told, in_flight: int) -> None:
        """The order took effect here now. in_flight: actions that it cut and that are still being closed."""
        stop = order.stop
        state = StopState.DRAINING if in_flight else StopState.STOPPED
        receipt = Receipt(
            order=stop.rid,
            holder=self._card.node,
            t_received=self._core.now,
            t_last_action=self._last(order),
            in_flight=in_flight,
            stop_state=state,
            n=nonce(),
        )
        try:
            self._waiting.append(make(receipt, self._key, self._card.origin))
        except VerificationError as error:
            _log.error("no receipt for the order %s: %s", stop.rid, error)

    async def flush(self) -> None:
        """Send what waits. Raises as `Link.receipt`: then it waits on."""
        while self._waiting:
            data = self._waiting[0]
            try:
                await self._link.receipt(data)
                self.sent += 1
            except AnswerableError as error:
                if error.code.startswith(("node.away", "log.", "recover.", "relay.", "request.busy")):
                    raise
                _log.error("a receipt was not taken: %s", error)
            if self._waiting and self._waiting[0] is data:
                self._waiting.popleft()

    def _last(self, order: Told) -> int:
        """When the last action began that the order reaches, ms UTC; 0 for none that is remembered."""
        stop = order.stop
        numbers = {stop.num, *stop.twins} - {0}
        found = 0
        for copy, at in self.admitted.items():
            known = self._directory.copy(copy)
            system = self._directory.system(known.system) if known is not None else None
            if system is not None and (copy == stop.root or numbers & {system.num, *system.ancestors}):
                found = max(found, at)
        for at, data in reversed(self._noted.opened):
            try:
                leaf = leaves.decode(data)
            except VerificationError:
                continue
            if not isinstance(leaf, OpenLeaf) or leaf.dec != Ruling.PERMIT.value:
                continue
            for rid in (leaf.sys, leaf.via):
                system = self._directory.system(rid) if isinstance(rid, str) else None
                if system is None:
                    continue
                parties = {entry.party for entry in system.parties}
                worlds = {world.value for world in system.worlds}
                if numbers & {system.num, *system.ancestors} or stop.root in {"", *parties, *worlds}:
                    return max(found, at)
        return found


class HandIn:
    """Sends the newest checkpoint of this node's log to the control plane, with the proof that the log only grew."""

    def __init__(self, core: Core, link: Link) -> None:
        self._core = core
        self._link = link
        self.size: int | None = None  # that the control plane has recorded, None while it was not asked

    async def once(self) -> bool:
        """Whether something new was recorded. Raises as `Link.checkpoint`, Unavailable ``log.*``."""
        if self.size is None:
            self.size = await self._link.recorded()
        note = await self._core.reader.checkpoint()
        size = parse(note)[0].size if note else 0
        if size <= self.size:
            return False
        path = list(await self._core.reader.consistency(self.size, size)) if self.size else []
        self.size = await self._link.checkpoint(note, path)
        return True
