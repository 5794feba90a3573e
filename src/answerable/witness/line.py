# SPDX-License-Identifier: Apache-2.0
"""The way to one witness: its submission prefix over our own HTTP client. Nothing that comes back is believed."""

from __future__ import annotations

import asyncio
import ssl
from dataclasses import dataclass

from answerable.errors import AnswerableError, Unavailable
from answerable.log.witness import ADD_CHECKPOINT, MAX_ANSWER, origin_hash
from answerable.net.endpoint import parse
from answerable.net.limits import Limits
from answerable.net.pool import Exchange, Pool, head, request

# One request at a time, and one beside it for what is read.
CONNECTIONS = 2


@dataclass(frozen=True, slots=True)
class Reply:
    """content_type: in lower case, without parameters; body: at most `MAX_ANSWER` bytes."""

    status: int
    content_type: str
    body: bytes


class Line:
    """Belongs to one event loop. name: the witness's in the policy, for messages."""

    def __init__(self, name: str, url: str, *, timeout_s: float, tls: ssl.SSLContext | None = None) -> None:
        """url: http, https or unix. timeout_s: for each step; the whole takes three times that at most. Raises Refused
        ``upstream.address``."""
        self.name = name
        self._whole = 3 * timeout_s  # a server that sends a byte now and then would keep each step
        limits = Limits(connections=CONNECTIONS, connect=timeout_s, head=timeout_s, silence=timeout_s, body=MAX_ANSWER)
        self._pool = Pool(parse(url), name, limits, tls)
        self._post = head("POST", ADD_CHECKPOINT, self._pool.endpoint, (("content-type", "text/plain"),))

    async def add(self, body: bytes) -> Reply:
        """``add-checkpoint``. Raises Unavailable ``witness.unreachable``."""
        return await self._ask(request(self._post, body))

    async def checkpoint(self, origin: str) -> bytes:
        """What the witness has last seen of that log, unverified; b"" if nothing. Raises Unavailable
        ``witness.unreachable``."""
        reply = await self._ask(request(head("GET", f"/{origin_hash(origin)}/checkpoint", self._pool.endpoint)))
        return reply.body if reply.status == 200 else b""

    async def close(self) -> None:
        await self._pool.close()

    async def _ask(self, data: bytes) -> Reply:
        try:
            async with asyncio.timeout(self._whole):
                answer: Exchange = await self._pool.ask(data)
                try:
                    return Reply(answer.status, answer.content_type, await answer.whole(MAX_ANSWER))
                finally:
                    answer.close()
        except TimeoutError:
            raise Unavailable("witness.unreachable", name=self.name, detail=f"{self._whole:g} s") from None
        except AnswerableError as error:
            raise Unavailable("witness.unreachable", name=self.name, detail=error.code) from None
