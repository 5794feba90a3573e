# SPDX-License-Identifier: Apache-2.0
"""The holders' plane of the service: what holders elsewhere need of it, on a listener of its own.

Orders are told as they are committed; warrants are asked for here, receipts and pulses come in. Administration stays on
the Unix socket.
"""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Callable, Iterable, Iterator, Mapping
from typing import Any, Final

import msgspec

from answerable.admission.clocks import ClockMode
from answerable.admission.holding import HolderView
from answerable.admission.receipts import MAX_RECEIPT
from answerable.admission.trust import Trust
from answerable.app import wiring
from answerable.app.beating import Heart
from answerable.app.core import Core
from answerable.app.order_store import OrderStore
from answerable.app.rostered import AuthoritiesNow, NamesNow
from answerable.app.telling import Teller
from answerable.buses.opening import open_bus
from answerable.config import RelayConfig
from answerable.control.routes import confirmed, warrants
from answerable.control.routing import Call as ControlCall
from answerable.control.services import Services
from answerable.crypto.b64 import unb64u
from answerable.errors import AnswerableError, Refused, Unavailable
from answerable.model.records import Stop
from answerable.model.units import Space
from answerable.net.bind import tcp
from answerable.net.server import Listener
from answerable.registry.book import Book
from answerable.relay import posting
from answerable.relay.board import Board
from answerable.relay.fanout import Bounds, Fanout
from answerable.relay.hub import Hub
from answerable.relay.plane import RECEIPTS, WARRANTS, Plane
from answerable.relay.routes import Answer, Call, Route
from answerable.stops.officers import in_office

OFF: Final = -1
_log: Final = logging.getLogger("answerable.relay")


def bounds_of(config: RelayConfig) -> Bounds:
    return Bounds(holders=config.holders, per_address=config.per_address, heartbeat=config.heartbeat_s)


def listener_of(config: RelayConfig, plane: Plane) -> Listener:
    """Raises Refused ``config.*``, Unavailable ``request.bind``."""
    sock = tcp(config.host, config.port, tls=bool(config.tls_certificate), unsafe=config.unsafe_bind)
    try:
        # Half as many connections again: who asks for a warrant, or brings a receipt, listens on another one.
        return Listener(
            plane,
            sock,
            certificate=wiring.as_path(config.tls_certificate),
            key=wiring.as_path(config.tls_key),
            connections=config.holders + config.holders // 2,
            per_address=config.per_address + config.per_address // 2,
        )
    except BaseException:
        sock.close()
        raise


def url_of(config: RelayConfig, listener: Listener) -> str:
    return f"{'https' if listener.tls else 'http'}://{wiring.host_of(config.host)}:{listener.port}"


