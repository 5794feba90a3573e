# SPDX-License-Identifier: Apache-2.0
from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from answerable.errors import Unavailable
from answerable.upstreams.mcp_strays import MAX_BATCH, MOST, WINDOW_S, Strays, claimed


@pytest.mark.parametrize(
    ("line", "ids"),
    [
        (b'{"id":7}', {7}),
        (b'{"id":"7","result":{}}', {7}),
        (b'{"id":7.0}', {7}),
        (b'[{"id":1},{"id":2},3,{"x":4}]', {1, 2}),
        (b'{"id":7.5}', set()),
        (b'{"id":true}', set()),
        (b'{"id":null}', set()),
        (b'{"id":[7]}', set()),
        (b'{"id":"x7"}', set()),
        (b'{"id":"\xd9\xa7"}', set()),
        (b'{"id":"' + b"7" * 19 + b'"}', set()),
        (b'"id"', set()),
        (b"7", set()),
        (b'{"id":7', set()),
        (b"\xff", set()),
        (b"[" * 100_000, set()),
        (b"", set()),
    ],
)
def test_what_a_line_claims_to_answer(line: bytes, ids: set[int]) -> None:
    assert claimed(line) == ids


def test_a_list_without_end_is_not_looked_through() -> None:
    line = b"[" + b",".join(b'{"id":%d}' % number for number in range(1, MAX_BATCH + 9)) + b"]"
    assert claimed(line) == set(range(1, MAX_BATCH + 1))


@given(st.binary(max_size=200))
def test_any_line_is_read(line: bytes) -> None:
    assert all(number for number in claimed(line))


def test_too_many_within_a_minute() -> None:
    strays = Strays("desk")
    for number in range(MOST):
        strays.count(1.0 + number * WINDOW_S / MOST / 2)
    with pytest.raises(Unavailable) as found:
        strays.count(WINDOW_S)
    assert found.value.code == "upstream.broken"
    strays.count(WINDOW_S)  # of the next child


def test_a_few_each_minute_go_on() -> None:
    strays = Strays("desk")
    for minute in range(10):
        for _ in range(MOST):
            strays.count(1.0 + minute * (WINDOW_S + 1))
    assert strays.total == 10 * MOST
