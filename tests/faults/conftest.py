# SPDX-License-Identifier: Apache-2.0
"""At the end of a run that tried faults: what was tried and what it shows."""

from __future__ import annotations

import logging
from collections.abc import Iterator
from typing import Any

import pytest

from tests.faults.tally import TALLY


@pytest.fixture(autouse=True)
def quiet() -> Iterator[None]:
    """What recovery says each time would bury what failed."""
    log = logging.getLogger("answerable.sequencer")
    log.setLevel(logging.CRITICAL)
    yield
    log.setLevel(logging.NOTSET)


def pytest_terminal_summary(terminalreporter: Any) -> None:
    if TALLY.lines:
        terminalreporter.section("faults")
        for line in TALLY.table():
            terminalreporter.write_line(line)
