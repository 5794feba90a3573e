# SPDX-License-Identifier: Apache-2.0
"""The on-site issuer as a process: HTTP on a Unix socket of its own (`docs/spec/envelope.md`, "Asking on site").

The path and the answer are the control plane's, so that whatever keeps a copy's lease needs only another address. What
people carry in, an order or a pulse, is taken from anyone: each proves itself.
"""

from __future__ import annotations

import asyncio
import contextlib
import json
import os
import signal
from pathlib import Path
from typing import Any, Final

import msgspec

from answerable.admission.requests import WarrantRequest
from answerable.errors import AnswerableError, Refused
from answerable.machines.onsite import OnSite
from answerable.net.asgi import Gone, Receive, Scope, Send, read_body, respond
from answerable.net.bind import unix
from answerable.net.bridge import asgi
from answerable.net.events import Follower
from answerable.net.server import Listener
from answerable.net.timex import read_clock
from answerable.ports import Clock

WARRANTS: Final = "/control/v1/warrants"
ORDERS: Final = "/relay/v1/orders"
PULSE: Final = "/relay/v1/pulse"
STATE: Final = "/onsite/v1/state"
MAX_BODY: Final = 1 << 20
CLOCK_S: Final = 10.0


class _Asked(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    request: WarrantRequest
    signature: str
    known: int = -1  # up to which change the asker has heard all; -1: it wants no orders


class OnSiteServer:
    """Serves one on-site issuer. urls: relays that it follows while the network is there; told: a file of the orders
    that people carried in, one a line, None for none: one that is started again has forgotten none of them."""

    def __init__(
        self,
        issuer: OnSite,
        socket: Path,
        clock: Clock,
        urls: tuple[str, ...] = (),
        ca_file: str = "",
        told: Path | None = None,
    ) -> None:
        self.issuer = issuer
        self._told = told
        if told is not None and told.exists():
            for line in told.read_bytes().splitlines():
                with contextlib.suppress(AnswerableError):  # half a line, at a loss of power: it is carried in again
                    issuer.order(line)
        self._listener = Listener(asgi(self._app), unix(socket))
        self._clock = clock
        self._follower = (
            Follower(urls, issuer.view, wall=clock.now_ms, mono=clock.mono_ms, ca_file=ca_file) if urls else None
        )

    async def run(self) -> None:
        """Until SIGTERM or SIGINT. It goes on answering after its envelope's end: with a refusal."""
        loop = asyncio.get_running_loop()
        ended = asyncio.Event()
        for number in (signal.SIGTERM, signal.SIGINT):
            loop.add_signal_handler(number, ended.set)
        await self._listener.start()
        tasks = [asyncio.create_task(self._read_clock())]
        if self._follower is not None:
            tasks.append(asyncio.create_task(self._follower.run()))
        try:
            await ended.wait()
        finally:
            for task in tasks:
                task.cancel()
            await asyncio.gather(*tasks, return_exceptions=True)
            await self._listener.close()

    async def _read_clock(self) -> None:
        while True:
            reading = read_clock()
            if reading is not None:
                self.issuer.view.clock(reading)
            await asyncio.sleep(CLOCK_S)

    async def _app(self, scope: Scope, receive: Receive, send: Send) -> None:
        try:
            body = await read_body(receive, MAX_BODY)
        except Gone:
            return
        try:
            if body is None:
                raise Refused("admin.request", detail="a body over 1 MiB")
            answer = self._answer(scope["method"], scope["path"], body)
        except AnswerableError as error:
            await respond(send, error.http, json.dumps({"error": error.as_dict()}, ensure_ascii=False).encode())
            return
        await respond(send, 200, json.dumps(answer).encode())

    def _answer(self, method: str, path: str, body: bytes) -> dict[str, Any]:
        if (method, path) == ("GET", STATE):
            e = self.issuer.envelope
            return {"site": e.site, "left": self.issuer.left_ms(), "bound": e.bound, "epoch": self.issuer.view.epoch}
        if method != "POST" or path not in (WARRANTS, ORDERS, PULSE):
            raise Refused("admin.request", detail="no such path")
        if path == ORDERS:
            new = self.issuer.order(body)
            if new and self._told is not None:
                with contextlib.suppress(OSError), self._told.open("ab") as file:  # it holds, written down or not
                    file.write(body + b"\n")
                    file.flush()
                    os.fsync(file.fileno())
            return {"new": new}
        if path == PULSE:
            return {"missing": self.issuer.pulse(body)}
        try:
            asked = msgspec.json.decode(body, type=_Asked)
        except msgspec.MsgspecError as error:
            raise Refused("admin.request", detail=str(error)[:300]) from None
        return {**self.issuer.answer(asked.request, asked.signature), **self._explained(asked.known)}

    def _explained(self, known: int) -> dict[str, Any]:
        """What the warrant names and the asker does not know, as the control plane tells it."""
        view = self.issuer.view
        told = [each.data.decode() for each in view.told(known) if each.issued] if 0 <= known < view.epoch else []
        return {"epoch": view.epoch, "orders": told if sum(map(len, told)) <= MAX_BODY else []}
