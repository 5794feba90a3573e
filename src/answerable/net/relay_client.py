# SPDX-License-Identifier: Apache-2.0
"""A holder's way to one relay or control plane over TCP, TLS or a Unix socket: requests that are answered whole.

Nothing that comes back is believed here: whoever asks verifies it.
"""

from __future__ import annotations

import ssl
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any, Final

import msgspec

from answerable.errors import CATALOGUE, AnswerableError, Refused, Unavailable, VerificationError
from answerable.net.endpoint import parse
from answerable.net.limits import Limits
from answerable.net.pool import Exchange, Pool, head, request

MAX_ANSWER: Final = 4 << 20  # bytes; a page of orders is 1 MiB
_CLASSES: Final[dict[str, type[AnswerableError]]] = {
    "refused": Refused,
    "unavailable": Unavailable,
    "verificationerror": VerificationError,
}


class RelayClient:
    """url: ``https://host:port``, ``http://…`` or ``unix:///…``. ca_file: PEM of the authority behind its certificate,
    in place of the system's. Belongs to one event loop. Raises Refused ``upstream.address``, ``config.value``."""

    def __init__(self, url: str, ca_file: str = "", limits: Limits | None = None) -> None:
        self.url = url
        self._endpoint = parse(url)
        self._pool = Pool(
            self._endpoint,
            url,
            limits or Limits(connections=8, waiting=64, connect=5.0, head=10.0, silence=10.0),
            tls_context(ca_file) if self._endpoint.tls else None,
        )

    async def get(self, path: str, headers: tuple[tuple[str, str], ...] = ()) -> bytes:
        """The body of a good answer. path: with its query. Raises what the other side answered with, or Unavailable
        ``relay.unreachable`` (nobody took it), ``relay.broken``, ``relay.answer``."""
        return await self._whole("GET", path, headers, b"")

    async def post(self, path: str, body: bytes, headers: tuple[tuple[str, str], ...] = ()) -> bytes:
        """As `get`."""
        return await self._whole("POST", path, (("content-type", "application/json"), *headers), body)

    async def open(self, path: str, headers: tuple[tuple[str, str], ...] = ()) -> Exchange:
        """A good answer whose body goes on; whoever got it closes it. Raises as `get`."""
        return await self._begin("GET", path, headers, b"")

    async def close(self) -> None:
        await self._pool.close()

    async def _whole(self, method: str, path: str, headers: tuple[tuple[str, str], ...], body: bytes) -> bytes:
        exchange = await self._begin(method, path, headers, body)
        try:
            with self._named():
                data = await exchange.whole(MAX_ANSWER + 1)
            if len(data) > MAX_ANSWER:
                raise self._wrong(f"more than {MAX_ANSWER} bytes")
            return data
        finally:
            exchange.close()

    async def _begin(self, method: str, path: str, headers: tuple[tuple[str, str], ...], body: bytes) -> Exchange:
        with self._named():
            exchange = await self._pool.ask(request(head(method, path, self._endpoint, headers), body))
        if exchange.status == 200:
            return exchange
        try:
            with self._named():
                said = await exchange.whole(MAX_ANSWER)
            raise self._error(said, exchange.status)
        finally:
            exchange.close()

    @contextmanager
    def _named(self) -> Iterator[None]:
        """What the connection fails with, told of a relay: the pool knows models alone."""
        try:
            yield
        except Unavailable as error:
            before = error.code in ("upstream.unreachable", "upstream.busy")
            code = "relay.unreachable" if before else "relay.broken"
            raise Unavailable(code, relay=self.url, detail=error.code) from None

    def _error(self, data: bytes, status: int) -> AnswerableError:
        """What was raised there."""
        try:
            answer: Any = msgspec.json.decode(data)
        except (msgspec.MsgspecError, UnicodeDecodeError):
            answer = None
        error = answer.get("error") if isinstance(answer, dict) else None
        if not isinstance(error, dict) or error.get("code") not in CATALOGUE:
            return self._wrong(f"HTTP status {status}")
        params = error.get("params")
        kind = _CLASSES.get(str(error.get("type")), Unavailable)
        try:
            return kind(error["code"], **(params if isinstance(params, dict) else {}))
        except (TypeError, KeyError, ValueError):
            return self._wrong(f"HTTP status {status}")

    def _wrong(self, detail: str) -> Unavailable:
        return Unavailable("relay.answer", relay=self.url, detail=detail)


def tls_context(ca_file: str) -> ssl.SSLContext:
    """Raises Refused ``config.value`` for a file that holds no certificates."""
    try:
        return ssl.create_default_context(cafile=ca_file or None)
    except (OSError, ValueError):
        raise Refused("config.value", detail=f"{ca_file}: no certificates") from None
