# SPDX-License-Identifier: Apache-2.0
from __future__ import annotations

import asyncio

import pytest

from answerable.errors import Unavailable
from answerable.machines.zenoh_wire import ZenohWire
from tests.brokers import free_port


async def test_peer_to_peer_and_last_words() -> None:
    endpoint = f"tcp/127.0.0.1:{free_port()}"
    heard: list[bytes] = []
    here = await ZenohWire.open(endpoint, listen=True)
    await here.listen("a/b", heard.append)
    there = await ZenohWire.open(endpoint, last_words="a/b", voice="v1")
    for _ in range(100):
        there.send("a/b", b"one")
        await asyncio.sleep(0.02)
        if heard:
            break
    assert heard[0] == b"one"
    await there.close()
    for _ in range(100):
        if heard[-1] == b"gone v1":
            break
        await asyncio.sleep(0.02)
    assert heard[-1] == b"gone v1"
    await here.close()


async def test_an_endpoint_that_is_none() -> None:
    with pytest.raises(Unavailable) as error:
        await ZenohWire.open("nonsense", listen=True)
    assert error.value.code == "device.transport"
