# SPDX-License-Identifier: Apache-2.0
"""Events as bytes (WHATWG HTML, section 9.2), encoded once for all who hear them."""

from __future__ import annotations

from typing import Final

TYPE: Final = b"content-type: text/event-stream"
HEARTBEAT: Final = b":\n\n"
HINT: Final = b"event: hint\ndata: {}\n\n"


def hello(epoch: int, retry_ms: int) -> bytes:
    """The first event of a stream: up to which change this relay misses nothing, and when to come back."""
    return b'retry: %d\nevent: hello\ndata: {"epoch":%d}\n\n' % (retry_ms, epoch)


def order(data: bytes, number: int) -> bytes:
    """number: of the change that it tells of, 0 for an order past the registry. data: canonical JSON, one line."""
    if not number:
        return b"event: order\ndata: %b\n\n" % data
    return b"id: %d\nevent: order\ndata: %b\n\n" % (number, data)


def pulse(data: bytes) -> bytes:
    return b"event: pulse\ndata: %b\n\n" % data


def chunk(data: bytes) -> bytes:
    """One chunk of a chunked body (RFC 9112 section 7.1)."""
    return b"%x\r\n%b\r\n" % (len(data), data)
