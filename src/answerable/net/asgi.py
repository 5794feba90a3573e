# SPDX-License-Identifier: Apache-2.0
"""The few words of ASGI 3.0 (HTTP, spec version 2.3) that our listeners speak, without a framework."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, MutableMapping
from typing import Any

Scope = MutableMapping[str, Any]
Message = MutableMapping[str, Any]
Receive = Callable[[], Awaitable[Message]]
Send = Callable[[Message], Awaitable[None]]
App = Callable[[Scope, Receive, Send], Awaitable[None]]

JSON = (b"content-type", b"application/json")
EVENT_STREAM = (b"content-type", b"text/event-stream")
TEXT = (b"content-type", b"text/plain; charset=utf-8")
NO_STORE = (b"cache-control", b"no-store")
CLOSE = (b"connection", b"close")


async def respond(
    send: Send, status: int, body: bytes, headers: tuple[tuple[bytes, bytes], ...] = (JSON, NO_STORE)
) -> None:
    """Send one whole answer."""
    await send(
        {
            "type": "http.response.start",
            "status": status,
            "headers": [*headers, (b"content-length", b"%d" % len(body))],
        }
    )
    await send({"type": "http.response.body", "body": body})


class Gone(Exception):
    """The client went away while its body was being read. Stays inside the room that reads."""


async def read_body(receive: Receive, limit: int, arrived: Callable[[int], None] = lambda _size: None) -> bytes | None:
    """The whole body, or None as soon as it is longer than `limit` bytes. arrived: told the size of each part as it
    comes. Raises Gone, and what `arrived` raises."""
    message = await receive()
    if message["type"] == "http.disconnect":
        raise Gone
    body: bytes = message.get("body", b"")
    arrived(len(body))
    if not message.get("more_body"):
        return body if len(body) <= limit else None
    parts = [body]
    size = len(body)
    while size <= limit:
        message = await receive()
        if message["type"] == "http.disconnect":
            raise Gone
        part: bytes = message.get("body", b"")
        arrived(len(part))
        parts.append(part)
        size += len(part)
        if not message.get("more_body"):
            return b"".join(parts) if size <= limit else None
    return None
