# SPDX-License-Identifier: Apache-2.0
from __future__ import annotations

import time

import pytest

from answerable.errors import Unavailable
from answerable.protocols.sse import Reader, write


def test_an_event_is_its_data_lines_joined_and_its_name() -> None:
    events = Reader().feed(b": comment\nevent: a\ndata: 1\ndata:2\nid: 7\nretry: 1\n\ndata\n\nevent: only\n\n")
    assert events == [(b"a", b"1\n2"), (b"", b"")]


@pytest.mark.parametrize("end", [b"\n", b"\r\n", b"\r"])
def test_each_line_end_of_the_standard_wherever_the_bytes_are_cut(end: bytes) -> None:
    text = b"\xef\xbb\xbf" + end.join([b"event: x", b"data: a", b"", b"data: b", b"data: c", b"", b""])
    for cut in range(len(text)):
        reader = Reader()
        assert reader.feed(text[:cut]) + reader.feed(text[cut:]) == [(b"x", b"a"), (b"", b"b\nc")]


def test_an_event_that_never_ends_is_bounded() -> None:
    reader = Reader(limit=100)
    with pytest.raises(Unavailable) as caught:
        for _ in range(30):
            reader.feed(b"data: xxxx")
    assert caught.value.code == "upstream.oversized"


def test_idle_only_between_events() -> None:
    reader = Reader()
    assert not reader.idle
    reader.feed(b"data: a\n\n")
    assert reader.idle
    reader.feed(b"da")
    assert not reader.idle
    reader.feed(b"ta: b\r\n\r")
    assert not reader.idle


def test_what_is_written_is_read_back() -> None:
    assert Reader().feed(write(b"{}") + write(b"[]", "e")) == [(b"", b"{}"), (b"e", b"[]")]


def test_a_long_event_in_tiny_pieces_costs_its_length_once() -> None:
    reader = Reader()
    reader.feed(b"data: " + b"x" * (8 << 20))
    began = time.perf_counter()
    for _ in range(200):
        assert reader.feed(b"y") == []
    assert time.perf_counter() - began < 0.5  # it was 10 ms a piece
    assert reader.feed(b"\n") == []
    (event,) = reader.feed(b"\n")
    assert len(event[1]) == (8 << 20) + 200
    assert reader.idle
