# SPDX-License-Identifier: Apache-2.0
"""Planned drills: each quarter, for each tier and each world with a row of its own, the real path of a stop, with
holders that simulate.

The canary is registered, warrants with the life of the tier's row are signed for it, holders act under them in four
conditions, and it is stopped by its own key. What the report sets side by side is the bound and when the last action
was admitted. A second system, which nobody stops, acts throughout: refusing everybody is no stop.
"""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Sequence
from typing import Any, Final

import msgspec
from msgspec import UNSET

from answerable.admission import orders
from answerable.admission.bound import SAME_HOST, bound
from answerable.admission.stopset import StopSet
from answerable.admission.trust import Trust
from answerable.app.canary import CanaryRun
from answerable.app.core import Core
from answerable.app.drill_holders import TICK_S, TROUBLES, Known, Simulant, Trouble
from answerable.control.drills import CanaryState, CanaryTold, Condition, DrillTold, Planned
from answerable.crypto.random import nonce, salt
from answerable.errors import AnswerableError, Refused, Unavailable
from answerable.log import leaf as leaves
from answerable.log.commitment import commit
from answerable.model.leaves import Commitments, DrillLeaf
from answerable.model.records import Stop
from answerable.model.units import Payload, Put, Space, Unit
from answerable.stops.drill_plan import BY_NAME, PLAN, Practised, next_due
from answerable.warrants.issuer import Issuer

# Holders of each condition.
HOLDERS: Final = 4
# Before the order: every holder acts.
BEFORE_S: Final = 0.5
# After the bound, to see that nothing comes any more.
AFTER_S: Final = 1.0
ROW: Final = "drill:"  # in Space.MISC, before the name of what was practised: the newest report, JSON
CLASS: Final = "answerable.class"  # of a leaf of a drill that is of no tier: the row of lives
_log: Final = logging.getLogger("answerable.drill")


