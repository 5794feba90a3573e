# SPDX-License-Identifier: Apache-2.0
"""The reader of event streams: any cut, any line end, bounded."""

from __future__ import annotations

from contextlib import suppress
from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from answerable.errors import Unavailable
from answerable.net.sse import MAX_RETRY_MS, Event, Parser

STREAM = (
    b': a comment\n\nretry: 1500\nevent: hello\ndata: {"epoch":3}\n\nid: 4\nevent: order\ndata: {"a":1}\n\n'
    b"data: one\r\ndata: two\r\n\r\nevent: nothing\n\nevent:pulse\ndata:x\n\n"
)
SAID = [Event("hello", b'{"epoch":3}'), Event("order", b'{"a":1}'), Event("message", b"one\ntwo"), Event("pulse", b"x")]


@given(st.lists(st.integers(0, len(STREAM)), max_size=8))
def test_cut_anywhere(cuts: list[int]) -> None:
    places = [0, *sorted(cuts), len(STREAM)]
    parser = Parser()
    found = [event for a, b in pairwise(places) for event in parser.feed(STREAM[a:b])]
    assert found == SAID
    assert parser.retry_ms == 1500


@given(st.binary(max_size=300), st.binary(max_size=300))
def test_any_bytes_are_read_or_refused_within_the_bound(one: bytes, other: bytes) -> None:
    parser = Parser(limit=200)
    with suppress(Unavailable):
        for event in (*parser.feed(one), *parser.feed(other)):
            assert len(event.data) <= 600


def test_an_endless_event_is_refused() -> None:
    parser = Parser(limit=100)
    with pytest.raises(Unavailable):
        for _ in range(20):
            parser.feed(b"data: 1234567890\n")
    with pytest.raises(Unavailable):
        Parser(limit=100).feed(b"x" * 101)


def test_a_retry_hint_is_bounded_and_only_a_number() -> None:
    parser = Parser()
    parser.feed(b"retry: never\n\n")
    assert parser.retry_ms == 0
    parser.feed(b"retry: 999999999\n\n")
    assert parser.retry_ms == MAX_RETRY_MS
