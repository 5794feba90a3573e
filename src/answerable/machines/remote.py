# SPDX-License-Identifier: Apache-2.0
"""A device as seen over a wire: the `Device` port for who leads it, stops it, or stands beside it."""

from __future__ import annotations

import asyncio
import time
from typing import Any, Final

from answerable.crypto.random import nonce
from answerable.errors import Refused, Unavailable, VerificationError
from answerable.errors.catalogue import CATALOGUE
from answerable.machines import frames
from answerable.machines.frames import Say, topics
from answerable.machines.wires import Wire, open_wire
from answerable.model.devices import Command, DeviceState, Hand
from answerable.ports import Signer

TIMEOUT_MS: Final = 400
LATE: Final = 16  # questions whose answers still tell the device's clock, when nobody waits for them any more


class RemoteDevice:
    """Implements `ports.Device`. public: the device's key, pinned; signer: of the copy that leads or of the person,
    None for who only looks and stops; kid: the person's name among those pinned at the device;
    voice: what the transport says is gone when this side is."""

    def __init__(
        self,
        wire: Wire,
        public: bytes,
        *,
        signer: Signer | None = None,
        kid: str = "",
        voice: str = "",
        timeout_ms: int = TIMEOUT_MS,
    ) -> None:
        self._wire, self._public, self._signer, self._kid, self._timeout_ms = wire, public, signer, kid, timeout_ms
        self.id = frames.device_id(public)
        self._asks, self._says = topics(self.id)
        self._waiting: dict[str, asyncio.Future[Say]] = {}
        self._beat, self._voice = 0, voice
        self._asked: dict[str, int] = {}  # re -> number of the question
        self._heard_seq = 0  # of the newest question that was answered
        self._seq = time.time_ns() // 1_000_000  # above those of whoever had this key before
        self._run = 0

    @classmethod
    async def open(
        cls, address: str, public: bytes, *, signer: Signer | None = None, kid: str = "", leads: bool = False
    ) -> RemoteDevice:
        """leads: whether the device is to brake when this side goes away. Raises as `open_wire`."""
        last_words, voice = topics(frames.device_id(public))[0] if leads else "", nonce()
        wire = await open_wire(address, last_words=last_words, voice=voice)
        made = cls(wire, public, signer=signer, kid=kid, voice=voice)
        await made.start()
        return made

    async def start(self) -> None:
        """Listen for answers. Raises Unavailable ``device.transport``."""
        await self._wire.listen(self._says, self._heard)

    async def lease(self, warrant: str, envelope: str = "") -> DeviceState:
        if not self._run:
            await self.state()  # its beat, for the first time
        try:
            state = await self._ask(
                "lease", {"warrant": warrant, "envelope": envelope, "run": self._run, "voice": self._voice}
            )
        except (Refused, VerificationError):
            self._run = 0  # whoever led hears of it, and begins anew if it is to
            raise
        self._run = state.run
        return state

    async def command(self, command: Command) -> DeviceState:
        return await self._ask("command", {"speed": command.speed})

    async def stop(self, order: bytes = b"") -> DeviceState:
        return await self._ask("stop", {"order": order.decode("utf-8", "replace")} if order else {})

    async def tell(self, *, order: bytes = b"", pulse: bytes = b"") -> DeviceState:
        """Carry an order or a pulse to it. Raises as the port's methods, and ``order.*``, ``pulse.*``."""
        told = {"order": order.decode("utf-8", "replace"), "pulse": pulse.decode("utf-8", "replace")}
        return await self._ask("tell", {name: text for name, text in told.items() if text})

    async def state(self) -> DeviceState:
        return await self._ask("state", {})

    async def takeover(self, hand: Hand) -> DeviceState:
        await self.state()
        return await self._ask("takeover", {"hand": hand.value})

    async def close(self) -> None:
        for future in self._waiting.values():
            future.cancel()
        await self._wire.close()

    async def _ask(self, kind: str, body: dict[str, Any]) -> DeviceState:
        self._seq += 1
        re = nonce()
        self._asked[re] = self._seq
        if len(self._asked) > LATE:
            del self._asked[next(iter(self._asked))]
        data = frames.ask(
            kind, body, dev=self.id, re=re, seq=self._seq, beat=self._beat, by=self._kid, signer=self._signer
        )
        answer = self._waiting[re] = asyncio.get_running_loop().create_future()
        try:
            self._wire.send(self._asks, data)
            said: Say = await asyncio.wait_for(answer, self._timeout_ms / 1000)
        except TimeoutError:
            raise Unavailable("device.unreachable", ms=self._timeout_ms) from None
        finally:
            del self._waiting[re]
        if not said.code:
            return said.state
        if said.code not in CATALOGUE:
            raise Unavailable("device.transport", detail="a refusal that this version does not know")
        if said.code == "device.unrecorded":
            raise Unavailable(said.code, **said.params)
        raise Refused(said.code, **said.params)

    def _heard(self, data: bytes) -> None:
        try:
            said = frames.read_say(data, self._public)
        except VerificationError:
            return  # another's, or nobody's
        # By the answer to the newest of our own questions: a clock that began anew is lower, and what is handed over
        # late is no clock of now.
        asked = self._asked.pop(said.re, 0)
        if asked > self._heard_seq:
            self._heard_seq, self._beat = asked, said.state.beat
        waiting = self._waiting.get(said.re)
        if waiting is not None and not waiting.done():
            waiting.set_result(said)
