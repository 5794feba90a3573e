# SPDX-License-Identifier: Apache-2.0
"""A tool call on the path: the same seven steps, and what only a tool call has."""

from __future__ import annotations

from typing import Any

import pytest

from answerable.pipeline.carry import carry
from tests.unit.pipeline.tool_scenarios import ALL


@pytest.mark.parametrize("scenario", ALL, ids=lambda scenario: scenario.__name__)
async def test_of_tool_calls(scenario: Any) -> None:
    await scenario(carry)
