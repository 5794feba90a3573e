# SPDX-License-Identifier: Apache-2.0
"""Reading a tree of static resources: a folder, or what stands below an http(s) address (RFC 9110 GET).

Blocking, for programs of their own. Nothing that comes back is believed: whoever asks verifies it, and says how long it
may be. Redirects are not followed, cookies and credentials not sent.
"""

from __future__ import annotations

import http.client
import socket
import ssl
import threading
import zlib
from contextlib import suppress
from pathlib import Path
from typing import Final, Protocol
from urllib.parse import urlsplit

from answerable.errors import Refused, Unavailable

TIMEOUT_S: Final = 20.0
# One resource, from the question to its last byte: 16 MB come within it over half a megabit a second.
WHOLE_S: Final = 300.0
_GZIP: Final = 16 + zlib.MAX_WBITS
_READ: Final = 65_536
_HEADERS: Final = {"accept-encoding": "gzip, identity", "user-agent": "answerable"}


class Source(Protocol):
    """name: as it was given, for messages. Safe for several threads."""

    name: str

    def get(self, path: str, limit: int) -> bytes | None:
        """The resource, None if it is not there. path: relative, without a leading slash; limit: bytes.

        Raises Unavailable ``source.unreachable``, ``source.oversized``.
        """

    def close(self) -> None: ...


def open_source(text: str, *, ca_file: str = "") -> Source:
    """A folder or an address. ca_file: PEM of the authorities that an https address is checked under, instead of the
    system's. Raises Refused ``source.malformed``."""
    if text.startswith(("http://", "https://")):
        return Web(text, ca_file=ca_file)
    if "://" in text:
        raise Refused("source.malformed", source=text, detail="an address of another kind")
    return Folder(Path(text).expanduser())


class Folder:
    """`Source` over a folder."""

    def __init__(self, path: Path) -> None:
        self.path = path
        self.name = str(path)

    def get(self, path: str, limit: int) -> bytes | None:
        try:
            with (self.path / path).open("rb") as file:
                data = file.read(limit + 1)
        except (FileNotFoundError, NotADirectoryError):
            if not self.path.is_dir():
                raise Unavailable("source.unreachable", source=self.name, detail="no such folder") from None
            return None
        except OSError as error:
            raise Unavailable("source.unreachable", source=self.name, detail=error.strerror or "I/O error") from None
        return _bounded(data, self.name, path, limit)

    def close(self) -> None:
        """Nothing is held."""


