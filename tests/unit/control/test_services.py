# SPDX-License-Identifier: Apache-2.0
from __future__ import annotations

import dataclasses

import pytest

from answerable.control.services import Services, nothing
from tests.unit.control.house import House


def test_services_are_frozen_and_quiet_by_default(house: House) -> None:
    assert nothing() == {}
    assert house.services.problems is nothing
    assert isinstance(house.services, Services)
    with pytest.raises(dataclasses.FrozenInstanceError):
        house.services.origin = "other"  # type: ignore[misc]