class Drills:
    """`control.drills.Drilling`. issuer: the control plane's own, for its name, key id and rules."""

    def __init__(self, core: Core, canary: CanaryRun, issuer: Issuer) -> None:
        self._core = core
        self._canary = canary
        self._issuer = issuer
        self._task: asyncio.Task[DrillTold] | None = None
        self.running = ""  # name of what is practised now
        self.failure = ""

    def canary(self) -> CanaryState:
        return self._canary.state()

    async def fly(self) -> CanaryTold:
        """Stop a canary now. Raises as `CanaryRun.once`."""
        return await self._canary.once()

    def plan(self) -> list[Planned]:
        now = self._core.now
        every = []
        for each in PLAN:
            row, last = each.row, self._told(each)
            due = last.next if last is not None else now
            every.append(
                Planned(
                    name=each.name,
                    tier=each.tier,
                    row=row.name,
                    life_ms=row.default_ms,
                    bound_ms=bound(row.name, row.default_ms).admission,
                    systems=sum(each.reaches(system.tier, system.worlds) for system in self._core.book.systems()),
                    last=last.at if last is not None else 0,
                    due=due,
                    overdue=due <= now,
                )
            )
        return every

    def begin(self, name: str, life_ms: int = 0) -> None:
        """Practise in the background. name: of `drill_plan.PLAN`; life_ms: shorter lives than the row's, for a
        rehearsal; 0 for the row's. Raises Refused ``drill.running|unknown``."""
        if self._task is not None and not self._task.done():
            raise Refused("drill.running")
        what = _known(name)
        self.running, self.failure = name, ""
        self._task = asyncio.get_running_loop().create_task(self.practise(what, life_ms))
        self._task.add_done_callback(self._done)

    async def practise(self, what: Practised, life_ms: int = 0) -> DrillTold:
        """Raises Refused ``drill.canary``, Unavailable ``log.*``."""
        row = what.row
        life = min(life_ms, row.default_ms) if life_ms else row.default_ms
        system = await self._canary.ready()
        other = await self._canary.companion()
        signed = self._issuer.beside(life, frozenset({self._aud(what)}))
        trust = Trust(self._core.origin, issuers={signed.kid: signed.public})
        holders = self._holders(signed, trust, what, self._canary.running(system.rid), TROUBLES, HOLDERS)
        beside = self._holders(signed, trust, what, self._canary.running(other.rid), TROUBLES, 1)
        for each in (*holders, *beside):
            await each.begin()
        tasks = [asyncio.create_task(each.run()) for each in (*holders, *beside)]
        try:
            await asyncio.sleep(BEFORE_S)
            stop, written = await self._canary.order(system)
            at = written.at
            for each in (*holders, *beside):
                each.trouble_from(at)
            message = await self._message(stop)
            for each in (*holders, *beside):
                each.told(message)
            limit = bound(row.name, life)
            until = at + limit.admission + int(AFTER_S * 1000)
            while self._core.now < until and not all(each.over for each in holders):  # noqa: ASYNC110  # until an instant of the wall clock
                await asyncio.sleep(TICK_S)
            await asyncio.sleep(AFTER_S)
        finally:
            for task in tasks:
                task.cancel()
            await asyncio.gather(*tasks, return_exceptions=True)
        conditions = [self._condition(trouble, holders, beside, at, row.name, life) for trouble in TROUBLES]
        told = DrillTold(
            name=what.name,
            tier=what.tier,
            row=row.name,
            at=at,
            life_ms=life,
            conditions=conditions,
            held=not any(each.violations for each in conditions) and all(each.alive for each in conditions),
            next=next_due(at),
            record="",
        )
        told = await self._record(told, stop)
        await self._canary.ready()
        return told

    async def report(self, name: str) -> dict[str, Any]:
        """The newest report of that name. Raises Refused ``drill.unknown``."""
        told = self._told(_known(name))
        if told is None:
            raise Refused("drill.unknown", name=name)
        found: dict[str, Any] = msgspec.to_builtins(told)
        return found

    async def close(self) -> None:
        if self._task is not None:
            self._task.cancel()
            await asyncio.gather(self._task, return_exceptions=True)

    def _aud(self, what: Practised) -> str:
        return f"spiffe://{self._core.book.domain}/drill/{what.name}"

    def _holders(
        self, issuer: Issuer, trust: Trust, what: Practised, copy: str, troubles: Sequence[Trouble], each: int
    ) -> list[Simulant]:
        aud, clock, rows = self._aud(what), self._core.clock, tuple(self._core.book.stops())
        known = Known(rows, StopSet.of(rows, epoch=self._core.book.epoch))
        return [
            Simulant(issuer, clock, trust, trouble, known, copy=copy, aud=aud, name=f"drill:{copy}:{trouble.name}:{n}")
            for trouble in troubles
            for n in range(each)
        ]

    def _condition(
        self, trouble: Trouble, holders: Sequence[Simulant], beside: Sequence[Simulant], at: int, row: str, life: int
    ) -> Condition:
        mine = [each for each in holders if each.trouble is trouble]
        limits = bound(row, life, SAME_HOST)
        limit = limits.monotonic if trouble.slow_ms else limits.admission
        last = max(0, *(each.last_ms - at for each in mine))
        return Condition(
            name=trouble.name,
            holders=len(mine),
            actions=sum(each.actions for each in mine),
            bound_ms=limit,
            measured_ms=last,
            effects_ms=limit + SAME_HOST.recheck_ms + SAME_HOST.settle_ms,
            violations=sum(each.last_ms > at + limit for each in mine),
            alive=all(each.actions > 0 for each in beside if each.trouble is trouble),
        )

    async def _message(self, stop: Stop) -> bytes:
        leaf = await self._core.reader.find(stop.rid)
        subject = await self._core.reader.find(stop.root)
        if leaf is None or subject is None:
            raise Unavailable("store.absent", index=stop.rid)
        return orders.message(
            stop,
            leaf,
            origin=self._core.origin,
            subject=subject,
            signer=self._core.keys.warrant,
            kid=self._issuer.kid,
        )

    async def _record(self, told: DrillTold, stop: Stop) -> DrillTold:
        salted = salt()
        body = msgspec.json.encode(told)
        leaf = leaves.encode(
            DrillLeaf(
                ans=sum(each.holders - each.violations for each in told.conditions),
                bnd=max(each.bound_ms for each in told.conditions),
                c=Commitments(evidence=commit("evidence", salted, body)),
                kind="planned",
                last=max(each.measured_ms for each in told.conditions),
                n=nonce(),
                order=stop.rid or UNSET,
                sil=[each.name for each in told.conditions if each.violations or not each.alive],
                t=self._core.now,
                tier=told.tier if told.tier >= 0 else UNSET,
                x=UNSET if told.tier >= 0 else {CLASS: told.name},
            )
        )
        rid = leaves.rid(leaf)
        told = msgspec.structs.replace(told, record=rid)
        await self._core.ledger.commit(
            Unit(
                leaves=(leaf,),
                effects=(Put(Space.MISC, f"{ROW}{told.name}", msgspec.json.encode(told)),),
                payloads=(Payload(rid, "evidence", salted, body),),
            )
        )
        return told

    def _told(self, what: Practised) -> DrillTold | None:
        raw = self._core.book.raw(Space.MISC, f"{ROW}{what.name}")
        try:
            return msgspec.json.decode(raw, type=DrillTold) if raw else None
        except msgspec.MsgspecError:
            return None

    def _done(self, task: asyncio.Task[DrillTold]) -> None:
        self.running = ""
        if task.cancelled():
            return
        if (failure := task.exception()) is not None:
            self.failure = failure.code if isinstance(failure, AnswerableError) else type(failure).__name__
            _log.error("a drill came to no report", exc_info=failure)


def _known(name: str) -> Practised:
    """Raises Refused ``drill.unknown``."""
    what = BY_NAME.get(name)
    if what is None:
        raise Refused("drill.unknown", name=name[:16])
    return what
