# SPDX-License-Identifier: Apache-2.0
from __future__ import annotations

from typing import Any

import pytest

from answerable.pipeline.ceilings import limited

CHAT = ("max_tokens", "max_completion_tokens")


class Kept:
    """A reservation, of which nothing else is asked."""

    def __init__(self, ceiling: int) -> None:
        self.ceiling = ceiling


@pytest.mark.parametrize(
    ("request_", "names", "sent"),
    [
        ({}, CHAT, {"max_tokens": 99}),
        ({}, ("max_output_tokens",), {"max_output_tokens": 99}),
        ({"max_tokens": None}, CHAT, {"max_tokens": 99}),
        # What is no limit of this endpoint's may be passed over there.
        ({"max_output_tokens": 9}, CHAT, {"max_output_tokens": 9, "max_tokens": 99}),
        ({"n_predict": 9}, CHAT, {"n_predict": 9, "max_tokens": 99}),
        # What is no limit at all is one.
        ({"max_tokens": -1}, CHAT, {"max_tokens": 99}),
        ({"max_tokens": 0}, CHAT, {"max_tokens": 99}),
        ({"max_tokens": "9"}, CHAT, {"max_tokens": 99}),
        ({"max_tokens": True}, CHAT, {"max_tokens": 99}),
        ({"max_completion_tokens": -1}, CHAT, {"max_completion_tokens": 99}),
        ({"max_tokens": 9, "n_predict": -1}, CHAT, {"max_tokens": 9, "n_predict": 99}),
        ({"max_tokens": 9, "max_completion_tokens": -1}, CHAT, {"max_tokens": 9, "max_completion_tokens": 99}),
    ],
)
def test_what_was_reserved_is_said(request_: dict[str, Any], names: tuple[str, ...], sent: dict[str, Any]) -> None:
    before = dict(request_)
    assert limited(request_, names, Kept(99)) == sent  # type: ignore[arg-type]
    assert request_ == before, "what was committed to stays as it is"


@pytest.mark.parametrize("request_", [{"max_tokens": 9}, {"max_completion_tokens": 9.5}, {"max_tokens": 9, "n": 3}])
def test_a_limit_that_counts_stays(request_: dict[str, Any]) -> None:
    assert limited(request_, CHAT, Kept(99)) is request_  # type: ignore[arg-type]


def test_where_no_budget_counts_tokens_nothing_is_touched() -> None:
    request = {"max_tokens": -1}
    assert limited(request, CHAT, None) is request
    assert limited(request, CHAT, Kept(0)) is request  # type: ignore[arg-type]
    assert limited(request, (), Kept(99)) is request  # type: ignore[arg-type]
