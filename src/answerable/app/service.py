# SPDX-License-Identifier: Apache-2.0
"""The service: gateway and control plane over one open store, wired here and nowhere else."""

from __future__ import annotations

import asyncio
import logging
import ssl
from collections.abc import Awaitable, Callable, Coroutine, Sequence
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import Any, Final

import msgspec

from answerable.admission.stopset import StopSet
from answerable.admission.trust import Trust
from answerable.app import event_door, wiring
from answerable.app.beating import Heart, heart_of
from answerable.app.canary import CanaryRun
from answerable.app.core import Core
from answerable.app.drilling import Drills
from answerable.app.holding import Keeper
from answerable.app.keys import feed_key, label_key
from answerable.app.loops import Loops
from answerable.app.media_labelling import ChildLabeller
from answerable.app.node_audiences import Audiences
from answerable.app.node_canary import Perch
from answerable.app.node_desk import NodeDesk
from answerable.app.node_desk import routes as node_routes
from answerable.app.node_feed import SPACES, Feed
from answerable.app.node_records import Noted
from answerable.app.own_tools import OwnTools
from answerable.app.own_words import OwnWords
from answerable.app.policing import Policing
from answerable.app.recovering import Recovery
from answerable.app.recovering import routes as recovery_routes
from answerable.app.redlines import RedLines
from answerable.app.relaying import HoldersPlane, OfficersNow
from answerable.app.reminding import Reminder
from answerable.app.repeats import Repeats
from answerable.app.rostered import AuthoritiesNow, NamesNow
from answerable.app.serving import OwnRegistry, Say, Serving
from answerable.app.spending import spending_of, tidy
from answerable.app.tool_servers import ToolServers
from answerable.config import Config
from answerable.control import finishing
from answerable.control.api import build
from answerable.control.auth import Doorkeeper
from answerable.control.labelling import Labelling
from answerable.control.routes import confirmed
from answerable.control.services import Services
from answerable.errors import Refused, Unavailable
from answerable.gateway.readiness import DRILLS, LEDGER, PULSE, WITNESSES
from answerable.marks import provider_code
from answerable.model.records import Copy, Party, Stop
from answerable.model.terms import OrderKind
from answerable.model.units import EPOCH, Effect, Put, Space
from answerable.net.bind import unix
from answerable.net.bridge import asgi
from answerable.net.server import Listener
from answerable.pipeline.deps import Deps
from answerable.pipeline.flights import Flights
from answerable.ports import Directory
from answerable.privacy.retention import Retention
from answerable.registry import ids
from answerable.registry import keys as registered
from answerable.registry.duties import Watch
from answerable.sequencer.halted import Halted
from answerable.sequencer.sequencer import Sequencer
from answerable.telemetry.metrics import Metrics
from answerable.telemetry.steps import StepTracer
from answerable.tools import accounts, attestations
from answerable.warrants.desk import Desk
from answerable.warrants.envelopes import Envelopes
from answerable.warrants.gate import Gate, audience_of
from answerable.warrants.holder import Holder
from answerable.warrants.issuer import Issuer, unheard

_stop: Final = msgspec.json.Decoder(Stop).decode
GRACE_S: Final = 3.0  # what calls in flight get to end by themselves when the service closes

log: Final = logging.getLogger("answerable.service")


@dataclass(frozen=True, slots=True)
class Address:
    """Where a service answers. gateway: base URL for OpenAI's clients, with ``/v1``; holders: where holders elsewhere
    ask, "" where they cannot."""

    gateway: str
    control: Path
    holders: str = ""


