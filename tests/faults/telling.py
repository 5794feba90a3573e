# SPDX-License-Identifier: Apache-2.0
"""At the end of a run that tried faults: what was tried and what it shows, in whichever process it was tried."""

from __future__ import annotations

from typing import Any

import pytest

from tests.faults.tally import TALLY

_KEY = "faults"


def pytest_sessionfinish(session: pytest.Session) -> None:
    """A process of several (pytest-xdist) hands its counts to the one that started it."""
    output = getattr(session.config, "workeroutput", None)
    if output is not None:
        output[_KEY] = {kind: [each.tried, each.lost, each.acknowledged] for kind, each in TALLY.lines.items()}


@pytest.hookimpl(optionalhook=True)
def pytest_testnodedown(node: Any) -> None:
    """In the one that started it. A process that died has no output: its tests have failed."""
    for kind, (tried, lost, acknowledged) in getattr(node, "workeroutput", {}).get(_KEY, {}).items():
        TALLY.add(kind, tried, lost, acknowledged)


def pytest_terminal_summary(terminalreporter: Any) -> None:
    if TALLY.lines:
        terminalreporter.section("faults")
        for line in TALLY.table():
            terminalreporter.write_line(line)
