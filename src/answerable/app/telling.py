# SPDX-License-Identifier: Apache-2.0
"""From the registry's rows to order messages: each change of the stop set is told once it is durable, in order."""

from __future__ import annotations

import asyncio
import logging
from typing import Final

import msgspec

from answerable.admission import orders
from answerable.control.services import Reader
from answerable.errors import AnswerableError, Unavailable
from answerable.log.leaf import decode
from answerable.model.leaves import SystemLeaf
from answerable.model.records import Stop
from answerable.model.units import Effect, Put, Space
from answerable.ports import Directory, Signer
from answerable.relay.hub import Hub

_log: Final = logging.getLogger("answerable.relay")
_stop: Final = msgspec.json.Decoder(Stop).decode
RETRY_S: Final = 0.25


class Teller:
    """signer, kid: the issuer's key. `follow` is called with each batch that is durable; `run` tells."""

    def __init__(self, hub: Hub, directory: Directory, reader: Reader, origin: str, signer: Signer, kid: str) -> None:
        self._hub = hub
        self._directory = directory
        self._reader = reader
        self._origin = origin
        self._signer = signer
        self._kid = kid
        self._waiting: asyncio.Queue[Stop] = asyncio.Queue()

    def follow(self, effects: tuple[Effect, ...]) -> None:
        for effect in effects:
            if effect.space is Space.STOPS and isinstance(effect, Put):
                self._waiting.put_nowait(_stop(effect.value))

    async def begin(self) -> None:
        """Tell all that stands. Raises Unavailable ``store.*``."""
        for stop in sorted(self._directory.stops(), key=lambda each: max(each.epoch, each.changed)):
            await self._tell(stop)

    async def run(self) -> None:
        """Tell what changes, until cancelled. What cannot be read now is told later, and nothing in front of it."""
        while True:
            stop = await self._waiting.get()
            while True:
                try:
                    await self._tell(stop)
                except Unavailable as error:
                    _log.error("the order %s waits to be told: %s", stop.rid, error.code)
                    await asyncio.sleep(RETRY_S)
                else:
                    break

    async def message(self, stop: Stop) -> bytes:
        """The order's message as it stands. Raises Unavailable ``store.*``, VerificationError ``order.malformed``."""
        # Of an order that was regained, the root may not stand in this log.
        root = (await self._reader.find(stop.root) or b"") if stop.num else b""
        return orders.message(
            stop,
            await self._leaf(stop.rid),
            origin=self._origin,
            release=await self._leaf(stop.released) if stop.released else b"",
            subject=root if root and isinstance(decode(root), SystemLeaf) else b"",
            signer=self._signer,
            kid=self._kid,
        )

    async def _tell(self, stop: Stop) -> None:
        try:
            self._hub.order(await self.message(stop))
        except Unavailable:
            raise
        except AnswerableError as error:
            # No holder would believe it either: the warrants of what it stops end all the same.
            _log.error("the order %s cannot be told: %s", stop.rid, error)

    async def _leaf(self, name: str) -> bytes:
        found = await self._reader.find(name)
        if found is None:
            raise Unavailable("store.absent", index=name)
        return found
