# SPDX-License-Identifier: Apache-2.0
"""The canary: every ten minutes a system that does nothing is really stopped on each gateway, and replaced.

It is registered, its copy runs, each gateway is given a warrant for it and admits it by its own gate. Then it is
terminated, and each gateway says in its receipt when it knew, and when it had admitted it last. How long the last one
took and who did not answer is a record, a figure and, where one did not answer, an alarm.
"""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Callable
from typing import Final

import msgspec
from msgspec import UNSET

from answerable.admission.bound import bound_of
from answerable.admission.ttl import life_class
from answerable.app.core import Core, Plan
from answerable.app.keys import canary_key
from answerable.app.node_canary import Perch
from answerable.control.drills import CanaryState, CanaryTold
from answerable.crypto.b64 import b64u
from answerable.crypto.ed25519 import Key
from answerable.crypto.random import nonce
from answerable.errors import AnswerableError, Refused, Unavailable
from answerable.log import leaf as leaves
from answerable.log.statement import to_sign
from answerable.model.leaves import DrillLeaf, KeyLeaf
from answerable.model.records import Confirmed, Stop, System
from answerable.model.terms import Audience, Criticality, Role, SystemKind, World
from answerable.model.units import Committed, Expect, Put, Space, Unit
from answerable.registry import copies, nodes, systems
from answerable.registry.requests import EndCopy, PartySpec, RegisterSystem, StartCopy
from answerable.stops import drills
from answerable.stops.planned import Reason
from answerable.telemetry.metrics import Metrics

MAIN: Final = nodes.MAIN
# Gateways are given so long to take in a fresh canary before it is stopped.
PERCH_S: Final = 10.0
STEP_S: Final = 0.02
# No canary for so many of its intervals is an alarm too.
OVERDUE: Final = 2.0
ATTEMPTS: Final = 8
ENDPOINT: Final = "https://canary.invalid/"
COMPANION: Final = "answerable-canary-companion"
LAST: Final = "canary_last"  # in Space.MISC: what the last one came to, JSON
_log: Final = logging.getLogger("answerable.drill")
_confirmed: Final = msgspec.json.Decoder(Confirmed).decode


