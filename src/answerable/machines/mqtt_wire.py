# SPDX-License-Identifier: Apache-2.0
"""Messages over MQTT 3.1.1 (OASIS) through a broker, which is not trusted. QoS 0, no session that is kept: a broker
must not hand over yesterday's commands. Last words are MQTT's will (section 3.1.2.5).
"""

from __future__ import annotations

import asyncio
from typing import Any, Final

from answerable.errors import Unavailable
from answerable.machines.wires import Take, gone

CONNECT_S: Final = 5.0
KEEP_ALIVE_S: Final = 5


class MqttWire:
    """Implements `wires.Wire`. Reconnects by itself when the broker comes back."""

    def __init__(self, client: Any) -> None:
        self._client = client
        self._loop = asyncio.get_running_loop()
        self._takes: dict[str, Take] = {}
        self._subscribed: dict[int, asyncio.Future[None]] = {}
        self._up: asyncio.Future[None] = self._loop.create_future()
        client.on_connect = self._connected
        client.on_message = self._message
        client.on_subscribe = lambda _c, _u, mid, _codes, _props: self._call(self._granted, mid)

    @classmethod
    async def open(cls, host: str, port: int, *, last_words: str = "", voice: str = "") -> MqttWire:
        """Raises Unavailable ``device.transport``."""
        try:
            from paho.mqtt import client as paho
            from paho.mqtt.enums import CallbackAPIVersion
        except ImportError:
            raise Unavailable("device.transport", detail="paho-mqtt is not installed") from None
        client = paho.Client(CallbackAPIVersion.VERSION2, protocol=paho.MQTTv311, clean_session=True)
        client.reconnect_delay_set(min_delay=1, max_delay=2)
        if last_words:
            client.will_set(last_words, gone(voice), qos=0, retain=False)
        wire = cls(client)
        wire._will = (last_words, gone(voice)) if last_words else None
        try:
            await asyncio.to_thread(client.connect, host, port, KEEP_ALIVE_S)
            client.loop_start()
            await asyncio.wait_for(wire._up, CONNECT_S)
        except (OSError, TimeoutError, ValueError) as error:
            await wire.close()
            raise Unavailable("device.transport", detail=f"{host}:{port}: {error or 'no answer'}") from None
        return wire

    _will: tuple[str, bytes] | None = None

    async def listen(self, topic: str, take: Take) -> None:
        self._takes[topic] = take
        code, mid = self._client.subscribe(topic, qos=0)
        done = self._subscribed.setdefault(mid, self._loop.create_future()) if code == 0 and mid is not None else None
        try:
            if done is None:
                raise TimeoutError
            await asyncio.wait_for(done, CONNECT_S)
        except TimeoutError:
            raise Unavailable("device.transport", detail="the broker took no subscription") from None

    def send(self, topic: str, data: bytes) -> None:
        if self._client.is_connected():
            self._client.publish(topic, data, qos=0, retain=False)

    async def close(self) -> None:
        """A clean goodbye suppresses the will: so it is said first."""
        if self._will and self._client.is_connected():
            self._client.publish(*self._will, qos=0).wait_for_publish(1.0)
        self._client.disconnect()
        await asyncio.to_thread(self._client.loop_stop)

    def _connected(self, client: Any, _user: Any, _flags: Any, code: Any, _props: Any) -> None:
        """Each time, after a broken connection too: subscriptions are not kept."""
        if code.is_failure:
            return
        for topic in tuple(self._takes):
            client.subscribe(topic, qos=0)
        self._call(self._is_up)

    def _message(self, _client: Any, _user: Any, message: Any) -> None:
        take = self._takes.get(message.topic)
        if take is not None:
            self._call(take, bytes(message.payload))

    def _is_up(self) -> None:
        if not self._up.done():
            self._up.set_result(None)

    def _granted(self, mid: int) -> None:
        future = self._subscribed.setdefault(mid, self._loop.create_future())
        if not future.done():
            future.set_result(None)

    def _call(self, what: Any, *args: Any) -> None:
        if not self._loop.is_closed():
            self._loop.call_soon_threadsafe(what, *args)
