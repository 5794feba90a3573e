# SPDX-License-Identifier: Apache-2.0
"""One connection that a client made: HTTP/1.1 (RFC 9112) on `asyncio.Protocol` and llhttp.

Requests are answered one after the other, in the order in which they came. Whatever two readers could understand
differently is refused: two lengths, a length beside chunks, codings, line breaks that are none, folded headers. Heads,
what stands around bodies, pipelined requests and connections have bounds; errors have our one shape. No connection has
a timer of its own: the listener's sweep looks at all of them.
"""

from __future__ import annotations

import asyncio
import hashlib
import resource
import ssl
from collections import Counter, deque
from functools import lru_cache
from typing import Any, Final, cast
from urllib.parse import unquote

import httptools
import msgspec

from answerable.errors import Refused
from answerable.model.warrants import Peer
from answerable.net.hosts import source
from answerable.net.request import Handler, Request

MAX_HEAD: Final = 65_536  # bytes of a request head; a warrant with 256 ancestors is under 8 kB
MAX_FIELDS: Final = 256  # headers of a request
MAX_PIPELINED: Final = 64  # requests of one connection that wait for their turn
HEAD_SECONDS: Final = 20.0  # from connection, or from the head's first byte, to its end
MAX_CONNECTIONS: Final = 2048
SHORT: Final = 64  # bytes of a target that is remembered: most callers ask the same few
AROUND: Final = 8  # bytes around each byte of a body: its chunk may be as small as one

_UNREADABLE = msgspec.json.encode({"error": Refused("request.unreadable", limit=MAX_HEAD).as_dict()})
_ANSWER_400 = (
    b"HTTP/1.1 400 Bad Request\r\ncontent-type: application/json\r\nconnection: close\r\ncontent-length: %d\r\n\r\n%b"
    % (len(_UNREADABLE), _UNREADABLE)
)
_NAME: Final = "request"  # a task without a name is given a number, which costs as much as all else about it
_FRAMING: Final = frozenset({b"transfer-encoding", b"expect"})


class House:
    """What the connections of one listener share. body_s: seconds that a request's body may take. busy: requests that
    are being answered. date: a header line without its end, of this second. closing: no connection is kept after its
    answer."""

    def __init__(self, handler: Handler, loop: asyncio.AbstractEventLoop, body_s: float) -> None:
        self.handler = handler
        self.loop = loop
        self.body_s = body_s
        self.connections: set[Inbound] = set()
        self.busy: set[Request] = set()
        self.sources: Counter[str] = Counter()  # connections, by whom their address counts for
        self.date = b""
        self.closing = False