class Service:
    """Everything between `start` and `close`, on one event loop. Takes the core over: it is closed with the service."""

    def __init__(self, core: Core, say: Say = lambda _en, _zh: None) -> None:
        self.core = core
        self._own = OwnRegistry(core)
        self.serving = Serving(self._own, say)
        self.servers = ToolServers(self._own, self.serving.models, partial(OwnTools, core))
        self._words: OwnWords | None = None
        self._retention = Retention(core.config.retention.rules, core.config.store.payload_days, core.book)
        self._reminder = Reminder(core.book, core.clock)
        self._repeats = Repeats(core)
        self._loops = Loops()
        self._endings: set[asyncio.Task[Any]] = set()
        self._served = False
        self._listeners: list[Listener] = []
        self._heart: Heart
        self.plane: HoldersPlane | None = None
        self._red_lines = RedLines(core) if not isinstance(core.ledger, Halted) else None
        self.canary: CanaryRun | None = None
        self.drills: Drills | None = None
        self.recovery: Recovery | None = None  # None where the store is read-only for another reason
        self.feed = Feed(core.book)
        core.watch(self.feed.applied, *SPACES)
        self._media: ChildLabeller | None = None
        self.before_close: Callable[[], Awaitable[None]] | None = None  # while both planes still answer

    async def start(self) -> Address:
        """Listen. Raises Refused ``config.*``, Unavailable ``request.bind``, ``upstream.*``: then nothing answers."""
        core, config = self.core, self.core.config
        started = core.now  # whatever is signed from here on this issuer knows of
        sock = wiring.outer_socket(config)
        try:
            deps, issuer, holder, metrics = await self._wire()
            heart = self._heart
            if core.ledger.failure is None:  # a store that cannot be written serves no model
                self._served = True
                await self.serving.start()
                await self.servers.start()
        except BaseException:
            sock.close()
            raise
        outer = wiring.outer_listener(config, sock, deps, metrics, self._ready, self._handed)
        url = wiring.base_url(config, outer)
        services = Services(
            book=core.book,
            ledger=core.ledger,
            reader=core.reader,
            clock=core.clock,
            doorkeeper=Doorkeeper(core.book, core.clock, core.origin),
            issuer=issuer,
            origin=core.origin,
            index_key=core.keys.index,
            gateway=url,
            audience=audience_of(core.book.domain),
            operator=operator_of(core.book, config).id,
            trust=core.trust.decode(),
            flights=deps.flights,
            anchors=anchors(config),
            log_key=core.signer,
            problems=self._problems,
            cosigned=core.ledger.cosigned,
            retention=self._retention,
            feed_key=feed_key(config.store_path),
            metrics=lambda: metrics.render().decode(),
            store=str(config.store_path),
            heard=lambda: self.node_desk.heard,
            recovery=self.recovery,
            drills=self.drills,
            demo=core.demo,
            certificates=wiring.asks_certificates(config),
            started_ms=started,
            pulses=heart.shown,
            heart=heart if heart.pinned else None,
            envelopes=self._envelopes,
            planes=lambda: plane.urls,
            redlines=config.redlines,
            incidents=config.incidents,
            watch=self._red_lines,
            holds=self._keeper.holds,
            spending=self._spending,
            policy=self._policing.digest,
            policing=self._policing,
            texts=deps.detectors,
            servers=self.servers,
            attesters=config.registry.attesters,
            labels=Labelling(deps, lambda: label_key(config.store_path)),
            find_marks=self.serving.find_marks,
            calls=self._repeats.calls,
            told=lambda since: plane.told(since),
            explained=lambda since, epoch: plane.explained(since, epoch),
        )
        self._words = OwnWords(
            self._own, self.serving, self._flights, self._noted, lambda data: confirmed.take(services, data)
        )
        self._keeper.bind(services)
        if self._red_lines is not None:
            self._red_lines.bind(services)
        plane = self.plane = HoldersPlane(core, services, heart)
        metrics.gauge("answerable_holders", "Holders that listen for orders.", lambda: plane.holders)
        recovery = self.recovery
        self.node_desk = NodeDesk(
            services,
            self.feed,
            services.doorkeeper,
            core.keys.warrant,
            canary=lambda: self.canary.copy if self.canary is not None else "",
            shown=recovery.node if recovery is not None else None,
            message=lambda stop: plane.message(stop),
        )
        inner = Listener(asgi(build(services)), unix(config.socket_path))
        self._listeners = [outer, inner]
        for listener in self._listeners:
            await listener.start()
        loops = self._loops
        loops.start("warrants", issuer.run())
        loops.start("own warrants", holder.run())
        loops.start("erasures", finishing.run(core.book, core.ledger))
        loops.start("reminders", self._reminder.run())
        loops.start("policy folder", self._policing.run())
        self._later(tidy(core, self._spending))
        loops.start("repeated calls", self._repeats.run())
        if not isinstance(core.ledger, Halted):
            loops.start("holds", self._keeper.run())
        if heart.pinned and (carried := wiring.as_path(config.pulse.file)) is not None:
            loops.start("pulse file", heart.watch(carried))
        if self._red_lines is not None:
            loops.start("red lines", self._red_lines.run())
        self._issuer = issuer
        await plane.start(
            (
                *node_routes(self.node_desk),
                *event_door.routes(services),
                *(recovery_routes(recovery, core.ledger.count_refusal) if recovery is not None else ()),
            )
        )
        if self.canary is not None:
            loops.start("canary", self.canary.run())
        if recovery is not None:
            recovery.opened()
            loops.start("recovery", recovery.run())
            if plane.hub is not None:
                plane.hub.taken.append(lambda told: self._later(recovery.shown((told.data,))))
        return Address(url, config.socket_path, plane.url)

    async def _handed(self, body: bytes) -> bytes:
        """Orders that a holder of a warrant hands on to our own gateway."""
        if self.plane is None:
            raise Unavailable("relay.busy")
        return await self.plane.handed(body)

    def hang_up(self) -> None:
        """SIGHUP: the policy folder is taken as it is now."""
        self._policing.hang_up()

    async def close(self) -> None:
        """Take no more, end what is in flight, write what waits, end the models, let the store go."""
        if self.before_close is not None and self._listeners:
            await self.before_close()
        if self.plane is not None:
            await self.plane.close()
        if self._listeners:
            # Shorter than the listener's own grace: whoever is cut is told why, and so is the record.
            grounding = asyncio.get_running_loop().call_later(GRACE_S, self._flights.ground)
            for listener in self._listeners:
                await listener.close()
            grounding.cancel()
        if self.drills is not None:
            await self.drills.close()
        await self._loops.close()
        await asyncio.gather(*self._endings, return_exceptions=True)
        try:
            if self._media is not None:
                await self._media.close()
            await self.servers.close()
            await self.serving.close()
            if self._loops:
                await self._issuer.flush()
            if self._red_lines is not None:
                await self._red_lines.close()
        finally:
            await self.core.close()

    async def _wire(self) -> tuple[Deps, Issuer, Holder, Metrics]:
        core, config = self.core, self.core.config
        policing = self._policing = await Policing.load(core)
        detectors = await wiring.load_plugins(core, "detectors", config.detectors.use)
        duties = Watch(core.book, lambda: core.book.changes)
        keeper = self._keeper = Keeper(core, policing.digest)
        self._spending = spending_of(core)
        audience = audience_of(core.book.domain)
        kid = (core.book.raw(Space.MISC, "issuer") or b"").decode()
        issuer = Issuer(
            directory=core.book,
            ledger=core.ledger,
            clock=core.clock,
            signer=core.keys.warrant,
            iss=f"spiffe://{core.book.domain}/issuer/main",
            kid=kid,
            audiences=Audiences(core.book, audience),
            lapsed=duties.lapsed,
            may_sign=lambda: self.recovery.may_sign() if self.recovery is not None else None,
            asked=self._red_lines.watching.asked if self._red_lines is not None else unheard,
        )
        self._envelopes = Envelopes(
            directory=core.book,
            ledger=core.ledger,
            clock=core.clock,
            signer=core.keys.warrant,
            iss=issuer.iss,
            kid=kid,
            lapsed=duties.lapsed,
            may_sign=issuer.may_sign,
        )
        holder = Holder(issuer=issuer, directory=core.book, clock=core.clock, aud=audience)
        issuers = {kid: issuer.public}
        trust = Trust(
            core.origin,
            issuers=issuers,
            officers=OfficersNow(core.book),
            authorities=AuthoritiesNow(core.book),
            named=NamesNow(core.book),
        )
        heart = self._heart = heart_of(
            config.pulse, core.book, core.clock, trust, lambda: self._flights.stops_changed()
        )
        if isinstance(core.ledger, Sequencer):
            recovery = self.recovery = Recovery(core, heart.view.trust, ended=self._recovered)
            heart.pulsed.append(lambda data: self._later(recovery.pulsed(data)))
        gate = Gate(core.book, core.clock, audience, heart.view)
        flights = self._flights = Flights(gate)
        core.watch(lambda effects: self._follow_stops(flights, effects), Space.COUNTERS)
        metrics = Metrics()
        metrics.gauge("answerable_flights", "Actions in flight.", lambda: len(flights))
        reminder = self._reminder
        metrics.gauge(
            "answerable_suspensions_waiting", "Suspensions that wait for people.", lambda: len(reminder.open_ones())
        )
        keeper.measure(metrics)
        if isinstance(core.ledger, Sequencer):
            perch = Perch(core.book, gate, holder, core.clock, {})
            operator, may_sign = operator_of(core.book, config).rid, issuer.may_sign
            self.canary = CanaryRun(core, operator, perch, lambda its: self.node_desk.perched(its), may_sign)
            self.canary.measure(metrics)
            self.drills = Drills(core, self.canary, issuer)
        if core.witnesses is not None:
            core.witnesses.measure(metrics.gauge)
        noted = self._noted = Noted(core.ledger, core.clock)
        self._media = wiring.labels_media(config, producer(core, config), self._pin)
        deps = Deps(
            clock=core.clock,
            desk=Desk(
                directory=core.book,
                clock=core.clock,
                holder=holder,
                issuers=issuers,
                iss=issuer.iss,
                told=heart.view,
                demand=wiring.demands_certificates(config),
            ),
            gate=gate,
            models=self.serving.models,
            policies=policing.policies,
            tools=self.servers.tools,
            attested=lambda system, predicate: attestations.holds(core.book, system.rid, predicate, core.now),
            holds=keeper.holds,
            ledger=noted,
            detectors=detectors,
            meter=wiring.meter_of(config),
            tracer=StepTracer(metrics, wiring.spans_of(config)),
            flights=flights,
            duties_met=duties.met,
            tier_of=partial(accounts.tier, core.book),
            provider=producer(core, config),
            index_key=core.keys.index,
            deadline_s=config.gateway.deadline_s,
            keep=self._retention.until if config.retention.rules else None,
            media=self._media,
            calls=self._repeats.calls,
            budgets=self._spending,
        )
        return deps, issuer, holder, metrics

    async def _pin(self) -> None:
        """The label key stands in the registry before a label is signed with it."""
        core = self.core
        operator = operator_of(core.book, core.config)
        planned = registered.enrol_label(core.book, operator, label_key(core.config.store_path), core.now)
        if planned is not None:
            await core.ledger.commit(planned.unit)

    def _follow_stops(self, flights: Flights, effects: tuple[Effect, ...]) -> None:
        """A stop reaches what is in flight at once, and ends the models that it terminates."""
        if any(effect.space is Space.COUNTERS and effect.key == EPOCH for effect in effects):
            flights.stops_changed()
            self.servers.halt()
            given = [
                stop
                for effect in effects
                if effect.space is Space.STOPS
                and isinstance(effect, Put)
                and not (stop := _stop(effect.value)).released
            ]
            self._later(self._stopped(given))

    async def _stopped(self, given: Sequence[Stop]) -> None:
        """What is served here confirms the orders, then models that one terminated end."""
        left: list[Awaitable[None]] = []
        for stop in given:
            if self._words is not None:
                left += await self._words.of(stop)
        ended = partial(terminated, self.core.book, now_ms=self.core.now)
        await asyncio.gather(self.serving.end_terminated(ended), self.servers.end_terminated(ended))
        await asyncio.gather(*left)

    def _later(self, work: Coroutine[Any, Any, object]) -> None:
        """In the background: who ordered is not kept waiting, nor who showed what may be missing here."""
        task = asyncio.get_running_loop().create_task(work)
        self._endings.add(task)
        task.add_done_callback(self._ended)

    async def _recovered(self) -> None:
        """Models are served again, or for the first time in this run."""
        if not self._served:
            self._served = True
            await self.serving.start()
            await self.servers.start()

    def _ended(self, task: asyncio.Task[Any]) -> None:
        self._endings.discard(task)
        if not task.cancelled() and (failure := task.exception()) is not None:
            log.error("what an order asked for, or was shown, could not be done", exc_info=failure)

    def _ready(self) -> dict[str, str]:
        failure = self.core.ledger.failure
        witnesses = self.core.witnesses
        watched = {WITNESSES: witnesses.problem} if witnesses is not None else {}
        beating = {PULSE: self._heart.problem()} if self._heart.view.pulse_required else {}
        drilled = {DRILLS: problem} if self.canary is not None and (problem := self.canary.problem()) else {}
        return {
            LEDGER: failure.code if failure is not None else "",
            **watched,
            **drilled,
            **beating,
            **self._loops.problems(),
            **self.servers.problems(),
            **({} if self.servers.names() and not self.core.config.upstreams else self.serving.problems()),
        }

    def _problems(self) -> dict[str, str]:
        witnesses = self.core.witnesses
        each = {f"witness {name}": code for name, code in witnesses.problems.items()} if witnesses is not None else {}
        erasures = {"erasures": "privacy.unfinished" if finishing.waiting(self.core.book) else ""}
        red = self._red_lines.problems() if self._red_lines is not None else {}
        waiting = dict(self._reminder.problems()) | self._keeper.problems() | self._policing.problems()
        return {part: code for part, code in (self._ready() | each | erasures | red | waiting).items() if code}


