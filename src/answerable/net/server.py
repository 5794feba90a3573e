# SPDX-License-Identifier: Apache-2.0
"""A listener inside the current event loop, on a socket that we made.

Proxy headers are never believed (a handle is bound to an address), nothing of a request is logged, and signals stay
with the process that owns the loop.
"""

from __future__ import annotations

import asyncio
import socket
import ssl
from email.utils import formatdate
from pathlib import Path
from typing import Final

from answerable.errors import Refused
from answerable.net.bind import BACKLOG
from answerable.net.inbound import HEAD_SECONDS, MAX_CONNECTIONS, House, Inbound
from answerable.net.request import Handler

BODY_SECONDS: Final = 15.0
READ_SECONDS: Final = 60.0  # a client that takes less than this for so long has gone, whatever its connection says
LEAST_READ: Final = 65_536  # bytes
KEEP_ALIVE_S: Final = 75.0  # longer than clients keep theirs, so that it is the client that closes
SWEEP_S: Final = 1.0
POLL_S: Final = 0.01  # at close


class Listener:
    """Serves `sock` from `start` to `close`, each request by one call of `handler`.

    certificate, key: PEM files, for TLS 1.2 and later. possession: ask clients to show that they hold a key
    (`crypto.possession`); those that show nothing are served all the same. authorities: PEM file of further
    authorities whose client certificates are taken, None for none. grace: seconds that calls in flight get at close
    before they are cancelled. head_s, body_s: seconds that a request's head and body may take. read_s: seconds that a
    client may take for 64 KiB of its answer. keep_alive_s: seconds that a connection may rest. connections: at once;
    half of the files that this process may have open is the most in any case. per_address: of one address, 0 for no
    such bound, and three quarters of all in any case. Raises Refused ``config.value`` for a certificate that cannot
    be used.
    """

    def __init__(
        self,
        handler: Handler,
        sock: socket.socket,
        *,
        certificate: Path | None = None,
        key: Path | None = None,
        possession: bool = False,
        authorities: Path | None = None,
        grace: int = 5,
        head_s: float = HEAD_SECONDS,
        body_s: float = BODY_SECONDS,
        read_s: float = READ_SECONDS,
        keep_alive_s: float = KEEP_ALIVE_S,
        connections: int = MAX_CONNECTIONS,
        per_address: int = 0,
    ) -> None:
        self._handler = handler
        self._sock = sock
        self._name = sock.getsockname()
        self._head_s = head_s
        self._body_s = body_s
        self._read_s = read_s
        self._keep_alive_s = keep_alive_s
        self._interval = min(SWEEP_S, *(seconds / 4 for seconds in (head_s, body_s, read_s, keep_alive_s)))
        self._grace = grace
        self._tls = _context(certificate, key) if certificate is not None else None
        if self._tls is not None and possession:
            _ask(self._tls, authorities)
        self._protocol: type[Inbound] = Inbound
        if connections != MAX_CONNECTIONS or per_address:
            bounds = {"max_connections": connections, "per_address": per_address}
            self._protocol = type("Inbound", (Inbound,), bounds)
        self._server: asyncio.AbstractServer | None = None
        self._house: House | None = None
        self._sweep: asyncio.TimerHandle | None = None

    @property
    def tls(self) -> bool:
        return self._tls is not None

    @property
    def port(self) -> int:
        """The TCP port, or 0 on a Unix socket."""
        return int(self._name[1]) if isinstance(self._name, tuple) else 0

    async def start(self) -> None:
        """Return once connections are accepted."""
        loop = asyncio.get_running_loop()
        house = self._house = House(self._handler, loop, self._body_s)
        self._look(loop, house)
        made, handshake = self._protocol, self._head_s if self.tls else None
        create = loop.create_server if isinstance(self._name, tuple) else loop.create_unix_server
        self._server = await create(
            # The loop listens anew, and for 100 unless told: most of a crowd that comes back would wait a second.
            lambda: made(house),
            sock=self._sock,
            ssl=self._tls,
            ssl_handshake_timeout=handshake,
            backlog=BACKLOG,
        )

    async def close(self) -> None:
        """Accept no more, let calls in flight end within the grace, cancel the rest. Safe to call twice."""
        server, house, self._server = self._server, self._house, None
        if server is None or house is None:
            self._sock.close()
            return
        server.close()
        house.closing = True
        for connection in tuple(house.connections):
            connection.finish()
        await self._until_idle(house, self._grace)
        for request in tuple(house.busy):
            request.cancel()
        await self._until_idle(house, 1.0)
        if self._sweep is not None:
            self._sweep.cancel()
        for connection in tuple(house.connections):
            connection.transport.abort()
        await asyncio.sleep(0)  # lets the transports run their connection_lost
        if isinstance(self._name, str) and self._name:
            Path(self._name).unlink(missing_ok=True)  # noqa: ASYNC240  one unlink on the way out

    async def _until_idle(self, house: House, seconds: float) -> None:
        for _ in range(int(seconds / POLL_S)):
            if not house.busy and not house.connections:
                return
            await asyncio.sleep(POLL_S)

    def _look(self, loop: asyncio.AbstractEventLoop, house: House) -> None:
        """End connections whose head does not come (the slow-header attack), whose client does not read, and those that
        have rested for long; tell requests whose body does not come, and hear of clients that went away."""
        now = loop.time()
        for connection in tuple(house.connections):
            if connection.blocked_since:
                untaken = connection.transport.get_write_buffer_size()
                if connection.untaken - untaken >= LEAST_READ:
                    connection.untaken, connection.blocked_since = untaken, now
            if (not connection.paused and _past(connection.waiting_since, self._head_s, now)) or _past(
                connection.blocked_since, self._read_s, now
            ):
                connection.transport.abort()
            elif _past(connection.resting_since, self._keep_alive_s, now):
                connection.transport.close()
        for request in tuple(house.busy):
            if not request.whole:
                if now - request.began > self._body_s:
                    request.delay()
            elif not request.watched:
                request.watched = True
                request.connection.resume()
        house.date = b"date: %b" % formatdate(usegmt=True).encode("ascii")
        self._sweep = loop.call_later(self._interval, self._look, loop, house)


def _past(since: float, seconds: float, now: float) -> bool:
    """Whether what lasts since `since`, 0.0 for nothing, lasts longer than `seconds`."""
    return since > 0.0 and now - since > seconds


def _context(certificate: Path, key: Path | None) -> ssl.SSLContext:
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.minimum_version = ssl.TLSVersion.TLSv1_2
    context.set_alpn_protocols(["http/1.1"])
    try:
        context.load_cert_chain(certificate, key)
    except (OSError, ssl.SSLError):
        raise Refused("config.value", detail="gateway.tls_certificate, gateway.tls_key: cannot be used") from None
    return context


def _ask(context: ssl.SSLContext, authorities: Path | None) -> None:
    from answerable.crypto.possession import authority

    context.verify_mode = ssl.CERT_OPTIONAL
    context.load_verify_locations(cadata=authority().decode("ascii"))
    if authorities is not None:
        try:
            context.load_verify_locations(authorities)
        except (OSError, ssl.SSLError):
            raise Refused("config.value", detail="gateway.client_ca_file: cannot be used") from None