class Inbound(asyncio.Protocol):
    """waiting_since: loop time since which a head is awaited; 0.0 while a request is answered and between requests.
    resting_since: loop time since which nothing is asked; 0.0 otherwise. blocked_since: loop time since which the
    client takes too little of what was written; 0.0 while it does. untaken: bytes that it had not taken then. paused:
    we do not read what it sends. The listener's sweep ends connections by them. server, client: addresses; a Unix
    socket's is its path, without a port, and a client of one has none. peer: where requests come from. Forwarding
    headers are never believed.

    What stands around a body (sizes and extensions of chunks, trailers) is bounded as a head is: nobody reads it, and
    the parser would keep a trailer however long."""

    max_head = MAX_HEAD
    max_connections = MAX_CONNECTIONS
    per_address = 0  # connections of one address; 0: as many as there are

    def __init__(self, house: House) -> None:
        self.house = house
        self.transport: asyncio.Transport
        self.waiting_since = house.loop.time()
        self.resting_since = 0.0
        self.blocked_since = 0.0
        self.untaken = 0
        self.paused = False
        self.server: tuple[str, int | None] | None = None
        self.client: tuple[str, int] | None = None
        self.scheme = "http"
        self.peer = Peer()
        self._source = ""
        self._parser = httptools.HttpRequestParser(self)
        self._url = b""
        self._headers: list[tuple[bytes, bytes]] = []
        self._expects = False
        self._reading: Request | None = None  # whose body is being received
        self._answering: Request | None = None
        self._waiting: deque[Request] = deque()
        self._drains: list[asyncio.Future[None]] = []
        self._head_bytes = 0
        self._around = 0  # bytes around the body that is being received
        self._left = 0  # bytes still to come of a body that the parser leaves to us
        self._deaf = False  # what still comes is not listened to
        self._unreadable = False  # and that is what the client hears, once the requests before have their answers

    # asyncio.Protocol

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self.transport = cast("asyncio.Transport", transport)  # a stream's protocol is given no other kind
        self.house.connections.add(self)
        self.server = _address(transport.get_extra_info("sockname"))
        client = _address(transport.get_extra_info("peername"))
        self.client = (client[0], client[1]) if client is not None and client[1] is not None else None
        # Our own socket's name tells a Unix socket: its path has no port. A client's address may be lost: no proof.
        unix = self.server is not None and self.server[1] is None
        self.peer = (
            Peer(unix=True)
            if unix
            else _peer(self.client[0] if self.client else "", transport.get_extra_info("ssl_object"))
        )
        self.scheme = "https" if transport.get_extra_info("sslcontext") is not None else "http"
        self._source = source(self.peer.address)
        self.house.sources[self._source] += 1
        most = min(self.max_connections, _descriptors() // 2)
        if self.house.closing or len(self.house.connections) > most:
            self.transport.abort()
        elif self.per_address and self.house.sources[self._source] > min(self.per_address, most * 3 // 4):
            self.transport.abort()  # one stranger must not take the places of all others

    def connection_lost(self, exc: Exception | None) -> None:
        self.house.connections.discard(self)
        self.house.sources[self._source] -= 1
        if not self.house.sources[self._source]:
            del self.house.sources[self._source]
        self._deaf = True
        if self._answering is not None:
            self._answering.leave()
        if self._reading is not None:
            self._reading.leave()
        self._waiting.clear()
        self.resume_writing()

    def eof_received(self) -> bool:
        return False

    def data_received(self, data: bytes) -> None:
        if self._deaf:
            return
        if self._left:
            self._take(data)
            return
        rested, self.resting_since = self.resting_since, 0.0
        size = len(data)
        if self.waiting_since or rested:
            self._head_bytes += size
        self._around += size
        try:
            self._parser.feed_data(data)
        except httptools.HttpParserUpgrade as upgrade:
            self._pass_over(data[upgrade.args[0] :])
        except httptools.HttpParserError:
            self._refuse()
            return
        if rested and not self.waiting_since and self._answering is None:
            self.waiting_since = self.house.loop.time()  # bytes that begin nothing end the rest all the same
        if (self._around > self.max_head) or (self.waiting_since and self._head_bytes > self.max_head):
            self._refuse()

    def pause_writing(self) -> None:
        self.blocked_since = self.house.loop.time()
        self.untaken = self.transport.get_write_buffer_size()

    def resume_writing(self) -> None:
        self.blocked_since = 0.0
        for waiter in self._drains:
            if not waiter.done():
                waiter.set_result(None)
        self._drains.clear()

    # llhttp

    def on_message_begin(self) -> None:
        self._url = b""
        self._headers = []
        self._expects = False
        self._reading = None
        self._around = 0
        self.waiting_since = self.house.loop.time()

    def on_url(self, url: bytes) -> None:
        self._url += url

    def on_header(self, name: bytes, value: bytes) -> None:
        if not self.waiting_since:  # a trailer
            return
        name = name.lower()
        if name in _FRAMING:
            self._framed(name, value.lower())
        self._headers.append((name, value))

    def on_headers_complete(self) -> None:
        parser = self._parser
        version = parser.get_http_version()
        if version not in ("1.1", "1.0"):
            raise ValueError("a version that we do not speak")
        if len(self._headers) > MAX_FIELDS:
            raise ValueError("more headers than anyone needs")
        keep = version == "1.1" and parser.should_keep_alive() and not parser.should_upgrade()
        request = self._reading = Request(
            self,
            parser.get_method().decode(),
            (_known if len(self._url) <= SHORT else target)(self._url),
            version,
            self._headers,
            self.waiting_since,
            keep,
            self._expects and version == "1.1",
        )
        self.waiting_since = 0.0
        self._head_bytes = self._around = 0
        if self._answering is None:
            self._start(request)
        elif len(self._waiting) < MAX_PIPELINED:
            self._pause()
            self._waiting.append(request)
        else:
            raise ValueError("more requests at once than anyone needs")

    def on_body(self, body: bytes) -> None:
        self._around -= AROUND * len(body)
        if self._around < 0:
            self._around = 0
        if self._reading is not None and self._reading.feed(body):
            self._pause()

    def on_message_complete(self) -> None:
        if self._reading is not None:
            self._reading.finish()
            self._reading = None

    # What a request calls

    def answered(self, request: Request) -> None:
        """The last byte of its answer was written: the next one's turn, or rest, or the end."""
        self._answering = None
        if not request.keep or self.house.closing:
            self._deaf = True
            self._waiting.clear()
            self.transport.close()
        elif self._waiting:
            waited = self._waiting.popleft()
            waited.began = self.house.loop.time()  # until now it was we who did not read
            self._start(waited)
        elif self._unreadable:
            self._say_unreadable()
        elif not self.transport.is_closing():
            self.resting_since = self.house.loop.time()
            self.resume()

    def resume(self) -> None:
        """Somebody waits for what comes."""
        if self.paused and not self._deaf:
            self.paused = False
            if self.waiting_since:
                self.waiting_since = self.house.loop.time()  # until now it was we who did not read
            self.transport.resume_reading()

    async def drained(self) -> None:
        """Return when the client takes bytes again, or has gone."""
        while self.blocked_since:
            waiter = self.house.loop.create_future()
            self._drains.append(waiter)
            await waiter

    def finish(self) -> None:
        """The listener closes: end the connection, after the answer that is under way if there is one."""
        if self._answering is None:
            self.transport.close()
        else:
            self._answering.keep = False

    def _pass_over(self, rest: bytes) -> None:
        """The last request asks for another protocol (some clients do with each first request): it is answered as if it
        had not (RFC 9110 section 7.8), and what comes after it is not listened to. The parser takes it to have no body,
        and reads nothing more. rest: what it has not read."""
        request = self._waiting[-1] if self._waiting else self._answering
        for name, value in request.headers if request is not None else ():
            if name == b"transfer-encoding":
                self._reading = request
                self._refuse()
            elif name == b"content-length" and request is not None and (length := int(value.lstrip(b"0") or 0)):
                request.whole = False
                self._reading, self._left = request, length
                self._take(rest)
                return
        self._deaf = True

    def _take(self, data: bytes) -> None:
        """More of such a body."""
        part = data[: self._left]
        self._left -= len(part)
        if part:
            self.on_body(part)
        if not self._left:
            self.on_message_complete()
            self._deaf = True

    def _framed(self, name: bytes, value: bytes) -> None:
        if name == b"expect":
            self._expects = value == b"100-continue"
        elif value != b"chunked" or self._parser.get_http_version() != "1.1":
            raise ValueError("a coding that we do not speak")

    def _start(self, request: Request) -> None:
        self._answering = request
        self.house.busy.add(request)
        request.task = asyncio.Task(request.run(self.house.handler), loop=self.house.loop, name=_NAME)

    def _pause(self) -> None:
        if not self.paused:
            self.paused = True
            self.transport.pause_reading()

    def _refuse(self) -> None:
        """What came cannot be read, so nothing after it can be. The answers before it come first."""
        if self._deaf:
            return
        self._deaf = self._unreadable = True
        broken, self._reading = self._reading, None
        if self._waiting and self._waiting[-1] is broken:
            self._waiting.pop()  # half a request is not begun
        if self._answering is None:
            self._say_unreadable()
        elif self._answering is broken:
            broken.leave()
            if broken.started:
                self.transport.abort()
            else:
                self._say_unreadable()

    def _say_unreadable(self) -> None:
        if not self.transport.is_closing():
            self.transport.write(_ANSWER_400)
            self.transport.close()


def _peer(address: str, tls: ssl.SSLObject | None) -> Peer:
    """Where requests of a TCP connection come from, with the certificate that its client showed, if it did."""
    der = tls.getpeercert(binary_form=True) if tls is not None else None
    if not der:
        return Peer(address=address)
    from answerable.crypto.possession import public_of

    return Peer(address=address, certificate=hashlib.sha256(der).hexdigest(), key=public_of(der))


def _address(name: Any) -> tuple[str, int | None] | None:
    """Of a socket: host and port; a Unix socket's path has no port, a client of one has no address."""
    if isinstance(name, tuple):
        return str(name[0]), int(name[1])
    path = name.decode() if isinstance(name, bytes) else name
    return (path, None) if path else None


def _descriptors() -> int:
    """Files that this process may have open. Strangers may hold half of them: the log and the officers' socket need
    theirs."""
    soft = resource.getrlimit(resource.RLIMIT_NOFILE)[0]
    return 2 * MAX_CONNECTIONS if soft == resource.RLIM_INFINITY else soft


def target(url: bytes) -> tuple[str, bytes, bytes]:
    """Path, path as it was sent, and query of a request target (RFC 9112 section 3.2)."""
    if url[:1] == b"/" and b"%" not in url and b"#" not in url:
        raw, _, query = url.partition(b"?")
        return raw.decode("ascii"), raw, query
    parsed = httptools.parse_url(url)
    return unquote(parsed.path.decode("ascii")), parsed.path, parsed.query or b""


_known = lru_cache(maxsize=128)(target)
