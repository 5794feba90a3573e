# SPDX-License-Identifier: Apache-2.0
"""A gateway node: the path of the service on another host, over the registry of its control plane.

It has a store and a log of its own for its actions, follows the registry, keeps the warrants of the copies that it
serves and of its handles, and decides by itself: an order stops it by whatever way it comes. With the network cut it
goes on until its warrants or its pulse end, then refuses.
"""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Awaitable, Callable, Coroutine, Sequence
from contextlib import suppress
from functools import partial
from typing import Any, Final

from answerable.admission.clocks import ClockMode
from answerable.admission.holding import HolderView
from answerable.admission.orders import Told
from answerable.app import wiring
from answerable.app.core import Core
from answerable.app.loops import Loops
from answerable.app.media_labelling import ChildLabeller
from answerable.app.node_canary import Perch
from answerable.app.node_card import Card, read_card
from answerable.app.node_create import node_key
from answerable.app.node_follow import Follow
from answerable.app.node_gate import NodeGate
from answerable.app.node_link import Link
from answerable.app.node_onsite import OnSpot, copy_keys
from answerable.app.node_records import HandIn, Noted, Receipts
from answerable.app.node_repeat import Repeater, RepeatingDesk
from answerable.app.node_replica import Replica
from answerable.app.node_routes import NODE_ROUTES, Elsewhere
from answerable.app.node_serving import FarRegistry
from answerable.app.order_store import OrderStore
from answerable.app.policing import Policing
from answerable.app.service import GRACE_S, Address, operator_of, producer_of, terminated
from answerable.app.serving import Say, Serving
from answerable.app.spending import refuse_at_node
from answerable.control.api import build
from answerable.control.auth import Doorkeeper
from answerable.control.services import Services
from answerable.errors import AnswerableError, Refused, Unavailable
from answerable.gateway.readiness import ADMISSION, CONTROL, LEDGER, WITNESSES
from answerable.model.records import Copy
from answerable.net.bind import unix
from answerable.net.bridge import asgi
from answerable.net.events import Follower
from answerable.net.limits import Limits
from answerable.net.relay_client import RelayClient
from answerable.net.server import Listener
from answerable.net.timex import read_clock
from answerable.pipeline.deps import Deps
from answerable.pipeline.flights import Flights
from answerable.privacy.retention import Retention
from answerable.registry.duties import Watch
from answerable.relay import posting
from answerable.telemetry.metrics import Metrics
from answerable.telemetry.steps import StepTracer
from answerable.tools import accounts
from answerable.warrants.desk import Desk
from answerable.warrants.far import Ask, FarHolder

CLOCK_S: Final = 10.0
RECEIPTS_S: Final = 0.1
DRAIN_S: Final = 0.02
SAVE_S: Final = 30.0
# An on-site issuer stands beside the node: one that does not answer at once is asked again before a warrant ends.
ON_SITE: Final = Limits(connections=2, waiting=16, connect=0.5, head=0.5, silence=0.5)
# How long a first start waits for the control plane.
FIRST_S: Final = 10.0
log: Final = logging.getLogger("answerable.node")


