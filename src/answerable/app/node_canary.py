# SPDX-License-Identifier: Apache-2.0
"""The canary on one gateway: its copy is really admitted here, so that its stop is really one.

When the registry names a canary, a warrant for its copy is asked for and it is admitted by this gateway's own gate,
once; when its order comes, the gate is asked again and must refuse. What the gateway says in its receipt is what its
gate did.
"""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Awaitable, Callable, MutableMapping
from typing import Final

from answerable.errors import AnswerableError
from answerable.model.units import Space
from answerable.model.warrants import Bearer
from answerable.ports import Clock, Directory, Gate
from answerable.warrants.desk import Keeping

CANARY: Final = "canary_copy"  # in Space.MISC: rid of the canary's running copy, "" while there is none
TRIES: Final = 40
TRY_S: Final = 0.25
_log: Final = logging.getLogger("answerable.drill")


async def _nobody(_copy: str) -> None:
    return None


class Perch:
    """directory: the registry as this gateway knows it; admitted: copy's rid -> when the gate let it in, ms UTC; tell:
    who stops the canary that the gate here let it in, so that it is not stopped before; tried again where that fails.
    """

    def __init__(
        self,
        directory: Directory,
        gate: Gate,
        holder: Keeping,
        clock: Clock,
        admitted: MutableMapping[str, int],
        ready: Callable[[str], None] = lambda _copy: None,
        tell: Callable[[str], Awaitable[None]] = _nobody,
    ) -> None:
        self._directory = directory
        self._gate = gate
        self._holder = holder
        self._clock = clock
        self._ready = ready
        self._tell = tell
        self._admitted = admitted
        self._bearer: Bearer | None = None
        self._copy = ""
        self._task: asyncio.Task[None] | None = None

    def look(self) -> None:
        """The registry changed: take in a new canary."""
        copy = (self._directory.raw(Space.MISC, CANARY) or b"").decode()
        if copy in ("", self._copy):
            return
        self._copy, self._bearer = copy, None
        if self._task is not None:
            self._task.cancel()
        self._task = asyncio.get_running_loop().create_task(self._take(copy))

    def holds(self, copy: str) -> bool:
        """Whether this gateway's gate let in the copy with that rid."""
        return self._bearer is not None and self._bearer.copy.rid == copy

    def stopped(self) -> bool:
        """Whether the gate refuses the canary that it had let in."""
        if self._bearer is None:
            return False
        try:
            self._gate.admit(self._bearer)
        except AnswerableError as error:
            return error.code.startswith("stop.")
        return False

    def close(self) -> None:
        if self._task is not None:
            self._task.cancel()

    async def _take(self, copy: str) -> None:
        for _ in range(TRIES):
            try:
                bearer = await self._holder.bearer(copy)
                self._gate.admit(bearer)
            except AnswerableError as error:
                failed = error
            else:
                self._bearer = bearer
                self._admitted.clear()
                self._admitted[copy] = self._clock.now_ms()
                self._ready(copy)
                return await self._told(copy)
            await asyncio.sleep(TRY_S)
        _log.error("the canary is not admitted here: %s", failed.code)

    async def _told(self, copy: str) -> None:
        for _ in range(TRIES):
            try:
                return await self._tell(copy)
            except AnswerableError:
                await asyncio.sleep(TRY_S)
