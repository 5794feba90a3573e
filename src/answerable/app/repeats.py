# SPDX-License-Identifier: Apache-2.0
"""Calls that must not run twice, as the service keeps them: what they answered is found in the payloads, and rows that
nobody needs any more go."""

from __future__ import annotations

import asyncio
import logging
from typing import Final

from answerable.app.core import Core
from answerable.errors import AnswerableError
from answerable.tools.calls import Calls

EVERY_S: Final = 1.0  # a slice of the rows each time

log: Final = logging.getLogger("answerable.calls")


class Repeats:
    """The calls of one service."""

    def __init__(self, core: Core) -> None:
        self._core = core
        self.calls = Calls(core.book, core.keys.index, self._answer)

    async def _answer(self, record: str) -> bytes | None:
        """What the call with that record answered, as it left; None where it is erased or was not kept."""
        reader = self._core.reader
        close = await reader.close_of(record)
        kept = await reader.payload(close, "out") if close is not None else None
        return kept[1] if kept is not None else None

    async def run(self) -> None:
        """For as long as the service runs: let go of the rows whose time is over."""
        while True:
            await asyncio.sleep(EVERY_S)
            try:
                unit = self.calls.sweep(self._core.now)
                if unit is not None:
                    await self._core.ledger.commit(unit)
            except AnswerableError as error:  # a call that began anew meanwhile, or a ledger that is full: next time
                log.debug("calls were not swept: %s", error.code)
            except Exception:  # a defect of one slice does not end the letting go of all others
                log.exception("calls were not swept")