class Node:
    """Everything between `start` and `close`, on one event loop. Takes the core over: it is closed with the node."""

    def __init__(self, core: Core, say: Say = lambda _en, _zh: None) -> None:
        """Raises Refused ``node.card``, ``config.value``, ``log.key``: then the core is not taken over."""
        config = core.config
        self.core = core
        self.card: Card = read_card(config.store_path)
        if not config.node.control:
            raise Refused("config.value", detail="node.control: the address of the control plane's holders' plane")
        if config.servers:
            # What runs once, waits for people or draws on a budget does so in one store's own rows.
            raise Refused("config.value", detail="servers: tools are called at the registry's own gateway alone")
        self._key = node_key(config.store_path)
        self.replica = Replica(self.card.domain)
        self.view = HolderView(self.card.trust(), _mode(config.node.clock))
        self.link = Link(config.node.control, self.card, self._key, core.clock, ca_file=config.node.ca_file)
        self.follow = Follow(
            self.link, self.replica, self.view, OrderStore(config.store_path), self._changed, self._told
        )
        self.relays = Follower(
            (config.node.control, *config.node.relays),
            self.view,
            wall=core.clock.now_ms,
            mono=core.clock.mono_ms,
            ca_file=config.node.ca_file,
            told=self._told,
        )
        self.gate = NodeGate(self.replica, core.clock, self.card.audience, self.view, self.follow.hurry)
        self.flights = Flights(self.gate)
        self.repeater = Repeater(core, self.replica, self.link.leaves)
        self._sites = {
            f"spiffe://{self.card.domain}/onsite/{name}": RelayClient(url, limits=ON_SITE)
            for name, url in config.node.onsite.items()
        }
        behind = tuple(name for name, upstream in config.upstreams.items() if upstream.url)
        self.on_spot = OnSpot(
            sites=self._sites,
            keys=lambda: copy_keys(config.store_path, behind),
            card=self.card,
            replica=self.replica,
            clock=core.clock,
            may_begin=lambda: self.view.check(core.clock.now_ms(), core.clock.mono_ms()),
            ensure=self.repeater.ensure,
            knows=self.follow,
        )
        self.holder = FarHolder(
            ask=self.link.warrants,
            directory=self.replica,
            clock=core.clock,
            aud=self.card.audience,
            issuers={self.card.kid: self.card.public},
            iss=self.card.issuer,
            spare=self.on_spot.spare,
            ensure=self.repeater.ensure,
            told=self.view,
        )
        self.noted = Noted(core.ledger, core.clock)
        self.receipts = Receipts(core, self.replica, self.noted, self.card, self._key, self.link)
        self.hand_in = HandIn(core, self.link)
        self.perch = Perch(
            self.replica, self.gate, self.holder, core.clock, self.receipts.admitted, tell=self.link.perch
        )
        self.serving = Serving(FarRegistry(self.replica, self.link, self.card, config, core.clock), say)
        self._retention = Retention(config.retention.rules, config.store.payload_days, self.replica)
        self._loops = Loops()
        self._media: ChildLabeller | None = None
        self._endings: set[asyncio.Task[object]] = set()
        self._listeners: list[Listener] = []
        self._saved = -1
        self._served = False
        self.before_close: Callable[[], Awaitable[None]] | None = None

    async def start(self) -> Address:
        """Listen. A node that has followed its control plane before starts without it, and refuses until it has seen it
        again. Raises Refused ``config.*``, Unavailable ``node.away``, ``request.bind``, ``store.*``, ``upstream.*``:
        then nothing answers."""
        config = self.core.config
        await self._read_clock()
        known = self.follow.recall()
        log.debug("%d orders are known from before", known)
        sock = wiring.outer_socket(config)
        try:
            if not self.replica.restore(config.store_path):
                await self._first()
            deps, metrics = await self._wire()
        except BaseException:
            sock.close()
            await self.link.close()
            raise
        outer = wiring.outer_listener(config, sock, deps, metrics, self._ready, self._handed)
        url = wiring.base_url(config, outer)
        inner = Listener(asgi(build(self._services(url, metrics), NODE_ROUTES)), unix(config.socket_path))
        self._listeners = [outer, inner]
        for listener in self._listeners:
            await listener.start()
        loops = self._loops
        loops.start("following", self.follow.run())
        loops.start("relays", self.relays.run())
        loops.start("own warrants", self.holder.run())
        if self._sites:
            loops.start("on-site issuers", self.on_spot.run())
        loops.start("clock", self._every(CLOCK_S, self._read_clock))
        loops.start("receipts", self._every(RECEIPTS_S, self.receipts.flush))
        loops.start("handing in", self._every(config.node.hand_in_s, self._hand_in))
        loops.start("saving", self._every(SAVE_S, self._save))
        loops.start("models", self._serve())
        loops.start("policy folder", self._policing.run())
        return Address(url, config.socket_path)

    def hang_up(self) -> None:
        """SIGHUP: the policy folder is taken as it is now."""
        self._policing.hang_up()

    async def close(self) -> None:
        """Take no more, end what is in flight, give the warrants back, hand in the last checkpoint, let the store
        go."""
        if self.before_close is not None and self._listeners:
            await self.before_close()
        if self._listeners:
            grounding = asyncio.get_running_loop().call_later(GRACE_S, self.flights.ground)
            for listener in self._listeners:
                await listener.close()
            grounding.cancel()
        self.perch.close()
        await self._loops.close()
        await asyncio.gather(*self._endings, return_exceptions=True)
        try:
            if self._media is not None:
                await self._media.close()
            if self._served:
                with suppress(AnswerableError):
                    await self.serving.close()
            if self.replica.seen:
                await self._farewell()
        finally:
            for site in self._sites.values():
                await site.close()
            await self.link.close()
            await self.core.close()

    async def _first(self) -> None:
        """Everything, from a control plane that must answer: nothing is known here yet."""
        try:
            async with asyncio.timeout(FIRST_S):
                while not await self.follow.once():
                    continue
        except TimeoutError:
            raise Unavailable("node.away", detail="it is too slow") from None
        self.replica.save(self.core.config.store_path)

    async def _wire(self) -> tuple[Deps, Metrics]:
        core, config = self.core, self.core.config
        policing = self._policing = await Policing.load(core)
        detectors = await wiring.load_plugins(core, "detectors", config.detectors.use)
        duties = Watch(self.replica, lambda: self.replica.changes)
        metrics = Metrics()
        metrics.gauge("answerable_flights", "Actions in flight.", lambda: len(self.flights))
        metrics.gauge("answerable_node_warrants", "Warrants that this node keeps.", lambda: len(self.holder))
        metrics.gauge("answerable_node_epoch", "Change of the stop set that this node knows.", lambda: self.view.epoch)
        metrics.gauge(
            "answerable_node_heard_milliseconds",
            "Since the control plane was heard last.",
            lambda: core.clock.mono_ms() - self.link.heard_ms,
        )
        metrics.gauge("answerable_node_receipts", "Stop receipts that were taken.", lambda: self.receipts.sent)
        refuse_at_node(config)
        desk = Desk(
            directory=self.replica,
            clock=core.clock,
            holder=self.holder,
            issuers={self.card.kid: self.card.public},
            iss=self.card.issuer,
            told=self.view,
            demand=wiring.demands_certificates(config),
        )
        # A node has no key that the registry knows as a label's: its labels lead to the log, and are not signed.
        media = self._media = wiring.labels_media(config, producer_of(self.replica, config), signs=False)
        deps = Deps(
            clock=core.clock,
            desk=RepeatingDesk(desk, self.repeater),
            gate=self.gate,
            models=self.serving.models,
            policies=policing.policies,
            ledger=self.noted,
            detectors=detectors,
            meter=wiring.meter_of(config),
            tracer=StepTracer(metrics, wiring.spans_of(config)),
            flights=self.flights,
            duties_met=duties.met,
            tier_of=partial(accounts.tier, self.replica),
            provider=producer_of(self.replica, config),
            index_key=core.keys.index,
            deadline_s=config.gateway.deadline_s,
            keep=self._retention.until if config.retention.rules else None,
            media=media,
        )
        return deps, metrics

    def _services(self, url: str, metrics: Metrics) -> Services:
        core, config = self.core, self.core.config
        return Services(
            book=self.replica,
            ledger=core.ledger,
            reader=core.reader,
            clock=core.clock,
            doorkeeper=Doorkeeper(self.replica, core.clock, core.origin),
            issuer=Elsewhere.issuer(),
            origin=core.origin,
            find_marks=self.serving.find_marks,
            index_key=core.keys.index,
            gateway=url,
            audience=self.card.audience,
            operator=operator_of(self.replica, config).id,
            trust=core.trust.decode(),
            flights=self.flights,
            log_key=core.signer,
            problems=lambda: {p: code for p, code in (self._ready() | self._policing.problems()).items() if code},
            policy=self._policing.digest,
            policing=self._policing,
            cosigned=core.ledger.cosigned,
            metrics=lambda: metrics.render().decode(),
            store=str(config.store_path),
            started_ms=core.now,
        )

    async def _serve(self) -> None:
        """Start the models once the control plane was seen: their copies are registered there."""
        while not self._served:
            if self.replica.seen:
                try:
                    await self.serving.start()
                    self._served = True
                    return
                except Unavailable as error:
                    log.error("no model is served yet: %s", error)
            await asyncio.sleep(0.2)

    async def _changed(self, parties: tuple[str, ...]) -> None:
        """The replica followed a change."""
        self.flights.stops_changed()
        self.perch.look()
        if parties:
            await self.repeater.refresh(parties)
        self._end(lambda copy: terminated(self.replica, copy, self.core.now))

    async def _handed(self, body: bytes) -> bytes:
        """Orders that a holder of a warrant hands on; what is refused of them is counted in the log."""
        await posting.taken(body, self.view, self._heard, lambda error: self.core.ledger.count_refusal(error.code))
        return b'{"epoch":%d}' % self.follow.known()

    def _heard(self, data: bytes) -> Told | None:
        told = self.view.order(data)
        if told is not None:
            self._told(told)
        return told

    def _told(self, order: Told) -> None:
        """An order takes effect here, now."""
        self.replica.touch()
        cut = self.flights.stops_changed()
        self.follow.keep(order)
        if not order.stop.released:
            self.perch.stopped()
            self.receipts.told(order, cut)
            if cut:
                self._later(self._drained(order))
        self._end(lambda copy: terminated(self.replica, copy, self.core.now))

    def _end(self, gone: Callable[[Copy], bool]) -> None:
        """Models that an order terminated end."""
        self._later(self.serving.end_terminated(gone))

    async def _drained(self, order: Told) -> None:
        """What the order cut has come to its end, with its record: the last word for it."""
        while self.flights.stops_changed():  # noqa: ASYNC110  # flights are counted, not awaited
            await asyncio.sleep(DRAIN_S)
        self.receipts.told(order, 0)

    def _later(self, work: Coroutine[Any, Any, object]) -> None:
        task = asyncio.get_running_loop().create_task(work)
        self._endings.add(task)
        task.add_done_callback(self._endings.discard)

    def _ready(self) -> dict[str, str]:
        failure, witnesses = self.core.ledger.failure, self.core.witnesses
        watched = {WITNESSES: witnesses.problem} if witnesses is not None else {}
        return {
            LEDGER: failure.code if failure is not None else "",
            ADMISSION: self.gate.problem(),
            CONTROL: self.follow.problem,
            **watched,
            **self._loops.problems(),
            **self.serving.problems(),
        }

    async def _every(self, seconds: float, work: Callable[[], Coroutine[Any, Any, object]]) -> None:
        """Now and then, until cancelled. What cannot be done now is done the next time."""
        while True:
            await asyncio.sleep(seconds)
            try:
                await work()
            except AnswerableError as error:
                log.debug("%s", error)

    async def _read_clock(self) -> None:
        if (reading := read_clock()) is not None:
            self.view.clock(reading)

    async def _hand_in(self) -> None:
        await self.hand_in.once()

    async def _save(self) -> None:
        if self.replica.seen and self.replica.changes != self._saved:
            self._saved = self.replica.changes
            self.replica.save(self.core.config.store_path)

    async def _farewell(self) -> None:
        """Whoever starts this node again need not wait for the warrants of this boot to end."""
        asks: Sequence[Ask] = self.holder.held()
        with suppress(AnswerableError, TimeoutError):
            async with asyncio.timeout(2.0):
                if asks:
                    await self.link.give_back(asks)
                await self.hand_in.once()
                await self._save()


def _mode(text: str) -> ClockMode:
    try:
        return ClockMode(text)
    except ValueError:
        raise Refused("config.value", detail=f"node.clock: {text!r} is not ntp or same-host") from None
