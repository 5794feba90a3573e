# SPDX-License-Identifier: Apache-2.0
"""`answerable relay`: a process of its own that carries orders and pulses to holders near it.

It follows the control plane, or other relays, hears the bus where there is one, and pulls what both may have lost. It
holds no key: what it passes on was verified by pinned keys, and holders verify it again. What holders ask of the
control plane it hands on.
"""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Awaitable, Callable, Sequence
from pathlib import Path
from typing import Final

import msgspec

from answerable.admission.clocks import ClockMode
from answerable.admission.holding import HolderView
from answerable.admission.receipts import MAX_RECEIPT
from answerable.admission.trust import Trust
from answerable.app.clock import SystemClock
from answerable.app.relaying import OFF, bounds_of, listener_of, url_of
from answerable.buses.opening import open_bus
from answerable.config import RelayConfig
from answerable.crypto.b64 import unb64u
from answerable.errors import AnswerableError, Refused, Unavailable, VerificationError
from answerable.net.events import Follower
from answerable.net.limits import Limits
from answerable.net.relay_client import RelayClient
from answerable.relay import posting
from answerable.relay.board import Board
from answerable.relay.fanout import Fanout
from answerable.relay.hub import Hub
from answerable.relay.plane import ORDERS, PULSE, RECEIPTS, WARRANTS, Plane
from answerable.relay.routes import Answer, Call, Route

NODE: Final = "/relay/v1/node/"
REGAIN: Final = "/relay/v1/regain"
MAX_FORWARDED: Final = 4 << 20
MAX_PINS: Final = 1 << 20
# A node's question waits for up to 20 s for something new.
LIMITS: Final = Limits(connections=256, waiting=1024, connect=5.0, head=30.0, silence=30.0)
_log: Final = logging.getLogger("answerable.relay")
_AWAY: Final = "relay.unreachable"

Announce = Callable[[str], Awaitable[None]]
"""Called with the relay's URL once it answers."""


class Pinned(msgspec.Struct, frozen=True, kw_only=True):
    """The file of pinned keys, as `GET /control/v1/pins` tells them: kid -> public key, base64url; named: which
    authority a key of theirs belongs to."""

    origin: str
    issuers: dict[str, str]
    pulses: dict[str, str] = {}
    officers: dict[str, str] = {}
    authorities: dict[str, str] = {}
    named: dict[str, str] = {}
    planes: list[str] = []


def read_pins(path: Path) -> tuple[Trust, list[str]]:
    """Whose word is taken, and where the registry is. Raises Refused ``config.value``."""
    try:
        with path.open("rb") as file:
            found = msgspec.json.decode(file.read(MAX_PINS), type=Pinned)
        trust = Trust(
            found.origin,
            issuers=_keys(found.issuers),
            pulses=_keys(found.pulses),
            officers=_keys(found.officers),
            authorities=_keys(found.authorities),
            named=found.named,
        )
    except (OSError, msgspec.MsgspecError, VerificationError, ValueError) as error:
        raise Refused("config.value", detail=f"relay.pins: {path}: {type(error).__name__}") from None
    if not trust.origin or not trust.issuers:
        raise Refused("config.value", detail=f"relay.pins: {path}: no origin, or no issuer")
    return trust, found.planes


