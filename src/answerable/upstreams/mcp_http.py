# SPDX-License-Identifier: Apache-2.0
"""A tool server over streamable HTTP (MCP 2026-07-28 and 2025-11-25, basic/transports), with a credential of the gate's
own. The caller's headers and credential never go there.

A call that was sent is never repeated, whatever becomes of its answer. Before anything is sent the error is
``upstream.unreachable`` or ``upstream.busy``; ``upstream.rejected`` and ``upstream.credentials`` are the server's own
word that it did nothing; after any other error nobody knows.
"""

from __future__ import annotations

import asyncio
import contextlib
import ssl
from collections.abc import Sequence
from typing import Any, Final

import msgspec

from answerable.errors import AnswerableError, Refused, Unavailable
from answerable.model.terms import Locality
from answerable.model.tools import Definition
from answerable.net.endpoint import parse
from answerable.net.limits import MAX_ERROR_BODY, Limits
from answerable.net.pool import Exchange, Pool, head, request
from answerable.net.sse import Parser
from answerable.upstreams import mcp_headers
from answerable.upstreams.mcp_listed import Listed, Listing
from answerable.upstreams.mcp_reply import Whole, read_call
from answerable.upstreams.mcp_session import (
    AUTO,
    CALL,
    LIST_CHANGED,
    LISTEN,
    Answer,
    Asked,
    Notice,
    Session,
    broken,
    error_of,
    list_tools,
    open_session,
)
from answerable.upstreams.reach import reachable

JSON: Final = "application/json"
EVENTS: Final = "text/event-stream"
MAX_SESSION: Final = 1_024  # characters of a session's id
MAX_ANSWER: Final = 8 << 20  # bytes of one answer of a tool
OPEN_S: Final = 20.0  # to find out what the server speaks, and to list its tools
GOODBYE_S: Final = 2.0
LISTEN_PAUSE_S: Final = 5.0
# The client's own methods on the wire may be answered late; a stream that tells of changes says nothing for hours.
LISTEN_SILENCE_S: Final = 3_600.0
_TAKES: Final = f"{JSON}, {EVENTS}"
AUTHORISATION: Final = frozenset({401, 402, 403, 407})


