# SPDX-License-Identifier: Apache-2.0
"""Events on the wire are what a reader of event streams reads."""

from __future__ import annotations

from answerable.net.sse import Event, Parser
from answerable.relay import encoded


def test_each_event_is_read_back() -> None:
    parser = Parser()
    stream = (
        encoded.hello(7, 1234)
        + encoded.HEARTBEAT
        + encoded.order(b'{"o":1}', 8)
        + encoded.order(b'{"o":2}', 0)
        + encoded.pulse(b'{"p":1}')
        + encoded.HINT
    )
    assert parser.feed(stream) == [
        Event("hello", b'{"epoch":7}'),
        Event("order", b'{"o":1}'),
        Event("order", b'{"o":2}'),
        Event("pulse", b'{"p":1}'),
        Event("hint", b"{}"),
    ]
    assert parser.retry_ms == 1234


def test_the_id_is_the_number_of_the_change() -> None:
    assert encoded.order(b"{}", 8).startswith(b"id: 8\n")
    assert b"id" not in encoded.order(b"{}", 0)


def test_a_chunk_says_its_length_in_hex() -> None:
    assert encoded.chunk(b"x" * 26) == b"1a\r\n" + b"x" * 26 + b"\r\n"