class Web:
    """`Source` over http(s); each thread keeps a connection. timeout: seconds that any one step may take; whole: that a
    resource may take (a server that sends a byte now and then keeps each step, and a monitor for ever)."""

    def __init__(self, url: str, *, ca_file: str = "", timeout: float = TIMEOUT_S, whole: float = WHOLE_S) -> None:
        self.name = url
        try:
            parts = urlsplit(url)
            self._host, self._port = parts.hostname or "", parts.port
        except ValueError as error:
            raise Refused("source.malformed", source=url, detail=str(error)) from None
        if not self._host or parts.username is not None or parts.query or parts.fragment:
            raise Refused("source.malformed", source=url, detail="without a host, or with user, query or fragment")
        if not url.isascii() or any(c <= " " for c in url):
            raise Refused("source.malformed", source=url, detail="with characters that no address has")
        self._prefix = parts.path.rstrip("/")
        self._tls: ssl.SSLContext | None = None
        if parts.scheme == "https":
            try:
                self._tls = ssl.create_default_context(cafile=ca_file or None)
            except OSError as error:
                raise Refused("source.malformed", source=ca_file, detail=error.strerror or "no certificates") from None
        self._timeout = timeout
        self._whole = whole
        self._threads = threading.local()
        self._made: list[http.client.HTTPConnection] = []

    def get(self, path: str, limit: int) -> bytes | None:
        # A connection that rested may have been closed by the other side: that costs one more try, on a fresh one.
        for fresh in (False, True):
            try:
                return self._get(path, limit, fresh=fresh)
            except (http.client.RemoteDisconnected, ConnectionResetError, BrokenPipeError) as error:
                self._drop()
                if fresh:
                    raise self._unreachable(error) from error
            except (OSError, http.client.HTTPException, zlib.error) as error:
                self._drop()
                raise self._unreachable(error) from error
            except Unavailable:
                self._drop()
                raise
        raise AssertionError("the second try returns or raises")

    def _get(self, path: str, limit: int, *, fresh: bool) -> bytes | None:
        connection = self._connection(fresh=fresh)
        if connection.sock is None:
            connection.connect()
        late = threading.Event()
        timer = threading.Timer(self._whole, _cut, (connection.sock, late))
        timer.daemon = True
        timer.start()
        try:
            return self._ask(connection, path, limit)
        finally:
            timer.cancel()
            if late.is_set():
                raise TimeoutError(f"{path}: not whole after {self._whole:g} s")

    def _ask(self, connection: http.client.HTTPConnection, path: str, limit: int) -> bytes | None:
        connection.request("GET", f"{self._prefix}/{path}", headers=_HEADERS)
        answer = connection.getresponse()
        if answer.status in (404, 410):
            answer.read(_READ)
            if not answer.isclosed():
                self._drop()
            return None
        if answer.status != 200:
            raise Unavailable("source.unreachable", source=self.name, detail=f"{path}: HTTP status {answer.status}")
        encoding = answer.getheader("content-encoding", "identity")
        if encoding == "gzip":
            return _bounded(_unzipped(answer, limit), self.name, path, limit)
        if encoding != "identity":
            raise Unavailable("source.unreachable", source=self.name, detail=f"{path}: encoded as {encoding[:32]!r}")
        return _bounded(_read_whole(answer, limit), self.name, path, limit)

    def close(self) -> None:
        for connection in self._made:
            with suppress(OSError):
                connection.close()

    def _connection(self, *, fresh: bool) -> http.client.HTTPConnection:
        known: http.client.HTTPConnection | None = getattr(self._threads, "connection", None)
        if known is not None and not fresh:
            return known
        if self._tls is not None:
            made: http.client.HTTPConnection = http.client.HTTPSConnection(
                self._host, self._port, timeout=self._timeout, context=self._tls
            )
        else:
            made = http.client.HTTPConnection(self._host, self._port, timeout=self._timeout)
        self._threads.connection = made
        self._made.append(made)
        return made

    def _drop(self) -> None:
        known: http.client.HTTPConnection | None = getattr(self._threads, "connection", None)
        if known is not None:
            known.close()
            self._threads.connection = None
            self._made.remove(known)

    def _unreachable(self, error: Exception) -> Unavailable:
        detail = getattr(error, "strerror", None) or str(error) or type(error).__name__
        return Unavailable("source.unreachable", source=self.name, detail=detail[:200])


def _cut(sock: socket.socket, late: threading.Event) -> None:
    """Wake whoever waits for more; below TLS, whose own goodbye would wait for the other side."""
    late.set()
    with suppress(OSError):
        socket.socket.shutdown(sock, socket.SHUT_RDWR)


def _read_whole(answer: http.client.HTTPResponse, limit: int) -> bytes:
    announced = answer.length
    data = answer.read(limit + 1)
    if announced is not None and len(data) < min(announced, limit + 1):
        raise http.client.IncompleteRead(data, announced - len(data))
    return data


def _unzipped(answer: http.client.HTTPResponse, limit: int) -> bytes:
    """Up to `limit` + 1 bytes: a small answer must not become a large one."""
    unzip = zlib.decompressobj(_GZIP)
    parts: list[bytes] = []
    room = limit + 1
    while room and not unzip.eof and (piece := answer.read(_READ)):
        while room and piece:
            part = unzip.decompress(piece, room)
            piece = unzip.unconsumed_tail
            parts.append(part)
            room -= len(part)
    if room and (not unzip.eof or unzip.unused_data or answer.read(1)):
        raise zlib.error("the answer ends early, or late")
    return b"".join(parts)


def _bounded(data: bytes, source: str, path: str, limit: int) -> bytes:
    if len(data) > limit:
        raise Unavailable("source.oversized", source=source, path=path, limit=limit)
    return data