class McpHttp:
    """`ports.ToolServer` at one address.

    url: of the MCP endpoint. secret: what the gate alone has, sent in `header` (as ``Bearer`` in ``authorization``).
    revision: ``auto`` or the one that is spoken. call_s: within which a call is answered whole. Raises Refused
    ``upstream.address``.
    """

    def __init__(
        self,
        name: str,
        url: str,
        *,
        locality: Locality,
        secret: str = "",
        header: str = "authorization",
        revision: str = AUTO,
        limits: Limits | None = None,
        tls: ssl.SSLContext | None = None,
        call_s: float = 60.0,
        list_every_s: float = 60.0,
    ) -> None:
        self.name = name
        self.locality = locality
        self._limits = limits or Limits(body=MAX_ANSWER)
        self._tls = tls
        self._url = url
        self._call_s = call_s
        self.pool = Pool(parse(url), name, self._limits, tls)
        self._listening = Pool(
            parse(url), name, Limits(connections=1, head=OPEN_S, silence=LISTEN_SILENCE_S, body=1 << 30), tls
        )
        self._path = "/" if url.endswith("/") or not self.pool.endpoint.path else ""
        self._own: tuple[tuple[str, str], ...] = ()
        if secret:
            self._own = ((header.lower(), f"Bearer {secret}" if header.lower() == "authorization" else secret),)
        self._session = Session(revision)
        self._token = ""  # the session's id, where the server gave one
        self._open = False
        self._opening = asyncio.Lock()
        self._listed = Listed(name, self._list, list_every_s)
        self._mirrors: dict[str, mcp_headers.Mirrors] = {}
        self._tasks: set[asyncio.Task[None]] = set()
        try:
            head("POST", "", self.pool.endpoint, self._own)
        except ValueError:
            raise Refused("upstream.address", url="(its secret or a header)") from None

    async def start(self) -> None:
        """List the tools, and keep the list. A server that is away is asked again; calls are refused meanwhile."""
        with contextlib.suppress(AnswerableError):
            await self._listed.refresh()
        self._listed.keep()
        self._task(self._listen())

    @property
    def error(self) -> AnswerableError | None:
        """Why there is no list of its tools, None while there is one."""
        return self._listed.error

    def definitions(self) -> Sequence[Definition]:
        return self._listed.definitions

    def definition(self, name: str) -> Definition | None:
        return self._listed.get(name)

    def refused(self) -> Sequence[tuple[str, str]]:
        return self._listed.refused

    async def refresh(self) -> None:
        await self._listed.refresh()

    async def reachable(self, within_s: float) -> bool:
        """Whether the server takes a connection now, asked without a call."""
        return await reachable(self.pool.endpoint, self._tls, within_s)

    async def call(self, path: str, body: bytes, *, stream: bool, kind: str = JSON) -> Whole:
        """See `ports.ToolServer`. Raises Refused ``upstream.rejected``, ``tool.envelope``; Unavailable
        ``upstream.*``."""
        if path != CALL:
            raise Refused("upstream.rejected", status=404, detail="no detail")
        said = read_call(body)
        if self.definition(said.name) is None:  # forgotten since it was judged: nobody knows what it is now
            raise Unavailable("upstream.unreachable", upstream=self.name)
        mirrored = self._mirrors.get(said.name, ())
        further = mcp_headers.values(mirrored, msgspec.json.decode(said.arguments)) if mirrored else ()
        try:
            await self._opened()
        except AnswerableError:
            raise Unavailable("upstream.unreachable", upstream=self.name) from None
        try:
            async with asyncio.timeout(self._call_s):
                answer = await self._ask(CALL, body, said.name, further)
        except TimeoutError:
            raise Unavailable("upstream.timeout") from None
        return Whole(answer.body)

    async def answers_anyone(self) -> bool | None:
        """Whether the server lists its tools to who shows no credential: then it can be called round the gate. None
        where that could not be found out."""
        stranger = McpHttp(self.name, self._url, locality=self.locality, limits=self._limits, tls=self._tls)
        try:
            async with asyncio.timeout(OPEN_S):
                await stranger.refresh()
        except (Refused, TimeoutError):
            return None
        except Unavailable as error:
            return False if error.code == "upstream.credentials" else None
        finally:
            await stranger.close()
        return True

    async def close(self) -> None:
        for task in tuple(self._tasks):
            task.cancel()
        await asyncio.gather(*self._tasks, return_exceptions=True)
        await self._listed.close()
        if self._token:
            with contextlib.suppress(AnswerableError, TimeoutError):
                async with asyncio.timeout(GOODBYE_S):
                    (await self._send(self.pool, "DELETE", b"", ())).close()
        await self._listening.close()
        await self.pool.close()

    async def _list(self) -> Listing:
        try:
            async with asyncio.timeout(OPEN_S):
                await self._opened()
                found, refused = await list_tools(self._asked_now)
        except TimeoutError:
            raise Unavailable("upstream.timeout") from None
        except Refused as error:
            raise Unavailable("upstream.failed", status=error.params.get("status", 0)) from None
        kept: list[Definition] = []
        mirrors: dict[str, mcp_headers.Mirrors] = {}
        for definition in found:
            try:
                if mirrored := mcp_headers.mirrors(definition):
                    mirrors[definition.name] = mirrored
                kept.append(definition)
            except Refused as error:
                refused = (*refused, (definition.name, error.code))
        self._mirrors = mirrors
        return tuple(kept), refused

    async def _opened(self) -> None:
        """Raises Unavailable ``upstream.*``, Refused ``upstream.rejected``."""
        if self._open:
            return
        async with self._opening:
            if not self._open:
                self._token = ""
                await open_session(self._session, self._asked_now, self._tell)
                self._open = True

    async def _asked_now(self, method: str, params: bytes) -> Answer:
        return await self._ask(method, params)

    async def _ask(
        self, method: str, params: bytes, name: str = "", further: tuple[tuple[str, str], ...] = ()
    ) -> Answer:
        """Send one request and take its answer whole."""
        number, message = self._session.request(method, params)
        token = self._token
        exchange = await self._send(self.pool, "POST", message, self._told(method, name, further))
        try:
            if exchange.status == 200:
                return await self._answer(exchange, number, method)
            return await self._failure(exchange, token, number)
        finally:
            exchange.close()

    async def _answer(self, exchange: Exchange, number: int, method: str) -> Answer:
        if method == "initialize":
            self._token = _token(exchange.headers.get(b"mcp-session-id", b""))
        if exchange.content_type == JSON:
            message = self._session.take(await exchange.whole(MAX_ANSWER + 1))
            if not isinstance(message, Answer) or message.id != number:
                broken("an answer to nothing that was asked")
            return message
        if exchange.content_type != EVENTS:
            broken("another content type than was asked for")
        events = Parser(MAX_ANSWER)
        while data := await exchange.read():
            for event in events.feed(data):
                if not event.data:
                    continue  # primes a client to come back; we never ask twice
                message = self._session.take(event.data)
                if isinstance(message, Answer):
                    if message.id != number:
                        broken("an answer to nothing that was asked")
                    return message
                self._noted(message)
        raise Unavailable("upstream.truncated")

    async def _failure(self, exchange: Exchange, token: str, number: int) -> Answer:
        """A status that is not 200. Servers of 2026-07-28 tell errors of JSON-RPC so; all else is raised."""
        status = exchange.status
        if status == 404 and token and token == self._token:
            self._open = False  # the session has ended: the next call opens another, this one is not sent again
        elif 400 <= status < 500 and exchange.content_type == JSON:
            error = error_of(await exchange.whole(MAX_ERROR_BODY), number)
            if error is not None and status not in AUTHORISATION:
                return Answer(number, b"", error)
        if status in AUTHORISATION:
            raise Unavailable("upstream.credentials", status=status)
        if 400 <= status < 500:
            raise Refused("upstream.rejected", status=status, detail="no detail")  # its words may hold anything
        raise Unavailable("upstream.failed", status=status)

    async def _tell(self, method: str, params: bytes) -> None:
        exchange = await self._send(
            self.pool, "POST", self._session.notification(method, params), self._told(method, "", ())
        )
        try:
            if exchange.status not in (200, 202, 204):
                raise Unavailable("upstream.failed", status=exchange.status)
            await exchange.whole(MAX_ERROR_BODY)
        finally:
            exchange.close()

    def _told(self, method: str, name: str, further: tuple[tuple[str, str], ...]) -> tuple[tuple[str, str], ...]:
        made: list[tuple[str, str]] = [("content-type", JSON)]
        if self._session.version:
            made.append(("mcp-protocol-version", self._session.version))
        if self._session.stateless:
            made.append(("mcp-method", method))
            if name:
                made.append(("mcp-name", mcp_headers.encoded(name)))
            made.extend(further)
        return tuple(made)

    async def _send(
        self, pool: Pool, verb: str, body: bytes, told: tuple[tuple[str, str], ...], takes: str = _TAKES
    ) -> Exchange:
        """What was sent and not answered is never ``upstream.unreachable``: that word is for what was not sent."""
        session = (("mcp-session-id", self._token),) if self._token else ()
        try:
            first = head(
                verb,
                self._path,
                pool.endpoint,
                (
                    ("accept", takes),
                    ("accept-encoding", "identity"),
                    ("user-agent", "answerable"),
                    *told,
                    *session,
                    *self._own,
                ),
            )
        except ValueError:
            raise Refused("tool.malformed", detail="a value that no header can hold") from None
        connection = pool.idle() or await pool.connection()
        try:
            connection.request(request(first, body))
            await connection.head()
        except Unavailable as error:
            connection.close()
            raise Unavailable("upstream.truncated") if error.code == "upstream.unreachable" else error from None
        except BaseException:
            connection.close()
            raise
        return Exchange(pool, connection)

    def _noted(self, message: Notice | Asked | Answer) -> None:
        if isinstance(message, Notice):
            if message.method == LIST_CHANGED:
                self._listed.changed()
        elif isinstance(message, Asked) and not self._session.stateless and len(self._tasks) < 8:
            self._task(self._reply(message.reply))

    async def _reply(self, reply: bytes) -> None:
        with contextlib.suppress(AnswerableError):
            exchange = await self._send(self.pool, "POST", reply, self._told("", "", ()))
            exchange.close()

    async def _listen(self) -> None:
        """Keep the stream open on which the server tells of changes to its list, where it says that it does."""
        while True:
            await asyncio.sleep(LISTEN_PAUSE_S if self._open else min(1.0, LISTEN_PAUSE_S))
            if not self._open or not self._session.changes:
                continue
            with contextlib.suppress(AnswerableError):
                await self._heard()

    async def _heard(self) -> None:
        if self._session.stateless:
            _, message = self._session.request("subscriptions/listen", LISTEN)
            exchange = await self._send(self._listening, "POST", message, self._told("subscriptions/listen", "", ()))
        else:
            exchange = await self._send(self._listening, "GET", b"", self._told("", "", ())[1:], EVENTS)
        try:
            if exchange.status != 200 or exchange.content_type != EVENTS:
                self._session.changes = exchange.status not in (404, 405)  # it offers no such stream
                return
            events = Parser()
            while data := await exchange.read():
                for event in events.feed(data):
                    if event.data:
                        self._noted(self._session.take(event.data))
        finally:
            exchange.close()

    def _task(self, work: Any) -> None:
        task: asyncio.Task[None] = asyncio.create_task(work)
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)


def _token(value: bytes) -> str:
    """Visible ASCII of a bounded length, or "": it goes into a header again."""
    text = value.decode("latin-1")
    return text if len(text) <= MAX_SESSION and all(0x21 <= ord(char) <= 0x7E for char in text) else ""
