# SPDX-License-Identifier: Apache-2.0
"""What all tests share: the Hypothesis profile, and the rule for tests that need a system tool."""

from __future__ import annotations

import contextlib
import functools
import os
import shutil
import signal
import subprocess
from pathlib import Path

import pytest
from hypothesis import HealthCheck, settings

from tests.faults.telling import pytest_sessionfinish as pytest_sessionfinish
from tests.faults.telling import pytest_terminal_summary as pytest_terminal_summary
from tests.faults.telling import pytest_testnodedown as pytest_testnodedown
from tests.postgres import fresh_data as fresh_data
from tests.postgres import postgres as postgres
from tests.postgres import shared_server as shared_server

# No deadline: the machine is shared. Derandomised in CI, so that one commit always gives one result.
settings.register_profile(
    "answerable", deadline=None, derandomize=bool(os.environ.get("CI")), suppress_health_check=[HealthCheck.too_slow]
)
settings.load_profile("answerable")

# A shell without job control starts what it puts into the background deaf to Ctrl-C, and so would all be that is
# started from here; tests send it to services.
if signal.getsignal(signal.SIGINT) is signal.SIG_IGN:
    signal.signal(signal.SIGINT, signal.default_int_handler)

ORDINARY = os.sched_getscheduler(0)


@functools.cache
def lacks(tool: str) -> bool:
    """Whether the machine lacks a tool. ``netns`` is the right to make a network namespace, not a program; ``guard``
    all that a guard stands on (`answerable guard --check`)."""
    if tool == "guard":
        from answerable.guard.primitives import look

        return not all(each.there or not each.needed for each in look())
    if tool != "netns":
        return shutil.which(tool) is None
    try:
        return (
            subprocess.run(["unshare", "--net", "true"], capture_output=True, timeout=10, check=False).returncode != 0
        )
    except (OSError, subprocess.TimeoutExpired):
        return True


def pytest_runtest_teardown() -> None:
    """The encoder of AV1 gives root's threads the machine's highest priority (SCHED_FIFO 99), and what they start has
    it too: the other half of the suite would stand still."""
    if os.sched_getscheduler(0) != ORDINARY:
        for thread in Path("/proc/self/task").iterdir():
            with contextlib.suppress(ProcessLookupError):
                os.sched_setscheduler(int(thread.name), ORDINARY, os.sched_param(0))


def pytest_runtest_setup(item: pytest.Item) -> None:
    """`@pytest.mark.system("nginx")`: skips by name where the tool is missing, fails where CI promised it."""
    missing = [tool for mark in item.iter_markers("system") for tool in mark.args if lacks(tool)]
    if missing and os.environ.get("CI"):
        pytest.fail(f"CI lacks {', '.join(missing)}: requirements/system.txt names the packages", pytrace=False)
    if missing:
        pytest.skip(f"needs {', '.join(missing)} (requirements/system.txt)")
