# SPDX-License-Identifier: Apache-2.0
"""A witness over HTTP (C2SP tlog-witness): ``POST /add-checkpoint``, ``GET /<origin hash>/checkpoint``.

Nobody is asked who he is: the log's signature on the checkpoint is what counts. Requests are taken one at a time by one
thread, since each must see what the one before left; those that wait are bounded.
"""

from __future__ import annotations

import asyncio
import logging
import re
from collections.abc import Callable, Iterable
from concurrent.futures import ThreadPoolExecutor
from typing import Final, TypeVar

from answerable.errors import AnswerableError, Refused, Unavailable
from answerable.log.witness import ADD_CHECKPOINT, MAX_REQUEST, SIZE_TYPE
from answerable.net.asgi import NO_STORE, TEXT, Receive, Scope, Send, read_body, respond
from answerable.net.hosts import Hosts
from answerable.net.request import Gone
from answerable.witness.witness import Witness

BODY_SECONDS: Final = 10.0
MAX_WAITING: Final = 64
# Bodies on their way, 132 KB each: who sends his slowly takes none of the places above.
MAX_COMING: Final = 512
# The statuses are the protocol's, not the catalogue's: a log has to tell them apart.
STATUS: Final = {
    "witness.request": 400,
    "witness.untrusted": 403,
    "witness.unknown_log": 404,
    "witness.conflict": 409,
    "witness.inconsistent": 422,
    "witness.state": 503,
    "request.too_large": 413,
    "request.slow": 408,
    "request.origin": 403,
    "request.host": 421,
    "request.not_found": 404,
    "request.method": 405,
}
CLOSE: Final = (b"connection", b"close")
_READING: Final = re.compile(r"/([0-9a-f]{64})/checkpoint", re.ASCII)
_Result = TypeVar("_Result")
_log = logging.getLogger("answerable.witness")


class WitnessApp:
    """ASGI over one witness; closes it."""

    def __init__(self, witness: Witness, *, hosts: Iterable[str] = ()) -> None:
        """hosts: names, without port, that are answered beside the loopback ones."""
        self._witness = witness
        self._hosts = Hosts(hosts)
        self._thread = ThreadPoolExecutor(1, thread_name_prefix="witness")
        self._waiting = 0
        self._coming = 0

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http":
            return
        try:
            status, body, kind = await self._answer(scope, receive)
        except AnswerableError as error:
            status, body, kind = _failed(error)
        except Gone:
            return
        except Exception as error:  # noqa: BLE001  nothing was signed; nothing of the request is quoted
            _log.exception("a request met a defect")
            status, body, kind = 500, f"{type(error).__name__}\n".encode(), TEXT
        # After a refusal the rest of a body may still be on its way: such a connection serves no other request.
        last = status >= 400 and status != 409
        await respond(send, status, body, (kind, NO_STORE, CLOSE) if last else (kind, NO_STORE))

    async def close(self) -> None:
        await asyncio.to_thread(self._thread.shutdown)
        self._witness.close()

    async def _answer(self, scope: Scope, receive: Receive) -> tuple[int, bytes, tuple[bytes, bytes]]:
        path, method = scope["path"], scope["method"]
        # A page in a browser has no business here.
        headers = {name: value for name, value in scope["headers"] if name in (b"host", b"origin")}
        if b"origin" in headers:
            raise Refused("request.origin")
        if headers.get(b"host", b"") not in self._hosts:
            raise Refused("request.host")
        reading = _READING.fullmatch(path)
        if path != ADD_CHECKPOINT and reading is None:
            raise Refused("request.not_found")
        if method != ("GET" if reading else "POST"):
            raise Refused("request.method", method=method[:16], allowed="GET" if reading else "POST")
        if reading is not None:
            return await self._read(reading[1])
        if self._coming >= MAX_COMING:
            raise _busy()
        self._coming += 1
        try:
            data = await _body(receive)
        finally:
            self._coming -= 1
        return await self._add(data)

    async def _read(self, hashed: str) -> tuple[int, bytes, tuple[bytes, bytes]]:
        note = await self._do(lambda: self._witness.checkpoint(hashed))
        if note is None:
            raise Refused("request.not_found")
        return 200, note, TEXT

    async def _add(self, data: bytes) -> tuple[int, bytes, tuple[bytes, bytes]]:
        signatures = await self._do(lambda: self._witness.add(data))
        return 200, "".join(signature.line for signature in signatures).encode(), TEXT

    async def _do(self, work: Callable[[], _Result]) -> _Result:
        if self._waiting >= MAX_WAITING:
            raise _busy()
        self._waiting += 1
        try:
            return await asyncio.get_running_loop().run_in_executor(self._thread, work)
        finally:
            self._waiting -= 1


def _busy() -> Unavailable:
    return Unavailable("witness.state", path=ADD_CHECKPOINT, detail="too many requests wait")


async def _body(receive: Receive) -> bytes:
    try:
        async with asyncio.timeout(BODY_SECONDS):
            data = await read_body(receive, MAX_REQUEST)
    except TimeoutError:
        raise Refused("request.slow", seconds=int(BODY_SECONDS)) from None
    if data is None:
        raise Refused("request.too_large", limit=MAX_REQUEST)
    return data


def _failed(error: AnswerableError) -> tuple[int, bytes, tuple[bytes, bytes]]:
    if error.code == "witness.conflict":
        return 409, f"{error.params['size']}\n".encode(), (b"content-type", SIZE_TYPE.encode())
    return STATUS.get(error.code, 503), f"{error}\n".encode(), TEXT
