# SPDX-License-Identifier: Apache-2.0
"""What carries a device's messages: topics, bytes, no promises. Lost, doubled, late: `machines.frames` bears it all."""

from __future__ import annotations

from collections.abc import Callable
from typing import Final, Protocol

from answerable.errors import Refused

Take = Callable[[bytes], None]
GONE: Final = b"gone "


class Wire(Protocol):
    """Used on one event loop. What is taken is called on it."""

    async def listen(self, topic: str, take: Take) -> None:
        """Call `take` with each message to `topic` from now on; with `gone` of its voice when a side that promised its
        last words to the topic went away, however it went, perhaps seconds later. Raises Unavailable
        ``device.transport``."""

    def send(self, topic: str, data: bytes) -> None:
        """Send, or lose it: never waits, never keeps it for later."""

    async def close(self) -> None: ...


def gone(voice: str) -> bytes:
    """The last words of a side: that this voice speaks no more."""
    return GONE + voice.encode()


async def open_wire(address: str, *, last_words: str = "", voice: str = "", listen: bool = False) -> Wire:
    """The wire at ``zenoh:tcp/127.0.0.1:7447`` or ``mqtt:127.0.0.1:1883``. last_words: the topic that is told ``gone``
    of `voice`, base64url, when this side goes away. listen: with zenoh, wait there for the other side.

    Raises Refused ``device.malformed`` for another address, Unavailable ``device.transport``.
    """
    scheme, _, rest = address.partition(":")
    if scheme == "zenoh" and rest:
        from answerable.machines.zenoh_wire import ZenohWire

        return await ZenohWire.open(rest, last_words=last_words, voice=voice, listen=listen)
    host, _, port = rest.rpartition(":")
    if scheme == "mqtt" and host and port.isdigit():
        from answerable.machines.mqtt_wire import MqttWire

        return await MqttWire.open(host, int(port), last_words=last_words, voice=voice)
    raise Refused("device.malformed", detail="an address that is neither zenoh:tcp/HOST:PORT nor mqtt:HOST:PORT")