class HoldersPlane:
    """Without a port there is no listener: what is told is then asked for on the Unix socket."""

    def __init__(self, core: Core, services: Services, heart: Heart | None) -> None:
        self._core = core
        self._config = core.config.relay
        self._services = services
        self._heart = heart
        self._tasks: list[asyncio.Task[None]] = []
        self._listener: Listener | None = None
        self._fanout: Fanout | None = None
        self._teller: Teller | None = None
        self._bus: Any = None
        self.hub: Hub | None = None
        self.url = ""

    @property
    def urls(self) -> tuple[str, ...]:
        """Where holders ask; none where the plane is off."""
        return (self.url,) if self.url else ()

    @property
    def holders(self) -> int:
        """That listen now."""
        return len(self._fanout) if self._fanout is not None else 0

    def told(self, since: int) -> bytes:
        """A page of orders, as a pull gets it. Raises Unavailable ``relay.busy`` before there is one."""
        if self.hub is None:
            raise Unavailable("relay.busy")
        return msgspec.json.encode(self.hub.board.since(since))

    async def message(self, stop: Stop) -> bytes:
        """The order's message as it stands. Raises as `Teller.message`, Unavailable ``relay.busy`` before there is
        one."""
        if self._teller is None:
            raise Unavailable("relay.busy")
        return await self._teller.message(stop)

    async def explained(self, since: int, epoch: int) -> tuple[bytes, ...]:
        """What a warrant of change `epoch` needs beside it, for who knows the changes up to `since`: the messages of
        all later ones, told already or not yet; none where there are none, or more than a page. One that cannot be told
        now is left out: then the warrant is not taken up before it was heard."""
        if since >= epoch or self.hub is None:
            return ()
        board = self.hub.board
        found = board.after(since)
        if board.epoch >= epoch:
            return found
        late: list[bytes] = []
        for stop in self._core.book.stops():
            if max(stop.epoch, stop.changed) <= max(since, board.epoch):
                continue
            try:
                late.append(await self.message(stop))
            except AnswerableError as error:
                _log.error("the order %s cannot go with a warrant: %s", stop.rid, error.code)
        return (*found, *late)

    async def handed(self, body: bytes) -> bytes:
        """Take orders that a holder hands on; up to which change all is known here. Raises as `relay.posting.taken`,
        Unavailable ``relay.busy``."""
        if self.hub is None:
            raise Unavailable("relay.busy")
        await posting.taken(body, self.hub.view, self.hub.order, self._refused)
        return b'{"epoch":%d}' % self._core.book.epoch

    async def start(self, routes: Iterable[Route] = (), authorities: Mapping[str, bytes] | None = None) -> None:
        """routes: further ones. Raises Refused ``config.*``, ``bus.*``, Unavailable ``request.bind``, ``store.*``."""
        config, core = self._config, self._core
        alone = config.bus in ("", "memory:")
        services = self._services
        fanout = self._fanout = Fanout(bounds_of(config))
        if not alone:
            self._bus = open_bus(config.bus, secret_file=config.bus_secret_file, ca_file=config.bus_ca_file)
        trust = Trust(
            core.origin,
            issuers={services.issuer.kid: services.issuer.public},
            pulses=self._heart.view.trust.pulses if self._heart is not None else {},
            officers=OfficersNow(core.book),
            authorities=authorities or AuthoritiesNow(core.book),
            named=NamesNow(core.book),
        )
        view = HolderView(trust, ClockMode.SAME_HOST, pulse_required=False)
        hub = self.hub = Hub(Board(), fanout, view, core.clock, self._bus)
        self._teller = Teller(hub, core.book, core.reader, core.origin, core.keys.warrant, services.issuer.kid)
        core.watch(self._teller.follow, Space.STOPS)
        await self._teller.begin()
        if self._heart is not None:
            self._join(hub, self._heart)
        self._recall(hub)
        if config.port != OFF:
            plane = Plane(
                hub.board,
                fanout,
                (*self._routes(services), *posting.routes(hub, refused=self._refused), *routes),
                hosts=(config.host, *config.hosts),
            )
            self._listener = listener_of(config, plane)
            await self._listener.start()
            self.url = url_of(config, self._listener)
        self._tasks = [asyncio.create_task(each) for each in (fanout.run(), self._teller.run(), hub.run())]

    async def close(self) -> None:
        for task in self._tasks:
            task.cancel()
        await asyncio.gather(*self._tasks, return_exceptions=True)
        if self._fanout is not None:
            await self._fanout.close()
        if self._listener is not None:
            await self._listener.close()
        if self._bus is not None:
            await self._bus.close()

    def _refused(self, error: AnswerableError) -> None:
        """A bad order is evidence, whoever brought it: it is counted in the log."""
        self._core.ledger.count_refusal(error.code)

    def _recall(self, hub: Hub) -> None:
        """Orders past the registry, which does not tell of them, are kept beside it, and known again after a restart.
        Raises Unavailable ``store.failed``."""
        kept = OrderStore(self._core.config.store_path)
        known = dict.fromkeys(kept.read())

        def keep(data: bytes) -> None:
            if data in known:
                return
            known[data] = None
            try:
                kept.add(data)
            except AnswerableError as error:
                _log.error("an order past the registry is in force and was not kept: %s", error)

        hub.direct.append(keep)
        for data in tuple(known):
            try:  # its signers were known when it was taken: who left office since takes nothing back
                told = hub.view.order(data, vouched=True, kept=True)
            except AnswerableError as error:
                _log.error("an order that was kept cannot be read: %s", error.code)
                continue
            if told is not None:
                hub.tell(told)

    def _join(self, hub: Hub, heart: Heart) -> None:
        """What comes here, by plane or bus, reaches our own gateway; a pulse that comes to it by socket or file is
        carried on."""

        def here(data: bytes) -> None:
            if data != heart.newest:
                _quietly(heart.take, data)

        def on(data: bytes) -> None:
            if data != hub.board.pulse:
                _quietly(hub.pulse, data)

        hub.heard.append(here)
        hub.direct.append(heart.order)
        heart.pulsed.append(on)

    def _routes(self, services: Services) -> tuple[Route, ...]:
        ask = msgspec.json.Decoder(warrants.AskWarrant).decode

        async def warrant(call: Call) -> Answer:
            try:
                body = ask(call.body)
            except (msgspec.MsgspecError, UnicodeDecodeError) as error:
                raise Refused("admin.request", detail=str(error)[:300]) from None
            return Answer(msgspec.json.encode(await warrants.ask(services, ControlCall(body))))

        async def receipt(call: Call) -> Answer:
            return Answer(msgspec.json.encode(await confirmed.take(services, call.body)))

        return (
            Route("POST", WARRANTS, warrant),
            Route("POST", RECEIPTS, receipt, limit=MAX_RECEIPT),
        )


class OfficersNow(Mapping[str, bytes]):
    """The keys of officers in office, as the registry stands when one is looked for."""

    def __init__(self, book: Book) -> None:
        self._book = book

    def __getitem__(self, kid: str) -> bytes:
        admin = in_office(self._book, kid)
        if admin is None:
            raise KeyError(kid)
        return unb64u(admin.key)

    def __iter__(self) -> Iterator[str]:
        return (admin.rid for admin in self._book.admins() if admin.rid in self)

    def __len__(self) -> int:
        return sum(1 for _ in self)


def _quietly(take: Callable[[bytes], object], data: bytes) -> None:
    try:
        take(data)
    except AnswerableError:
        return  # whoever brought it was told; the other side knows as much already