async def serve(
    config: RelayConfig, trust: Trust, planes: Sequence[str], announce: Announce, ended: asyncio.Event
) -> None:
    """Relay until `ended`. trust, planes: of `read_pins`; planes are followed where the config names no upstreams.
    Raises Refused ``config.*``, ``bus.*``, ``relay.none``, Unavailable ``request.bind``."""
    urls = [*config.upstreams, *(url for url in planes if not config.upstreams)]
    clock = SystemClock()
    view = HolderView(trust, ClockMode.SAME_HOST, pulse_required=False)
    alone = config.bus in ("", "memory:")
    bus = None if alone else open_bus(config.bus, secret_file=config.bus_secret_file, ca_file=config.bus_ca_file)
    fanout = Fanout(bounds_of(config))
    hub = Hub(Board(), fanout, view, clock, bus)
    giving: set[asyncio.Task[None]] = set()

    def behind(client: RelayClient, epoch: int) -> None:
        if not giving:
            task = asyncio.get_running_loop().create_task(give_back(client, view, epoch))
            giving.add(task)
            task.add_done_callback(giving.discard)

    follower = Follower(
        urls,
        view,
        wall=clock.now_ms,
        mono=clock.mono_ms,
        ca_file=config.upstream_ca_file,
        told=hub.tell,
        pulsed=hub.pulsed,
        behind=behind,
    )
    ahead = Ahead(urls, config.upstream_ca_file)
    routes = (*_carried(hub, follower, ahead), *_forwarded(ahead))
    plane = Plane(hub.board, fanout, routes, hosts=(config.host, *config.hosts))
    listener = listener_of(config if config.port != OFF else msgspec.structs.replace(config, port=0), plane)
    tasks: list[asyncio.Task[None]] = []
    try:
        await listener.start()
        tasks = [asyncio.create_task(each) for each in (fanout.run(), follower.run(), hub.run(follower.pull))]
        await announce(url_of(config, listener))
        waiting = asyncio.create_task(ended.wait())
        done, _ = await asyncio.wait([*tasks, waiting], return_when=asyncio.FIRST_COMPLETED)
        for task in done:
            task.result()  # a defect ends the relay, and is told
        waiting.cancel()
    finally:
        for task in (*tasks, *giving):
            task.cancel()
        await asyncio.gather(*tasks, *giving, return_exceptions=True)
        await fanout.close()
        await listener.close()
        await ahead.close()
        if bus is not None:
            await bus.close()


async def give_back(client: RelayClient, view: HolderView, epoch: int) -> None:
    """Offer the orders after change `epoch` to a registry that knows no more, or to a relay before it."""
    known = view.told(epoch)
    _log.warning("%s knows of changes up to %d, we of %d: it is given what it lacks", client.url, epoch, view.epoch)
    for first in range(0, len(known), posting.MOST):
        some = b",".join(each.data for each in known[first : first + posting.MOST])
        try:
            await client.post(REGAIN, b'{"orders":[' + some + b"]}")
        except AnswerableError as error:
            _log.warning("%s did not take them: %s", client.url, error.code)
            return


class Ahead:
    """The control plane as this relay asks it: the first of `urls` that is there."""

    def __init__(self, urls: list[str], ca_file: str) -> None:
        self._clients = [RelayClient(url, ca_file, LIMITS) for url in urls]

    async def ask(self, call: Call) -> Answer:
        """Hand a request on. Only one that nobody has taken goes to the next. Raises what came back, Unavailable
        ``relay.*``."""
        proof = call.headers.get(b"authorization")
        headers = (("authorization", _text(proof)),) if proof is not None else ()
        error: AnswerableError = Refused("relay.none")
        for client in self._clients:
            try:
                if call.method == "GET":
                    return Answer(await client.get(call.target, headers))
                return Answer(await client.post(call.target, call.body, headers))
            except Unavailable as failed:
                if failed.code != _AWAY:
                    raise
                error = failed
        raise error

    async def close(self) -> None:
        for client in self._clients:
            await client.close()


def _carried(hub: Hub, follower: Follower, ahead: Ahead) -> tuple[Route, ...]:
    """What anyone brings: told here at once, and handed on to where the registry is."""
    here = {(route.method, route.path): route for route in posting.routes(hub, follower.pull)}

    def both(route: Route) -> Route:
        async def run(call: Call) -> Answer:
            answer = await route.run(call)
            try:
                await ahead.ask(call)
            except AnswerableError:
                return answer  # cut off, or known there: those who listen here were told
            return answer

        return Route(route.method, route.path, run, route.limit)

    return both(here["POST", PULSE]), both(here["POST", ORDERS])


def _forwarded(ahead: Ahead) -> tuple[Route, ...]:
    return (
        Route("POST", WARRANTS, ahead.ask),
        Route("POST", RECEIPTS, ahead.ask, limit=MAX_RECEIPT),
        Route("POST", REGAIN, ahead.ask, limit=MAX_FORWARDED),
        Route("GET", NODE, ahead.ask),
        Route("POST", NODE, ahead.ask, limit=MAX_FORWARDED),
    )


def _keys(texts: dict[str, str]) -> dict[str, bytes]:
    found = {kid: unb64u(text) for kid, text in texts.items()}
    if any(len(key) != 32 for key in found.values()):
        raise ValueError("a key that is none")
    return found


def _text(value: bytes) -> str:
    return value.decode("latin-1") if value.isascii() else ""