def terminated(directory: Directory, copy: Copy, now_ms: int) -> bool:
    """Whether a termination reaches the copy, whatever suspensions reach it beside."""
    system = directory.system(copy.system)
    if system is None:
        return True
    ended = StopSet.of(stop for stop in directory.stops() if stop.kind != OrderKind.SUSPEND)
    numbers = tuple(sorted((*system.ancestors, system.num)))
    order = ended.blocks(copy=copy.rid, numbers=numbers, party="", worlds=system.worlds, now_ms=now_ms)
    return bool(order or ended.blocks_parties((entry.party for entry in system.parties), now_ms))


def producer(core: Core, config: Config) -> str:
    """`producer_of` this store's own registry."""
    return producer_of(core.book, config)


def producer_of(book: Directory, config: Config) -> str:
    """The label's ContentProducer: the operator's provider code where its identifier has one, else the identifier
    itself. A code is never invented. Raises as `operator_of`.
    """
    party = operator_of(book, config)
    known = ids.parse(party.id)
    return provider_code.make(known.value, config.labels.code) if known.scheme == "NTRCN" else party.id


def operator_of(book: Directory, config: Config) -> Party:
    """The party that runs this gateway: the config's, or the one that `init` was told. Raises Refused ``config.value``
    for one that is not registered."""
    named = config.labels.operator or (book.raw(Space.MISC, "operator") or b"").decode()
    party = book.party(named)
    if party is None:
        raise Refused("config.value", detail=f"labels.operator: {named!r} is not a registered party")
    return party


def anchors(config: Config) -> tuple[bytes, ...]:
    """DER of the root certificates that the config names. Raises Refused ``config.value`` for a file that holds
    none."""
    found: list[bytes] = []
    for name in config.registry.anchors:
        try:
            text = Path(name).expanduser().read_text(encoding="ascii")
            found.append(ssl.PEM_cert_to_DER_cert(text.strip()))
        except (OSError, ValueError) as error:
            raise Refused("config.value", detail=f"registry.anchors: {name}: {error}") from None
    return tuple(found)
