# SPDX-License-Identifier: Apache-2.0
"""Search tags of what was erased or has expired leave every file beside the log's thread: writing each page of their
index anew takes seconds where there are millions, and no stop order waits for it (`docs/howto/erase-and-hold.md`)."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from typing import Final

from answerable.errors import AnswerableError, Unavailable
from answerable.ports import Store

_log: Final = logging.getLogger("answerable.sequencer")


class Tidying:
    """One thread, for one open store. Used on one event loop."""

    def __init__(self, store: Store) -> None:
        self._store = store
        self._thread = ThreadPoolExecutor(1, thread_name_prefix="tidying")
        self._due: asyncio.Task[None] | None = None
        self._again = False
        self._closed = False

    async def tidy(self, rids: Sequence[str]) -> None:
        """`Store.tidy`, after what is under way. Raises Unavailable ``store.*``, ``log.stopped``."""
        if self._closed:
            raise Unavailable("log.stopped", detail="closed")
        try:
            await asyncio.get_running_loop().run_in_executor(self._thread, self._store.tidy, rids)
        except AnswerableError as error:
            _log.error("search tags were not taken out of their file: %s", error)
            raise

    def swept(self) -> None:
        """Something expired: its tags go soon; what fails is done with the next that go."""
        self._again = True
        if self._due is None and not self._closed:
            self._due = asyncio.get_running_loop().create_task(self._soon())

    async def _soon(self) -> None:
        try:
            while self._again and not self._closed:
                self._again = False
                try:
                    await self.tidy(())
                except AnswerableError:
                    return
                except Exception:  # noqa: BLE001  # a defect here must not end the log
                    _log.exception("taking search tags out met a defect")
                    return
        finally:
            self._due = None

    async def close(self) -> None:
        """Wait for what is under way; from here on nothing uses the store."""
        self._closed = True
        if self._due is not None:
            await asyncio.wait([self._due])
        await asyncio.to_thread(self._thread.shutdown)