class CanaryRun:
    """operator: party that answers for the canary; perched: rids of the nodes whose own gate let in a copy;
    may_sign: raises while nobody gets a warrant, so that no gateway could take one in. Used on one event loop."""

    def __init__(
        self,
        core: Core,
        operator: str,
        perch: Perch,
        perched: Callable[[str], frozenset[str]],
        may_sign: Callable[[], None] = lambda: None,
    ) -> None:
        self._core = core
        self._operator = operator
        self._perch = perch
        self._perched = perched
        self._may_sign = may_sign
        self._config = core.config.drill
        self._signer: Key | None = None
        self._one = asyncio.Lock()
        self._began = core.now
        self.last: CanaryTold | None = _read(core.book.raw(Space.MISC, LAST))

    @property
    def copy(self) -> str:
        """rid of the canary's system that stands now, "" for none."""
        return (self._core.book.raw(Space.MISC, drills.SYSTEM) or b"").decode()

    @property
    def due(self) -> int:
        """When the next one is, ms UTC; 0 for never."""
        if not self._config.canary_every_s:
            return 0
        since = self.last.at if self.last is not None else self._began
        return max(self._began, since + int(self._config.canary_every_s * 1000))

    def state(self) -> CanaryState:
        return CanaryState(
            every_ms=int(self._config.canary_every_s * 1000),
            answer_ms=int(self._config.answer_s * 1000),
            due=self.due,
            gateways=self._gateways(),
            last=self.last,
            problem=self.problem(),
        )

    def problem(self) -> str:
        """Code of the alarm, "" for none."""
        every = int(self._config.canary_every_s * 1000)
        if not every:
            return ""
        if self.last is not None and self.last.silent:
            return "drill.silent"
        since = max(self._began, self.last.at if self.last is not None else 0)
        return "drill.overdue" if self._core.now - since > OVERDUE * every else ""

    def measure(self, metrics: Metrics) -> None:
        gauge = metrics.gauge
        gauge("answerable_canary_last_milliseconds", "From the canary's stop to the last gateway that answered.",
              lambda: self.last.last_ms if self.last is not None else 0)  # fmt: skip
        gauge("answerable_canary_answered", "Gateways that stopped the last canary in time.",
              lambda: len(self.last.answered) if self.last is not None else 0)  # fmt: skip
        gauge("answerable_canary_silent", "Gateways that did not say so in time: an alarm.",
              lambda: len(self.last.silent) if self.last is not None else 0)  # fmt: skip
        gauge("answerable_canary_timestamp_seconds", "When the last canary was stopped, POSIX.",
              lambda: self.last.at // 1000 if self.last is not None else 0)  # fmt: skip

    async def run(self) -> None:
        """One each interval, until cancelled; from the first on a fresh one stands ready between. What goes wrong is
        told and tried again."""
        while self.due:
            try:
                wait = self.due - self._core.now
                if wait > 0:
                    await asyncio.sleep(min(wait / 1000, 5.0))
                    continue
                await self.once()
            except AnswerableError as error:
                _log.error("no canary was stopped: %s", error)
                await asyncio.sleep(5.0)

    async def ready(self) -> System:
        """A canary that lives, registered anew where the last one was stopped. Raises Unavailable ``log.*``."""
        async with self._one:
            book = self._core.book
            found = drills.canary(book)
            if found is not None and not self._gone(found):
                return found
            await self._enrol()
            await self._end_copies(found)
            return await self._register(drills.NAME, drills.SYSTEM, drills.COPY)

    def _gone(self, system: System) -> bool:
        """Whether it was stopped, or has no copy that runs."""
        ordered = any(stop.root == system.rid for stop in self._core.book.stops())
        return ordered or all(copy.ended for copy in self._core.book.copies_of(system.rid))

    async def once(self) -> CanaryTold:
        """Stop the canary that stands now, hear from every gateway, record it, register the next one. Raises Refused
        ``drill.canary|running``, Unavailable ``log.*``, ``recover.*`` while nobody gets a warrant: a gateway that does
        not answer then is no alarm."""
        self._may_sign()
        if self._one.locked():
            raise Refused("drill.running")
        system = await self.ready()
        async with self._one:
            expected = {node.rid: node.name for node in nodes.running(self._core.book)}
            copy = self.running(system.rid)
            self._perch.look()
            await self._wait(lambda: self._perch.holds(copy) and expected.keys() <= self._perched(copy), PERCH_S)
            alive = self._perch.holds(copy)
            stop, written = await self.order(system)
            own = self._core.now - written.at if alive and self._perch.stopped() else -1
            heard: dict[str, int] = {}

            def complete() -> bool:
                for rid, receipt in self._receipts(stop.rid).items():
                    if rid in expected and rid not in heard and receipt.last and receipt.state in _STOPPED:
                        heard[rid] = max(0, receipt.at - written.at)
                return expected.keys() <= heard.keys()

            await self._wait(complete, self._config.answer_s)
            took = {expected[rid]: ms for rid, ms in heard.items()} | ({MAIN: own} if own >= 0 else {})
            names = [MAIN, *expected.values()]
            bound = bound_of(life_class(system.tier, system.worlds, system.criticality)).admission
            told = CanaryTold(
                at=written.at,
                order=stop.rid,
                answered=dict(sorted(took.items())),
                silent=sorted(name for name in names if name not in took),
                last_ms=max(took.values(), default=0),
                bound_ms=bound,
                record="",
            )
            told = await self._record(told)
            self.last = told
        if told.silent:
            _log.error("the canary was stopped, and these gateways did not say so: %s", ", ".join(told.silent))
        await self.ready()
        return told

    async def companion(self) -> System:
        """A system beside the canary that nobody stops: it acts while the canary is stopped. Raises as `ready`."""
        async with self._one:
            found = self._core.book.system(COMPANION)
            if found is not None and not self._gone(found):
                return found
            return await self._register(COMPANION, "", "")

    def running(self, system: str) -> str:
        """rid of the copy that runs of the system with that rid."""
        return next(copy.rid for copy in self._core.book.copies_of(system) if not copy.ended)

    async def _wait(self, done: Callable[[], bool], seconds: float) -> None:
        for _ in range(int(seconds / STEP_S)):
            if done():
                return
            await asyncio.sleep(STEP_S)

    def _receipts(self, order: str) -> dict[str, Confirmed]:
        """The newest word of each holder of this order."""
        found: dict[str, Confirmed] = {}
        for key, row in self._core.book.rows(Space.CONFIRMED):
            if key.startswith(order):
                receipt = _confirmed(row)
                found[receipt.holder] = receipt
        return found

    def _gateways(self) -> list[str]:
        return [MAIN, *(node.name for node in nodes.running(self._core.book))]

    async def _enrol(self) -> None:
        """The canary's key leaf, once for ever."""
        key = self._key()
        if drills.key_of(self._core.book):
            return
        leaf = leaves.encode(
            KeyLeaf(n=nonce(), own=self._core.origin, pub=b64u(key.public), t=self._core.now, use=drills.USE)
        )
        await self._core.ledger.commit(
            Unit(
                leaves=(leaf,),
                effects=(Put(Space.MISC, drills.USE, leaves.rid(leaf).encode()),),
                expect=(Expect(Space.MISC, drills.USE, None),),
            )
        )

    async def _end_copies(self, system: System | None) -> None:
        if system is None:
            return
        for copy in list(self._core.book.copies_of(system.rid)):
            await self._core.commit(copies.end(self._core.book, EndCopy(copy=copy.rid), self._core.now))

    async def _register(self, name: str, system_row: str, copy_row: str) -> System:
        """A system that does nothing, and its copy; each named in a row of the miscellany, "" for none."""
        book = self._core.book
        request = RegisterSystem(
            name=name,
            version=str(self._core.now),
            kind=SystemKind.APPLICATION,
            parties=(PartySpec(party=self._operator, role=Role.DEPLOYER),),
            audience=Audience.MACHINE,
            capabilities=("text",),
            licence="none",
            worlds=(World.INFORMATION,),
            criticality=Criticality.CREATIVE,
        )
        planned = await self._planned(lambda: systems.register(book, request, self._core.now), system_row)
        system = book.system(planned)
        if system is None:
            raise Unavailable("system.damaged", row=f"systems/{planned}")
        key, drawn = Key.generate(), nonce()
        draft = StartCopy(system=system.rid, key=b64u(key.public), nonce=drawn, signature="", endpoint=ENDPOINT)
        signature = b64u(key.sign(to_sign(copies.start_statement(system, draft), self._core.origin)))
        start = msgspec.structs.replace(draft, signature=signature)
        await self._planned(lambda: copies.start(book, start, self._core.now), copy_row)
        self._perch.look()
        return system

    async def _planned(self, plan: Callable[[], Plan], row: str) -> str:
        """Commit a plan, and name what it made in that row of the miscellany; its rid."""
        for _ in range(ATTEMPTS):
            planned = plan()
            unit = planned.unit
            try:
                named = (Put(Space.MISC, row, planned.rid.encode()),) if row else ()
                await self._core.ledger.commit(msgspec.structs.replace(unit, effects=(*unit.effects, *named)))
            except Refused as error:
                if error.code != "log.conflict":
                    raise
                continue
            if (refusal := getattr(planned, "refusal", None)) is not None:
                raise refusal
            return planned.rid
        raise Unavailable("log.stopped", detail="the registry changes too fast")

    async def order(self, system: System) -> tuple[Stop, Committed]:
        book, key = self._core.book, self._key()
        why = Reason.of("canary")
        for _ in range(ATTEMPTS):
            leaf = drills.statement(book, root=system.rid, reason=why, signer=key)
            planned = drills.order(book, leaf, why, self._core.now, public=key.public)
            try:
                return planned.row, await self._core.ledger.commit(planned.unit)
            except Refused as error:
                if error.code != "log.conflict":
                    raise
        raise Unavailable("log.stopped", detail="the stop set changes too fast")

    async def _record(self, told: CanaryTold) -> CanaryTold:
        leaf = leaves.encode(
            DrillLeaf(
                ans=len(told.answered),
                bnd=told.bound_ms,
                kind="canary",
                last=told.last_ms,
                n=nonce(),
                order=told.order or UNSET,
                sil=told.silent,
                t=self._core.now,
            )
        )
        told = msgspec.structs.replace(told, record=leaves.rid(leaf))
        await self._core.ledger.commit(
            Unit(leaves=(leaf,), effects=(Put(Space.MISC, LAST, msgspec.json.encode(told)),))
        )
        return told

    def _key(self) -> Key:
        if self._signer is None:
            self._signer = canary_key(self._core.config.store_path)
        return self._signer


_STOPPED: Final = frozenset({"stopped", "sealed"})


def _read(raw: bytes | None) -> CanaryTold | None:
    try:
        return msgspec.json.decode(raw, type=CanaryTold) if raw else None
    except msgspec.MsgspecError:
        return None
