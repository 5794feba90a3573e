# SPDX-License-Identifier: Apache-2.0
"""Any server that speaks OpenAI's HTTP API (https://platform.openai.com/docs/api-reference), named by its base URL as
OpenAI's own clients take it: ``https://host/v1``. Never trusted; the caller's credential is never forwarded to it."""

from __future__ import annotations

import re
import ssl
from collections.abc import Mapping
from typing import Any, Final, Self

import msgspec

from answerable.errors import AnswerableError, Refused, Unavailable
from answerable.model.terms import Locality
from answerable.net.endpoint import Endpoint, parse
from answerable.net.limits import MAX_ERROR_BODY, Limits
from answerable.net.pool import Exchange, Pool, head, request

# What the caller can mend; everything else in 4xx is between the gateway and the server.
CALLERS_FAULTS: Final = frozenset({400, 404, 405, 409, 411, 413, 414, 415, 422})
_TERM = re.compile(r"[A-Za-z][A-Za-z0-9_.\[\]-]{0,63}")


class OpenAICompatible:
    """ports.Upstream over HTTP.

    url: base URL, with ``/v1`` if it has no path. secret: the API key that this gateway alone has, or "". tls: a
    context of one's own, for a private certificate authority. Raises Refused ``upstream.address`` for a URL that is
    none, and for a secret that cannot stand in a header.
    """

    def __init__(
        self,
        name: str,
        url: str,
        *,
        locality: Locality,
        secret: str = "",
        limits: Limits | None = None,
        tls: ssl.SSLContext | None = None,
        headers: Mapping[str, str] | None = None,
    ) -> None:
        self.name = name
        self.locality = locality
        endpoint = parse(url)
        self._base = "" if endpoint.path or endpoint.socket else "/v1"
        if endpoint.socket:
            endpoint = Endpoint("", 0, "/v1", socket=endpoint.socket)
        self.pool = Pool(endpoint, name, limits, tls)
        self._headers = tuple((headers or {}).items())
        if secret:
            self._headers += (("authorization", f"Bearer {secret}"),)
        self._heads: dict[tuple[str, bool], bytes] = {}
        try:
            self._head("/v1/chat/completions", stream=False)
        except ValueError:
            raise Refused("upstream.address", url="(its secret or a header)") from None

    def call(self, path: str, body: bytes, *, stream: bool) -> Call:
        """See ports.Upstream. A refusal of the request by the server is Refused ``upstream.rejected``."""
        found = self._heads.get((path, stream))
        return Call(self.pool, request(found or self._head(path, stream=stream), body), self.name, stream)

    async def close(self) -> None:
        await self.pool.close()

    def _head(self, path: str, *, stream: bool) -> bytes:
        made = head(
            "POST",
            self._base + path.removeprefix("/v1"),
            self.pool.endpoint,
            (
                ("content-type", "application/json"),
                ("accept", "text/event-stream" if stream else "application/json"),
                ("accept-encoding", "identity"),
                ("user-agent", "answerable"),
                *self._headers,
            ),
        )
        self._heads[path, stream] = made
        return made


class Call(Exchange):
    """One call; entering it raises the error that the server's status stands for."""

    __slots__ = ("_name", "_stream")

    def __init__(self, pool: Pool, data: bytes, name: str, stream: bool) -> None:
        super().__init__(pool, data)
        self._name = name
        self._stream = stream

    async def __aenter__(self) -> Self:
        await super().__aenter__()
        if self.status == 200 and (self.content_type == "text/event-stream") is self._stream:
            return self
        try:
            if self.status == 200:
                raise Unavailable("upstream.broken", what="another content type than was asked for")
            raise failure(self.status, await self.read(MAX_ERROR_BODY), self._name)
        finally:
            await self.__aexit__(None, None, None)


def failure(status: int, body: bytes, name: str) -> AnswerableError:
    """The error that stands for an upstream's `status`. Of its body only terms are taken over, never prose: prose may
    repeat the prompt."""
    if status == 429 or status == 503:
        return Unavailable("upstream.busy", upstream=name)
    if status in (401, 402, 403, 407):
        return Unavailable("upstream.credentials", status=status)
    if status in CALLERS_FAULTS:
        return Refused("upstream.rejected", status=status, detail=_terms(body))
    return Unavailable("upstream.failed", status=status)


def _terms(body: bytes) -> str:
    """Code, type and parameter of an error in OpenAI's shape, where they are terms; "no detail" otherwise."""
    try:
        decoded: Any = msgspec.json.decode(body)
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError):
        decoded = None
    error = decoded.get("error") if isinstance(decoded, dict) else None
    if not isinstance(error, dict):
        return "no detail"
    said = [error.get(member) for member in ("code", "type", "param")]
    terms = dict.fromkeys(term for term in said if isinstance(term, str) and _TERM.fullmatch(term))
    return ", ".join(terms) or "no detail"
