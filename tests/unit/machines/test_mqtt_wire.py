# SPDX-License-Identifier: Apache-2.0
from __future__ import annotations

import asyncio
from collections.abc import Iterator
from pathlib import Path

import pytest

from answerable.machines.mqtt_wire import MqttWire
from tests.brokers import Mosquitto

pytestmark = pytest.mark.system("mosquitto")


@pytest.fixture
def broker(tmp_path: Path) -> Iterator[Mosquitto]:
    made = Mosquitto(tmp_path)
    yield made
    made.kill()


async def until(heard: list[bytes], last: bytes, seconds: float = 5.0) -> bool:
    for _ in range(int(seconds / 0.02)):
        if heard and heard[-1] == last:
            return True
        await asyncio.sleep(0.02)
    return False


async def test_messages_last_words_and_a_broker_that_comes_back(broker: Mosquitto) -> None:
    heard: list[bytes] = []
    here = await MqttWire.open("127.0.0.1", broker.port)
    await here.listen("a/b", heard.append)
    there = await MqttWire.open("127.0.0.1", broker.port, last_words="a/b", voice="v1")
    there.send("a/b", b"one")
    assert await until(heard, b"one")
    await asyncio.to_thread(broker.kill)
    await asyncio.sleep(0.1)
    there.send("a/b", b"lost")  # never kept for later
    await asyncio.to_thread(broker.start)
    for _ in range(200):
        there.send("a/b", b"two")
        if await until(heard, b"two", 0.05):
            break
    assert heard[-1] == b"two"
    assert b"lost" not in heard
    there._client.socket().shutdown(2)  # the connection goes, without a goodbye
    assert await until(heard, b"gone v1")
    await there.close()
    await here.close()
