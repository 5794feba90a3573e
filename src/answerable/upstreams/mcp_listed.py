# SPDX-License-Identifier: Apache-2.0
"""What a tool server lists, as its adapters keep it: the newest list, or nothing where none could be had."""

from __future__ import annotations

import asyncio
import contextlib
import logging
from collections.abc import Awaitable, Callable
from typing import Final

from answerable.errors import AnswerableError, Unavailable
from answerable.model.tools import Definition

# A server that says each second that its list has changed is asked no more often than this, seconds.
PAUSE_S: Final = 1.0
RETRY_S: Final = 6.0  # after one that gave no list

_log = logging.getLogger("answerable.upstreams.mcp")

Listing = tuple[tuple[Definition, ...], tuple[tuple[str, str], ...]]


class Listed:
    """fetch: asks the server. Everything that it raises leaves an empty list: what nobody lists nobody calls."""

    def __init__(self, name: str, fetch: Callable[[], Awaitable[Listing]], every_s: float) -> None:
        self.name = name
        self.refused: tuple[tuple[str, str], ...] = ()
        self._fetch = fetch
        self._every_s = every_s
        self._by_name: dict[str, Definition] = {}
        self._lock = asyncio.Lock()
        self._changed = asyncio.Event()
        self._keeper: asyncio.Task[None] | None = None
        self.error: AnswerableError | None = None

    @property
    def definitions(self) -> tuple[Definition, ...]:
        return tuple(self._by_name.values())

    def get(self, name: str) -> Definition | None:
        return self._by_name.get(name)

    async def refresh(self) -> None:
        """Raises Unavailable ``upstream.*``. Whatever goes wrong, the list is forgotten: an old one that stands on
        would hide that the server describes its tools otherwise now."""
        async with self._lock:
            try:
                found, refused = await self._fetch()
                by_name = {definition.name: definition for definition in found}
            except AnswerableError as error:
                self.forget(error)
                raise
            except Exception as error:  # noqa: BLE001  what a server makes of its list must not end the watcher
                # Made of what a server sent, so its text may hold anything: the kind of it alone is told.
                _log.error("the list of %s could not be read: %s", self.name, type(error).__name__)
                failed = Unavailable("upstream.broken", what="a list that could not be read")
                self.forget(failed)
                raise failed from None
            self._by_name, self.refused = by_name, refused
            self.error = None

    def forget(self, error: AnswerableError | None = None) -> None:
        """The server is away or has ended: another one may answer in its place."""
        self._by_name = {}
        self.refused = ()
        self.error = error

    def changed(self) -> None:
        """The server says that its list is another one now."""
        self._changed.set()

    def keep(self) -> None:
        """Ask again and again, and when the server says so, until `close`."""
        if self._keeper is None:
            self._keeper = asyncio.create_task(self._keep())

    async def close(self) -> None:
        if self._keeper is not None:
            self._keeper.cancel()
            await asyncio.gather(self._keeper, return_exceptions=True)
            self._keeper = None
        self.forget()

    async def _keep(self) -> None:
        while True:
            with contextlib.suppress(TimeoutError):
                async with asyncio.timeout(min(self._every_s, RETRY_S) if self.error else self._every_s):
                    await self._changed.wait()
            self._changed.clear()
            try:
                await self.refresh()
            except AnswerableError as error:
                _log.warning("%s does not list its tools: %s", self.name, error.code)
            await asyncio.sleep(PAUSE_S)
