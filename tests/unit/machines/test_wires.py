# SPDX-License-Identifier: Apache-2.0
from __future__ import annotations

import pytest

from answerable.errors import Refused, Unavailable
from answerable.machines.wires import gone, open_wire
from tests.brokers import free_port


@pytest.mark.parametrize("address", ["", "zenoh:", "mqtt:host", "mqtt:host:x", "mqtt::1", "tcp/127.0.0.1:1"])
async def test_addresses_that_are_none(address: str) -> None:
    with pytest.raises(Refused) as error:
        await open_wire(address)
    assert error.value.code == "device.malformed"


async def test_a_broker_that_is_not_there() -> None:
    with pytest.raises(Unavailable) as error:
        await open_wire(f"mqtt:127.0.0.1:{free_port()}")
    assert error.value.code == "device.transport"


def test_last_words_name_a_voice() -> None:
    assert gone("AAEC") == b"gone AAEC"
