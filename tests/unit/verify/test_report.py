# SPDX-License-Identifier: Apache-2.0
from __future__ import annotations

import dataclasses

import pytest

from answerable.verify.receipt import verify
from tests.small_log import ANSWERED, ASKED, world

WORLD = world()
REPORT = verify(WORLD.receipt(), WORLD.log.trust)


def test_contents_by_group() -> None:
    assert REPORT.content("in") == ASKED
    assert REPORT.content("out") == ANSWERED
    assert REPORT.content("ctx") is None
    # Names belong to other leaves than the action's own.
    assert REPORT.content("name") is None


def test_outcome() -> None:
    assert REPORT.outcome == "done"
    assert dataclasses.replace(REPORT, closing=None).outcome == ""


def test_a_report_is_frozen() -> None:
    with pytest.raises(dataclasses.FrozenInstanceError):
        REPORT.record = "x"  # type: ignore[misc]
