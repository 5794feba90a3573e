# SPDX-License-Identifier: Apache-2.0
"""A tool server in a child process, over its standard input and output (MCP 2026-07-28 and 2025-11-25, stdio): one
JSON-RPC message a line.

Its environment is empty but for what the configuration names. It lives no longer than the gateway: its group is killed
when it is closed or a stop order reaches it, and the kernel kills it when the gateway dies. One that ends is started
again, unless an order stands; what it had been asked and did not answer has an unknown outcome, and is not asked again.
A line that is no message fails what it claims to answer, and nothing else, up to a bound.
"""

from __future__ import annotations

import asyncio
import contextlib
import logging
import os
import signal
import sys
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import Final

from answerable.errors import AnswerableError, Refused, Unavailable
from answerable.model.terms import Locality
from answerable.model.tools import Definition
from answerable.upstreams.mcp_listed import Listed, Listing
from answerable.upstreams.mcp_reply import Whole, read_call
from answerable.upstreams.mcp_session import (
    AUTO,
    CALL,
    LIST_CHANGED,
    LISTEN,
    Answer,
    Asked,
    Session,
    broken,
    list_tools,
    open_session,
)
from answerable.upstreams.mcp_strays import Strays, claimed
from answerable.upstreams.process import descendants, identity

MAX_LINE: Final = 8 << 20  # bytes of one message
OPEN_S: Final = 30.0  # to start, shake hands and list: interpreters are slow to start on a busy machine
DISCOVER_S: Final = 10.0  # a server of the sessions' revision may not answer what it does not know at all
TAKE_S: Final = 10.0  # to take a message: one that does not read is as good as gone
FLOOD: Final = 10_000  # messages within a second that nobody asked for
END_S: Final = 3.0
RESTART_S: Final = 5.0  # a server that dies at once must not be started in a circle

_log = logging.getLogger("answerable.upstreams.mcp")


