# SPDX-License-Identifier: Apache-2.0
"""What all tests of faults share; what they tried is told by `tests.faults.telling`."""

from __future__ import annotations

import logging
from collections.abc import Iterator

import pytest


@pytest.fixture(autouse=True)
def quiet() -> Iterator[None]:
    """What recovery says each time would bury what failed."""
    log = logging.getLogger("answerable.sequencer")
    log.setLevel(logging.CRITICAL)
    yield
    log.setLevel(logging.NOTSET)
