# SPDX-License-Identifier: Apache-2.0
"""Messages over zenoh, peer to peer: no broker, no scouting, no gossip; one side listens at an address, one goes there.

Last words are a liveliness token: zenoh tells its end when the session closes or its connection breaks.
"""

from __future__ import annotations

import asyncio
import json
from typing import Any

from answerable.errors import Unavailable
from answerable.machines.wires import Take, gone

ALIVE = "alive"


class ZenohWire:
    """Implements `wires.Wire`."""

    def __init__(self, session: Any) -> None:
        self._session = session
        self._loop = asyncio.get_running_loop()
        self._kept: list[Any] = []

    @classmethod
    async def open(cls, endpoint: str, *, last_words: str = "", voice: str = "", listen: bool = False) -> ZenohWire:
        """endpoint: ``tcp/127.0.0.1:7447``. Raises Unavailable ``device.transport``."""
        try:
            import zenoh
        except ImportError:
            raise Unavailable("device.transport", detail="eclipse-zenoh is not installed") from None
        config = zenoh.Config()
        settings = {
            "mode": "peer",
            "listen/endpoints": [endpoint] if listen else [],
            "connect/endpoints": [] if listen else [endpoint],
            "scouting/multicast/enabled": False,
            "scouting/gossip/enabled": False,
        }
        try:
            for key, value in settings.items():
                config.insert_json5(key, json.dumps(value))
            wire = cls(await asyncio.to_thread(zenoh.open, config))
            if last_words:
                token = f"{last_words}/{ALIVE}/{voice}"
                wire._kept.append(await asyncio.to_thread(wire._session.liveliness().declare_token, token))
        except zenoh.ZError as error:
            raise Unavailable("device.transport", detail=_short(error)) from None
        return wire

    async def listen(self, topic: str, take: Take) -> None:
        import zenoh

        def heard(sample: Any) -> None:
            self._call(take, bytes(sample.payload))

        def left(sample: Any) -> None:
            if sample.kind == zenoh.SampleKind.DELETE:
                self._call(take, gone(str(sample.key_expr).rpartition("/")[2]))

        try:
            self._kept.append(await asyncio.to_thread(self._session.declare_subscriber, topic, heard))
            self._kept.append(
                await asyncio.to_thread(
                    self._session.liveliness().declare_subscriber, f"{topic}/{ALIVE}/*", left, history=True
                )
            )
        except zenoh.ZError as error:
            raise Unavailable("device.transport", detail=_short(error)) from None

    def send(self, topic: str, data: bytes) -> None:
        import zenoh

        try:
            # Express: not held back for a fuller packet. Drop: a full queue loses it, as `send` says.
            self._session.put(topic, data, express=True, congestion_control=zenoh.CongestionControl.DROP)
        except zenoh.ZError:
            return  # lost, as any message may be

    async def close(self) -> None:
        self._kept.clear()
        await asyncio.to_thread(self._session.close)

    def _call(self, take: Take, data: bytes) -> None:
        if not self._loop.is_closed():
            self._loop.call_soon_threadsafe(take, data)


def _short(error: Exception) -> str:
    return str(error).splitlines()[0][:120] if str(error) else type(error).__name__