class McpStdio:
    """`ports.ToolServer` over a child process.

    command: the program by its full path, and its arguments; no shell reads it. environment: all that it sees of one.
    flights: calls at the same time; more are refused (``upstream.busy``). call_s: within which a call is answered.
    order: the stop order in force that reaches it, "" while none does; none is started while one stands.
    """

    locality = Locality.LOCAL

    def __init__(
        self,
        name: str,
        command: Sequence[str],
        *,
        environment: Mapping[str, str],
        directory: str = "/",
        revision: str = AUTO,
        flights: int = 64,
        call_s: float = 60.0,
        list_every_s: float = 60.0,
        order: Callable[[], str] = lambda: "",
    ) -> None:
        if not command or not Path(command[0]).is_absolute():
            raise Refused("config.value", detail=f"servers.{name}.command: not a program by its full path")
        self.name = name
        self._command = tuple(command)
        self._environment = dict(environment)
        self._directory = directory
        self._flights = flights
        self._call_s = call_s
        self._order = order
        self._session = Session(revision)
        self._child: asyncio.subprocess.Process | None = None
        self._killed: asyncio.subprocess.Process | None = None
        self._waiting: dict[int, asyncio.Future[Answer]] = {}
        self._open = False
        self._opening = asyncio.Lock()
        self._again = 0.0  # loop time before which it is not started again
        self._ended = False
        self._readers: list[asyncio.Task[None]] = []
        self.strays = Strays(name)
        self._listed = Listed(name, self._list, list_every_s)

    @property
    def process(self) -> str:
        """``pid:…`` of the child, "" while none runs."""
        return identity(self._child.pid) if self._child is not None and self._child.returncode is None else ""

    @property
    def error(self) -> AnswerableError | None:
        """Why there is no list of its tools, None while there is one."""
        return self._listed.error

    async def start(self) -> None:
        """Start the child and list its tools, and go on trying where that fails."""
        with contextlib.suppress(AnswerableError):
            await self._listed.refresh()
        self._listed.keep()

    def definitions(self) -> Sequence[Definition]:
        return self._listed.definitions

    def definition(self, name: str) -> Definition | None:
        return self._listed.get(name)

    def refused(self) -> Sequence[tuple[str, str]]:
        return self._listed.refused

    async def refresh(self) -> None:
        await self._listed.refresh()

    async def reachable(self, within_s: float) -> bool:
        """Whether the child runs and has said what it speaks."""
        return self._open and self._child is not None and self._child.returncode is None

    async def call(self, path: str, body: bytes, *, stream: bool, kind: str = "application/json") -> Whole:
        """See `ports.ToolServer`."""
        if path != CALL:
            raise Refused("upstream.rejected", status=404, detail="no detail")
        if self.definition(read_call(body).name) is None:  # another child than the one that listed it may be there
            raise Unavailable("upstream.unreachable", upstream=self.name)
        if len(self._waiting) >= self._flights:
            raise Unavailable("upstream.busy", upstream=self.name)
        try:
            await self._opened()
        except AnswerableError:
            raise Unavailable("upstream.unreachable", upstream=self.name) from None
        return Whole((await self._ask(CALL, body, self._call_s)).body)

    def halt(self) -> None:
        """Kill the child now where a stop order reaches it, with all that it started: no word of the protocol is an
        order to it. `Listed` asks on, so that it runs again when the order ends."""
        if self._child is not None and self._child is not self._killed and self._order():
            self._gone(self._child, Unavailable("upstream.truncated"))

    async def close(self) -> None:
        self._ended = True
        await self._listed.close()
        await self._end(Unavailable("upstream.unreachable", upstream=self.name))

    async def _list(self) -> Listing:
        try:
            async with asyncio.timeout(OPEN_S):
                await self._opened()
                return await list_tools(self._asked_now)
        except TimeoutError:
            raise Unavailable("upstream.timeout") from None

    async def _opened(self) -> None:
        """Raises Unavailable ``upstream.*``, Refused ``stop.system``."""
        self._allowed()
        if self._open and self._child is not None and self._child.returncode is None:
            return
        async with self._opening:
            if self._open and self._child is not None and self._child.returncode is None:
                return
            loop = asyncio.get_running_loop()
            if self._ended or loop.time() < self._again:
                raise Unavailable("upstream.unreachable", upstream=self.name)
            self._again = loop.time() + RESTART_S
            await self._end(Unavailable("upstream.truncated"))
            try:
                async with asyncio.timeout(OPEN_S):
                    await self._spawn()
                    self._allowed()  # an order that came meanwhile found no child to end
                    await open_session(self._session, self._probed, self._tell)
                    if self._session.stateless and self._session.changes:
                        await self._write(self._session.request("subscriptions/listen", LISTEN)[1])
            except BaseException as error:
                self.halt()
                await self._end(Unavailable("upstream.truncated"))
                if isinstance(error, TimeoutError):
                    raise Unavailable("upstream.timeout") from None
                raise
            self._open = True

    def _allowed(self) -> None:
        if order := self._order():
            raise Refused("stop.system", order=order)

    async def _spawn(self) -> None:
        try:
            self._child = child = await asyncio.create_subprocess_exec(
                sys.executable,
                "-I",
                "-m",
                "answerable.upstreams.mcp_child",
                str(os.getpid()),
                *self._command,
                stdin=asyncio.subprocess.PIPE,
                stdout=asyncio.subprocess.PIPE,
                stderr=asyncio.subprocess.PIPE,
                limit=MAX_LINE,
                env=self._environment,
                cwd=self._directory,
                start_new_session=True,
            )
        except OSError:
            raise Unavailable("upstream.unreachable", upstream=self.name) from None
        self._readers = [asyncio.create_task(self._read(child)), asyncio.create_task(self._overhear(child))]

    async def _probed(self, method: str, params: bytes) -> Answer:
        """While it is found out what the server speaks: one that is silent to what it does not know is of the revision
        with sessions."""
        if method != "server/discover":
            return await self._ask(method, params, OPEN_S)
        try:
            return await self._ask(method, params, DISCOVER_S)
        except Unavailable as error:
            if error.code != "upstream.timeout":
                raise
            return Answer(0, b"", b'{"code":0,"message":""}')

    async def _asked_now(self, method: str, params: bytes) -> Answer:
        return await self._ask(method, params, OPEN_S)

    async def _ask(self, method: str, params: bytes, within_s: float) -> Answer:
        number, message = self._session.request(method, params)
        answer: asyncio.Future[Answer] = asyncio.get_running_loop().create_future()
        self._waiting[number] = answer
        try:
            await self._write(message)
            async with asyncio.timeout(within_s):
                return await answer
        except TimeoutError:
            self._cancel(number)
            raise Unavailable("upstream.timeout") from None
        except asyncio.CancelledError:
            self._cancel(number)
            raise
        finally:
            self._waiting.pop(number, None)

    async def _tell(self, method: str, params: bytes) -> None:
        await self._write(self._session.notification(method, params))

    async def _write(self, message: bytes) -> None:
        child = self._child
        if child is None or child.stdin is None or child.stdin.is_closing():
            raise Unavailable("upstream.unreachable", upstream=self.name)  # nothing was written
        child.stdin.write(message + b"\n")
        try:
            async with asyncio.timeout(TAKE_S):
                await child.stdin.drain()
        except TimeoutError:
            raise Unavailable("upstream.timeout") from None
        except OSError:
            raise Unavailable("upstream.truncated") from None

    def _cancel(self, number: int) -> None:
        """Tell the server that nobody waits any more. It may have done it already."""
        child = self._child
        if child is not None and child.stdin is not None and not child.stdin.is_closing():
            with contextlib.suppress(OSError):
                child.stdin.write(
                    self._session.notification("notifications/cancelled", b'{"requestId":%d}' % number) + b"\n"
                )

    async def _read(self, child: asyncio.subprocess.Process) -> None:
        """Every line of the child, until it ends, or sends too much of what is no message."""
        error = Unavailable("upstream.truncated")
        if child.stdout is None:
            self._gone(child, error)
            return
        loop = asyncio.get_running_loop()
        since, count = loop.time(), 0
        try:
            while line := await child.stdout.readline():
                count += 1
                if count % 100 == 0:
                    await asyncio.sleep(0)  # what it has written already must not keep others waiting
                    if loop.time() - since > 1:
                        since, count = loop.time(), 0
                    elif count > FLOOD:
                        broken("a flood")
                if not line.strip():
                    continue
                try:
                    message = self._session.take(line)
                except Unavailable as wrong:
                    self._astray(line, wrong, loop.time())
                    continue
                if isinstance(message, Answer):
                    waiter = self._waiting.get(message.id)
                    if waiter is not None and not waiter.done():
                        waiter.set_result(message)  # one that nobody waits for any more is passed over
                elif isinstance(message, Asked):
                    await self._write(message.reply)
                elif message.method == LIST_CHANGED:
                    self._listed.changed()
        except ValueError:
            error = Unavailable("upstream.oversized", limit=MAX_LINE)
        except Unavailable as raised:
            error = raised
        self._gone(child, error)

    async def _overhear(self, child: asyncio.subprocess.Process) -> None:
        """What it writes beside the protocol is counted and not kept: it may repeat what a caller said."""
        count = 0
        while child.stderr is not None and (data := await child.stderr.read(65_536)):
            count += len(data)
        if count:
            _log.info("%s wrote %d bytes beside the protocol", self.name, count)

    def _astray(self, line: bytes, error: Unavailable, now: float) -> None:
        """A line that is no message: nobody can rely on what it says, and who waits for it waits no longer. Raises
        Unavailable ``upstream.broken`` for one too many."""
        for number in claimed(line):
            waiter = self._waiting.get(number)
            if waiter is not None and not waiter.done():
                waiter.set_exception(error)
        self.strays.count(now)

    def _gone(self, child: asyncio.subprocess.Process, error: Unavailable) -> None:
        """The child ended, or said what is no message: another one may answer in its place."""
        if child is not self._child:
            return
        _log.error("the tool server %s ended: %s", self.name, error.code)
        self._open = False
        self._listed.forget(error)
        self._fail(error)
        _kill(child)
        self._killed = child
        self._listed.changed()  # starts it again, after a pause

    def _fail(self, error: AnswerableError) -> None:
        for waiter in self._waiting.values():
            if not waiter.done():
                waiter.set_exception(error)

    async def _end(self, error: AnswerableError) -> None:
        """Close its input, give it a moment, kill its group."""
        child, self._child = self._child, None
        self._open = False
        self._fail(error)
        if child is not None:
            if child.returncode is None and child.stdin is not None:
                child.stdin.close()
                with contextlib.suppress(TimeoutError):
                    async with asyncio.timeout(END_S):
                        await child.wait()
            if child is not self._killed:  # its number may be another's by now
                _kill(child)
            await child.wait()
        for reader in self._readers:
            reader.cancel()
        await asyncio.gather(*self._readers, return_exceptions=True)
        self._readers = []
        if child is not None:
            await _drained(child)


async def _drained(child: asyncio.subprocess.Process) -> None:
    """Take what it left in its pipes: one that nobody reads to its end is never let go of."""
    with contextlib.suppress(TimeoutError, ValueError, RuntimeError):
        async with asyncio.timeout(END_S):
            for stream in (child.stdout, child.stderr):
                while stream is not None and await stream.read(1 << 20):
                    pass


def _kill(child: asyncio.subprocess.Process) -> None:
    """The child, its group, and what it started outside of its group while it can still be found."""
    others = descendants(child.pid) if child.returncode is None else set()
    with contextlib.suppress(ProcessLookupError, PermissionError):
        os.killpg(child.pid, signal.SIGKILL)
    for pid in others:
        with contextlib.suppress(ProcessLookupError, PermissionError):
            os.kill(pid, signal.SIGKILL)
