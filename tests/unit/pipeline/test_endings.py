# SPDX-License-Identifier: Apache-2.0
from __future__ import annotations

import asyncio
import logging

import pytest

from answerable.errors import AnswerableError, Refused, Unavailable
from answerable.model.terms import Outcome
from answerable.pipeline.endings import named, outcome_of, whole


@pytest.mark.parametrize(
    ("error", "outcome"),
    [
        (None, Outcome.DONE),
        (Refused("stop.system", order="o"), Outcome.STOPPED),
        (Refused("warrant.expired"), Outcome.REFUSED),
        (Refused("request.disconnected"), Outcome.ERROR),
        (Unavailable("upstream.timeout"), Outcome.ERROR),
    ],
)
def test_outcomes(error: AnswerableError | None, outcome: Outcome) -> None:
    assert outcome_of(error) is outcome


def test_a_defect_is_an_incident_that_tells_the_caller_nothing(caplog: pytest.LogCaptureFixture) -> None:
    with caplog.at_level(logging.ERROR):
        error = named(ValueError("the prompt was: secret"))
    assert error.code == "internal.error"
    assert "secret" not in str(error)
    assert str(error.params["incident"]) in caplog.text


def test_our_errors_keep_their_name() -> None:
    error = Refused("warrant.expired")
    assert named(error) is error
    assert named(TimeoutError()).code == "upstream.timeout"


async def test_an_ending_is_run_whole_however_often_it_is_cancelled() -> None:
    ended: list[str] = []

    async def ending() -> None:
        await asyncio.sleep(0.05)
        ended.append("yes")

    task = asyncio.create_task(whole(ending()))
    for _ in range(3):
        await asyncio.sleep(0.005)
        task.cancel()
    with pytest.raises(asyncio.CancelledError):
        await task
    assert ended == ["yes"]


async def test_an_ending_that_fails_is_logged_and_raises_nothing(caplog: pytest.LogCaptureFixture) -> None:
    async def ending() -> None:
        raise OSError("gone")

    with caplog.at_level(logging.ERROR):
        await whole(ending())
    assert "an action's end failed" in caplog.text
