# SPDX-License-Identifier: Apache-2.0
"""What a quorum of witnesses has cosigned, kept durably, and who waits for it (`log.md`: acknowledgement by tier).

Who asks the witnesses is `answerable.witness`; it is told by `demanded` that somebody waits.
"""

from __future__ import annotations

import asyncio
import logging
from asyncio import Future
from pathlib import Path
from typing import Final

from answerable import durable
from answerable.errors import Unavailable, VerificationError
from answerable.log.note import merged, parse
from answerable.log.trust import NONE, Judged, Trust
from answerable.ports import Clock

TIMEOUT_S: Final = 10.0
FILE: Final = "cosigned"
_log = logging.getLogger("answerable.sequencer")


class Quorum:
    """Used on one event loop.

    note: the newest checkpoint that a quorum cosigned, b"" for none; size: its leaves; demanded: set when somebody
    waits, cleared by whoever asks the witnesses.
    """

    def __init__(self, folder: Path, trust: Trust, clock: Clock, *, timeout_s: float = TIMEOUT_S) -> None:
        """folder: where the newest note is kept (the guard's: on another path than the store). trust: this log's keys
        and its policy; timeout_s: how long a unit waits. Raises Unavailable ``store.unguarded`` if what is there cannot
        be read, ValueError for a policy whose quorum is nobody."""
        if trust.quorum == NONE:
            raise ValueError("a quorum of nobody")
        self.trust = trust
        self.demanded = asyncio.Event()
        self.note = b""
        self.size = 0
        self._path = folder / FILE
        self._clock = clock
        self._timeout = timeout_s
        self._cosigned: dict[str, int] = {}
        self._waiting: dict[Future[None], int] = {}
        self._writing = asyncio.Lock()
        self.kept = self._read()
        if self.kept:
            try:
                self._show(trust.judge(self.kept), self.kept)
            except VerificationError as error:
                # Another policy than the one it was gathered under; it still tells what this log once showed.
                _log.warning("the cosigned checkpoint that was kept does not meet the policy: %s", error.code)

    @property
    def age_s(self) -> float | None:
        """Seconds since a quorum last cosigned anything; None if none ever did."""
        return max(0.0, self._clock.now_ms() / 1000 - self.trust.as_of(self._cosigned)) if self.note else None

    def knows(self, witness: str) -> int:
        """Leaves that the witness has seen at the least, by its own signature."""
        return self.size if witness in self._cosigned else 0

    def demand(self) -> None:
        """Ask the witnesses at once."""
        self.demanded.set()

    async def covers(self, size: int) -> None:
        """Return when a quorum cosigned a checkpoint over at least `size` leaves. Raises Unavailable
        ``log.unwitnessed`` when that takes too long."""
        if self.size >= size:
            return
        waiter: Future[None] = asyncio.get_running_loop().create_future()
        self._waiting[waiter] = size
        self.demand()
        try:
            async with asyncio.timeout(self._timeout):
                await waiter
        except TimeoutError:
            detail = f"{self.size} of {size} records are cosigned after {self._timeout:g} s"
            raise Unavailable("log.unwitnessed", detail=detail) from None
        finally:
            del self._waiting[waiter]

    async def keep(self, note: bytes) -> bool:
        """Keep a cosigned checkpoint, durably, then let those go on who waited for it. Returns whether it was news.
        Raises VerificationError ``log.*`` if the policy is not met, Unavailable ``store.unguarded``."""
        judged = self.trust.judge(note)
        async with self._writing:
            older = judged.checkpoint.size < self.size
            known = judged.checkpoint.size == self.size and all(
                self._cosigned.get(name, -1) >= time for name, time in judged.cosigned.items()
            )
            if older or known:
                return False
            if judged.checkpoint.size == self.size:
                # Who cosigned it before stays.
                note = merged(parse(self.note), judged.note.signatures).data
                judged = self.trust.judge(note)
            await asyncio.to_thread(self._write, note)
            self._show(judged, note)
        return True

    def _show(self, judged: Judged, note: bytes) -> None:
        self.note, self.size, self._cosigned = note, judged.checkpoint.size, dict(judged.cosigned)
        for waiter, size in self._waiting.items():
            if size <= self.size and not waiter.done():
                waiter.set_result(None)

    def _read(self) -> bytes:
        try:
            return self._path.read_bytes()
        except FileNotFoundError:
            return b""
        except OSError as error:
            raise Unavailable("store.unguarded", path=str(self._path), detail=error.strerror or "I/O error") from None

    def _write(self, note: bytes) -> None:
        try:
            durable.replace(self._path, note)
        except OSError as error:
            raise Unavailable("store.unguarded", path=str(self._path), detail=error.strerror or "I/O error") from None
