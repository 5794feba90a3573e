# SPDX-License-Identifier: Apache-2.0
from __future__ import annotations

import msgspec
import pytest

from answerable.model.devices import Command, DeviceState, Hand, Mode


def test_words_are_those_of_the_specification() -> None:
    assert [mode.value for mode in Mode] == ["idle", "live", "stopping", "stopped", "person"]
    assert [hand.value for hand in Hand] == ["take", "give", "reset"]


def test_a_command_is_read_strictly() -> None:
    assert msgspec.json.decode(b'{"speed":-5}', type=Command) == Command(speed=-5)
    for bad in (b"{}", b'{"speed":1.5}', b'{"speed":1,"x":2}', b'{"speed":"1"}'):
        with pytest.raises(msgspec.ValidationError):
            msgspec.json.decode(bad, type=Command)


def test_a_state_comes_back() -> None:
    state = DeviceState(device="d", mode=Mode.LIVE, beat=1, x=2, y=3, speed=4, wanted=5, standstill=False, powered=True)
    assert msgspec.json.decode(msgspec.json.encode(state), type=DeviceState) == state
