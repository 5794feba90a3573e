# SPDX-License-Identifier: Apache-2.0
import dataclasses

import pytest

from answerable.pipeline.carry import carry
from tests.unit.pipeline.scripted import Stage


def test_dependencies_cannot_be_swapped_under_a_running_gateway() -> None:
    deps = Stage(carry).deps
    with pytest.raises(dataclasses.FrozenInstanceError):
        deps.detectors = ()  # type: ignore[misc]
