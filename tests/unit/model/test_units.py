# SPDX-License-Identifier: Apache-2.0
import pytest

from answerable.model.units import Expect, Lane, Put, Rider, Space, Unit


def test_a_unit_is_frozen_and_goes_with_the_actions_unless_said() -> None:
    unit = Unit(leaves=(b"{}",), effects=(Put(Space.MISC, "k", b"v"),), expect=(Expect(Space.MISC, "k", None),))
    assert unit.lane is Lane.ACTION
    with pytest.raises(AttributeError):
        unit.lane = Lane.STOP  # type: ignore[misc]


def test_the_stop_has_a_lane_of_its_own() -> None:
    assert {Lane.STOP, Lane.NOISE, Lane.ACTION} == set(Lane)


def test_a_rider_adds_nothing_unless_told_and_is_frozen() -> None:
    rider = Rider()
    assert (rider.leaves, rider.effects, rider.expect, rider.payloads) == ((), (), (), ())
    with pytest.raises(AttributeError):
        rider.leaves = (b"{}",)  # type: ignore[misc]
