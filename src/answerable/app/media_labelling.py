# SPDX-License-Identifier: Apache-2.0
"""`ports.MediaLabeller` over child processes (`app.media_child`): what upstreams send is not decoded where the log's
keys are. A process that takes too long, or whose work nobody waits for any more, is killed, and the next call has
another."""

from __future__ import annotations

import asyncio
import contextlib
import os
import sys
from asyncio.subprocess import PIPE, Process
from collections.abc import Awaitable, Callable
from typing import Final

import msgspec

from answerable.app.media_child import LENGTH, MAX_MESSAGE, Done, Job, Order, framed
from answerable.errors import Refused, Unavailable
from answerable.formats.detect import HEAD, KINDS
from answerable.model.labels import Label
from answerable.model.media import LabelledMedium

WORKERS: Final = 2
WITHIN_S: Final = 60.0
_COMMAND: Final = (sys.executable, "-m", "answerable.app.media_child")
# What a process needs of this one's environment; secrets are often kept there.
_PASSED: Final = ("PATH", "LANG", "LC_ALL", "HOME", "TMPDIR", "VIRTUAL_ENV", "PYTHONPATH")
# Every file is a text; and nearly any bytes may begin a frame of bare MP3: found by chance in what is no sound at all.
_TEXT: Final = frozenset({"text"})
_BY_CHANCE: Final = _TEXT | {"mp3"}


class ChildLabeller:
    """order: who labels; pin: called before each label, so that the key stands in the registry; what it raises refuses
    the action; workers: processes at once."""

    def __init__(
        self,
        order: Order,
        pin: Callable[[], Awaitable[None]] | None = None,
        *,
        workers: int = WORKERS,
        within_s: float = WITHIN_S,
    ) -> None:
        self._order = order
        self._pin = pin
        self._within_s = within_s
        self._free: list[Process] = []
        self._closed = False
        self._places = asyncio.Semaphore(workers)

    def kind(self, data: bytes, *, must: bool) -> str:
        """See ports.MediaLabeller."""
        head, passed = data[:HEAD], (_TEXT if must else _BY_CHANCE)
        return next((kind.name for kind in KINDS if kind.name not in passed and kind.sniff(head)), "")

    async def label(
        self, data: bytes, label: Label, *, agent: tuple[str, str] = ("", ""), original: bytes = b""
    ) -> LabelledMedium:
        """See ports.MediaLabeller."""
        if self._pin is not None:
            await self._pin()
        job = Job(
            data=data,
            record=label.record,
            system=label.system,
            party=label.party,
            language=label.language,
            seen=label.seen,
            human=bool(label.notice),
            agent=agent,
            original=original,
        )
        message = msgspec.msgpack.encode(job)
        if len(message) > MAX_MESSAGE // 2:
            raise Refused("label.media", detail=f"larger than {MAX_MESSAGE // 2} bytes")
        async with self._places:
            done = await self._do(message)
        if done.made is not None:
            return done.made
        if done.code == "label.extra":
            raise Unavailable(done.code, extra=done.detail)
        raise Refused("label.media", detail=done.detail)

    async def close(self) -> None:
        """End the processes; one that still works ends with its work."""
        self._closed = True
        while self._free:
            await _end(self._free.pop())

    async def _do(self, message: bytes) -> Done:
        try:
            async with asyncio.timeout(self._within_s):
                process = self._free.pop() if self._free else await self._start()
                try:
                    answer = await _ask(process, message)
                except BaseException:
                    await asyncio.shield(_end(process))
                    raise
        except TimeoutError:
            raise Refused("label.media", detail=f"it took longer than {self._within_s:g} s") from None
        except (OSError, EOFError):
            raise Unavailable("label.worker", detail="it ended while it worked") from None
        if self._closed:
            await _end(process)
        else:
            self._free.append(process)
        return msgspec.msgpack.decode(answer, type=Done)

    async def _start(self) -> Process:
        environment = {name: value for name in _PASSED if (value := os.environ.get(name)) is not None}
        process = await asyncio.create_subprocess_exec(*_COMMAND, stdin=PIPE, stdout=PIPE, env=environment)
        try:
            await _say(process, msgspec.msgpack.encode(self._order))
        except BaseException:
            await asyncio.shield(_end(process))
            raise
        return process


async def _say(process: Process, data: bytes) -> None:
    if process.stdin is None:
        raise EOFError
    process.stdin.write(framed(data))
    await process.stdin.drain()


async def _ask(process: Process, message: bytes) -> bytes:
    await _say(process, message)
    if process.stdout is None:
        raise EOFError
    size = int.from_bytes(await process.stdout.readexactly(LENGTH))
    if size > MAX_MESSAGE:
        raise EOFError
    return await process.stdout.readexactly(size)


async def _end(process: Process) -> None:
    with contextlib.suppress(ProcessLookupError):
        process.kill()
    await process.wait()
