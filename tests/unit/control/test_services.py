# SPDX-License-Identifier: Apache-2.0
from __future__ import annotations

import dataclasses

import pytest

from answerable.control.services import Services, nothing
from answerable.errors import Unavailable
from tests.unit.control.house import House


def test_services_are_frozen_and_quiet_by_default(house: House) -> None:
    assert nothing() == {}
    assert house.services.problems is nothing
    assert isinstance(house.services, Services)
    with pytest.raises(dataclasses.FrozenInstanceError):
        house.services.origin = "other"  # type: ignore[misc]


def test_a_process_without_the_logs_key_signs_nothing(house: House) -> None:
    assert house.services.signing is house.core.keys.log
    with pytest.raises(Unavailable, match=r"log\.stopped"):
        _ = dataclasses.replace(house.services, log_key=None).signing
