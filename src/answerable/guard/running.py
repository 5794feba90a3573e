# SPDX-License-Identifier: Apache-2.0
"""The guard at work: one loop that renews, listens and decides, from the program's start to its end.

running -> draining -> stopped -> sealed, forward only; *suspended* is beside it: the gate is closed and every process
frozen, until the order is released or lapses and a fresh warrant is in hand. Whatever is not known to be allowed is
stopped: no warrant, no pulse, no answer.
"""

from __future__ import annotations

import asyncio
import signal
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final, Protocol

from answerable.admission.receipts import StopState
from answerable.errors import AnswerableError, Refused, Unavailable
from answerable.guard import beginning, keeping, plans
from answerable.guard.cage import Cage
from answerable.guard.explaining import LAST_MS, Explaining
from answerable.guard.folder import Folder
from answerable.guard.gate import Gate
from answerable.guard.lease import RETRY_MS, mono_ms, now_ms
from answerable.guard.plans import Plan
from answerable.guard.reporting import Receipts
from answerable.guard.sources import KILL_MS, Either, Leased, WarrantSource
from answerable.guard.standing import Reached, Standing

LOOK_MS: Final = 250  # how soon a lapse, a pulse's end or a clock is seen; orders and ends wake us at once
FROZEN_MS: Final = 5_000  # what stands still is kept so far ahead; a guard that hangs lets it die
UNKNOWN_MS: Final = 2_000  # how long an order that the issuer refuses for may be on its way, past the warrant's end
GONE_S: Final = 5.0
FLUSH_S: Final = 5.0
STOPPED: Final = 1  # our status where the program did not end by itself


class Ear(Protocol):
    """Implemented by `net.events.Follower`."""

    async def run(self) -> None: ...

    async def pull(self) -> None: ...


@dataclass(frozen=True, slots=True)
class Words:
    """What the guard says to its user, in both languages."""

    say: Callable[[str, str], None]
    told: Callable[[Mapping[str, Any]], None]


class Guard:
    """look: called every LOOK_MS, for clocks; begun: once, just before the program runs. alive:
    told how long, ms, something lives on past its end."""

    def __init__(
        self,
        *,
        cage: Cage,
        standing: Standing,
        source: WarrantSource,
        gate: Gate,
        plan: Plan,
        receipts: Receipts,
        folder: Folder,
        words: Words,
        ear: Ear | None = None,
        look: Callable[[], None] = lambda: None,
        begun: Callable[[], None] = lambda: None,
        alive: Callable[[int], None] = lambda _: None,
    ) -> None:
        self._cage = cage
        self._standing = standing
        self._source = source
        self._gate = gate
        self._plan = plan
        self._receipts = receipts
        self._folder = folder
        self._words = words
        self._ear = ear
        self._look = look
        self._begun = begun
        self._alive = alive
        self._changed = asyncio.Event()
        self._asked: list[int] = []
        self._ending = asyncio.Event()  # somebody asked
        self._renewing: asyncio.Task[Leased] | None = None
        self._newer: Leased | None = None  # waits until the gateway has heard what it names
        self._explaining = Explaining(gate, standing)
        self._handing: asyncio.Task[bool] | None = None
        self._epochs: dict[str, int] = {}  # of the newest warrant of each source
        self._told_ms = 0  # monotonic ms before which the gateway is told nothing
        self._again = 0  # monotonic ms before which no warrant is asked for
        self._waits_for = ""  # why the program is frozen; "" while it runs
        self._order = ""  # rid of the order that froze it
        self._ordered = False  # it stood still for an order since it last ran
        self._pulling: asyncio.Task[None] | None = None
        self._showing: asyncio.Task[None] | None = None
        self._presenting: asyncio.Task[None] | None = None
        self._refused: AnswerableError | None = None
        self._refused_ms = 0

    def wake(self, _: object = None) -> None:
        """Something was heard."""
        self._changed.set()

    def ask_to_end(self, number: int) -> None:
        """A signal came: bring the program to its end, by its plan."""
        self._asked.append(number)
        self._ending.set()
        self.wake()

    async def run(self, argv: Sequence[str], environ: Mapping[str, str]) -> int:
        """From the first warrant to the end of the program; our exit status, 128 and the signal's number where one came
        before anything ran. Raises what the first warrant or the start is refused with: nothing has run then."""
        loop = asyncio.get_running_loop()
        listening = loop.create_task(self._ear.run()) if self._ear is not None else None
        try:
            if not await beginning.unless(self._ending, self._first()):
                self._words.say("ended before anything ran", "程序尚未运行，已结束")
                return 128 + self._asked[0]
            self._begun()
            if isinstance(self._source, Either) and self._source.without is None:
                self._presenting = loop.create_task(self._present(self._source))
            self._cage.start(argv, environ, self._until())
            for descriptor in self._cage.descriptors():
                loop.add_reader(descriptor, self.wake)
            self._standing.closed = ""
            return await self._watch()
        finally:
            for descriptor in self._cage.descriptors():
                loop.remove_reader(descriptor)
            self._standing.closed = self._standing.closed or "ended"
            if listening is not None:
                listening.cancel()
            started = (listening, self._renewing, self._pulling, self._showing, self._presenting, self._handing)
            tasks = [task for task in started if task is not None]
            for task in tasks:
                task.cancel()
            await asyncio.gather(*tasks, return_exceptions=True)

    async def _first(self) -> None:
        self._look()
        leased = self._standing.leased = await beginning.first(self._source, self._words.say)
        self._goes_forward(leased)
        if self._ear is not None:
            await self._catch_up()
            if (order := self._standing.order()) is not None:
                raise Refused("stop.system", order=order.by)
            if (fault := await self._pulse_comes()) is not None:
                raise fault
        if leased.warrant.epoch:
            self._explain(leased)
        self._words.say(
            f"copy {leased.warrant.copy} runs under a warrant from {leased.source}",
            f"运行副本 {leased.warrant.copy} 已在许可下启动（来源：{leased.source}）",
        )

    async def _pulse_comes(self) -> AnswerableError | None:
        """What still keeps us from starting, once there was time for a pulse to come."""
        fault = self._standing.fault()
        until = mono_ms() + FROZEN_MS
        while fault is not None and fault.code.startswith("pulse.") and mono_ms() < until:
            self._changed.clear()
            await self._wait(LOOK_MS)
            fault = self._standing.fault()
        return fault

    async def _catch_up(self) -> None:
        """Hear the orders that the issuer knew of. Where nobody answers, what is not known stays refused."""
        if self._ear is not None:
            try:
                await self._ear.pull()
            except AnswerableError as error:
                self._words.say(f"orders cannot be fetched now: {error}", f"暂时无法获取终止令：{error.reason('zh')}")

    # The loop

    async def _watch(self) -> int:
        while True:
            self._changed.clear()
            self._look()
            heard = self._cage.hear()
            if heard.status is not None or heard.gone:
                return await self._ended(heard.status)
            if self._asked:
                name, order = signal.Signals(self._asked[0]).name, self._standing.order()
                await self._stop(name, order.by if order else "", order.data if order else b"")
                return self._cage.status if self._cage.status is not None else 128 + self._asked[0]
            end = await self._decide()
            if end is not None:
                return end
            self._cage.lengthen(self._until())
            await self._wait(self._next_look())

    async def _ended(self, status: int | None) -> int:
        """The program ended by itself; an order that was heard by then is answered all the same."""
        order = self._standing.order()
        if order is not None:
            await self._stop("stop.system", order.by, order.data)
        elif status is None:
            await self._stop("the program is gone", "")
        return STOPPED if status is None else status

    async def _decide(self) -> int | None:
        """What orders, warrant, pulse and clock now ask for; our status where the program was ended."""
        self._take_renewed()
        self._take_up()
        standing = self._standing
        order = standing.order()
        if order is not None and order.terminates:
            return await self._stop("stop.system", order.by, order.data)
        if self._refused is not None and not self._suspends(self._refused):
            return await self._stop(self._refused.code, "")
        if order is not None:
            self._refused = None  # what was refused is explained
        if self._refused is not None and standing.over and mono_ms() >= self._refused_ms + UNKNOWN_MS:
            return await self._stop(self._refused.code, "")  # of an order that does not come to us
        if standing.over and not (self._ordered or order or self._refused):
            return await self._stop("warrant.expired", "")
        fault = order or self._refused or standing.fault()
        if fault is not None:
            by, data = (fault.by, fault.data) if isinstance(fault, Reached) else ("", b"")
            why = "stop.system" if isinstance(fault, Reached) else fault.code
            if (self._waits_for, self._order) != (why, by) and not await self._suspend(why, by, data):
                return await self._stop(why, by, data)
        elif self._waits_for and not standing.over:
            self._resume()
        # What stood still for an order asks for a fresh warrant once the order is gone; not before.
        self._renew(now=standing.over or standing.lapsed or self._refused is not None, blocked=order is not None)
        if isinstance(fault, Refused) and fault.code.startswith("pulse.") and isinstance(self._source, Either):
            # Cut off, as it seems: the on-site issuer is not left until a renewal is due. Asked now and then.
            self._renew(now=True, blocked=False)
            self._again = max(self._again, mono_ms() + RETRY_MS)
        return None

    def _suspends(self, refused: AnswerableError) -> bool:
        """Whether a refusal of the next warrant may be taken back: a stop of which we hear the orders. Any other, and
        any that we cannot look behind, is the end."""
        return refused.code.startswith("stop.") and self._ear is not None

    def _take_renewed(self) -> None:
        task = self._renewing
        if task is None or not task.done():
            return
        self._renewing = None
        try:
            leased = task.result()
        except Unavailable:
            self._again = mono_ms() + RETRY_MS
        except AnswerableError as error:
            self._again = mono_ms() + RETRY_MS
            if self._refused is None:
                self._refused_ms = mono_ms()
            self._refused = error
            if self._ear is not None:
                self._pull()
        else:
            if not self._goes_forward(leased):
                self._again = mono_ms() + RETRY_MS
                return
            self._newer, self._refused = leased, None
            if not self._standing.explains(leased):
                self._pull()

    def _take_up(self) -> None:
        """Show the newest warrant from now on, once all that it names is known here and at the gateway. What is in hand
        holds on until then, and no longer than it lives."""
        newer, standing = self._newer, self._standing
        if newer is None:
            return
        if not self._explaining.done(newer):
            self._explain(newer)
            if self._explaining.waits(newer, mono_ms()):
                return
        standing.leased, self._newer = newer, None
        if standing.behind:
            self._pull()
        if standing.flying:
            self._show()
        if standing.ahead:
            self._receipts.offer(standing.known())

    def _explain(self, leased: Leased) -> None:
        if (self._handing is None or self._handing.done()) and mono_ms() >= self._told_ms:
            self._told_ms = mono_ms() + RETRY_MS
            self._handing = asyncio.get_running_loop().create_task(self._explaining.explain(leased))
            self._handing.add_done_callback(self.wake)

    def _goes_forward(self, leased: Leased) -> bool:
        """Whether the issuer knows of no fewer changes of the stop set than it did before. One that was put back from
        the past is given the orders that are known here; until it knows them its warrants are not taken, and what is in
        hand ends as ever."""
        before = self._epochs.get(leased.source, 0)
        if leased.warrant.epoch >= before:
            self._epochs[leased.source] = leased.warrant.epoch
            return True
        self._words.say(
            f"{leased.source} was put back: it knew {before} changes of the stop set, now {leased.warrant.epoch}",
            f"{leased.source} 已回退：此前知悉终止集 {before} 次变更，现为 {leased.warrant.epoch} 次",
        )
        self._receipts.offer(self._standing.known())
        return False

    def _renew(self, *, now: bool, blocked: bool) -> None:
        """Ask for the next warrant where it is due, or now; not while an order that is known stands against it."""
        leased, mono = self._newer or self._standing.leased, mono_ms()
        due = now or leased is None or mono >= leased.held.due
        if due and not blocked and self._renewing is None and mono >= self._again:
            self._renewing = asyncio.get_running_loop().create_task(self._source.next())
            self._renewing.add_done_callback(self.wake)

    async def _present(self, source: Either) -> None:
        """A gateway takes an envelope up while it hears the pulse, not first when it is needed: it is shown until it
        was taken."""
        said = False
        while True:
            try:
                return await self._gate.show(await source.spare())
            except AnswerableError as error:
                if not said:
                    self._words.say(
                        f"the gateway has not taken the envelope yet: {error}",
                        f"网关尚未接受信封：{error.reason('zh')}",
                    )
                said = True
            await asyncio.sleep(RETRY_MS / 1000)

    def _show(self) -> None:
        """What streams now goes on under the warrant that the gateway saw last, so it is shown the new one."""
        if self._showing is None or self._showing.done():
            self._showing = asyncio.get_running_loop().create_task(self._shown())

    async def _shown(self) -> None:
        try:
            await self._gate.show()
        except AnswerableError as error:
            self._words.say(
                f"the gateway has not seen the new warrant: {error}", f"网关尚未收到新的许可：{error.reason('zh')}"
            )

    def _pull(self) -> None:
        if self._pulling is None or self._pulling.done():
            self._pulling = asyncio.get_running_loop().create_task(self._catch_up())
            self._pulling.add_done_callback(self.wake)

    def _until(self) -> int:
        """How long the keeper lets everything live if it hears no more of us."""
        if self._waits_for:
            return mono_ms() + FROZEN_MS
        return self._standing.ends + self._plan.grace_ms + KILL_MS

    def _next_look(self) -> int:
        """ms"""
        leased, now = self._standing.leased, mono_ms()
        if leased is None or self._waits_for:
            return LOOK_MS
        # What waits is taken up a moment before the end of what is in hand.
        due = leased.held.due if self._newer is None else self._standing.ends - LAST_MS
        return max(1, min(LOOK_MS, due - now if due > now else LOOK_MS, self._standing.ends - now))

    async def _wait(self, ms: int) -> None:
        try:
            async with asyncio.timeout(ms / 1000):
                await self._changed.wait()
        except TimeoutError:
            return

    # Standing still, going on, ending

    async def _suspend(self, why: str, order: str, data: bytes = b"") -> bool:
        """Close the gate, bring machines to rest, freeze. False where nothing can be frozen: then it is to end."""
        first = not self._waits_for
        self._waits_for, self._order = why, order
        self._ordered = self._ordered or why.startswith("stop.")
        self._standing.closed = f"suspended: {why}"
        self._gate.cut(Refused("stop.system", order=order) if order else Refused("guard.closed", state="suspended"))
        if not first:
            self._say(order, StopState.STOPPED)
            return True
        self._say(order, StopState.DRAINING)
        self._cage.lengthen(mono_ms() + self._plan.grace_ms + FROZEN_MS)
        if self._plan.devices or self._plan.command:
            await plans.carry_out(self._plan, self._cage, reason=why, ended=self._gone, final=False, order=data)
        if not self._cage.freeze():
            return False
        self._say(order, StopState.STOPPED)
        evidence = keeping.begin(self._folder, self._standing, self._cage, reason=why, order=order)
        evidence.say(await evidence.kept(), self._words.say)
        self._words.say(f"suspended, every process frozen: {why}", f"已暂停，所有进程已冻结：{why}")
        self._words.told({"state": "suspended", "why": why, "order": order, "at": now_ms()})
        return True

    def _resume(self) -> None:
        self._waits_for = self._order = ""
        self._ordered = False
        self._standing.closed = ""
        self._cage.lengthen(self._until())
        self._cage.thaw()
        self._words.say("released: it runs again, under a fresh warrant", "已解除：在新的许可下恢复运行")
        self._words.told({"state": "running", "at": now_ms()})

    async def _stop(self, why: str, order: str, data: bytes = b"") -> int:
        """To the end: draining, stopped, sealed."""
        began = mono_ms()
        self._standing.closed = f"draining: {why}"
        error = Refused("stop.system", order=order) if order else Refused("guard.closed", state="draining")
        self._gate.cut(error)
        self._say(order, StopState.DRAINING)
        self._cage.lengthen(began + self._plan.grace_ms + KILL_MS)
        evidence = keeping.begin(self._folder, self._standing, self._cage, reason=why, order=order)
        if self._waits_for:  # a frozen program hears nothing: it is not thawed to be told
            done = await plans.carry_out(self._plan, self._cage, reason=why, ended=self._gone, final=False, order=data)
        else:
            done = await plans.carry_out(self._plan, self._cage, reason=why, ended=self._gone, order=data)
        self._cage.freeze()
        kept = await evidence.kept()  # before anything is cut, within reason
        self._cage.kill()
        gone = await asyncio.to_thread(self._cage.ended, GONE_S)
        ended = mono_ms()
        self._cage.hear()
        if not gone:
            self._alive(ended - began - self._plan.grace_ms)
        self._say(order, StopState.STOPPED if not gone else StopState.SEALED)
        evidence.say(kept, self._words.say)
        self._words.say(f"stopped: {why} ({ended - began} ms)", f"已终止：{why}（{ended - began} 毫秒）")
        self._words.told(
            {
                "state": "sealed" if gone else "stopped",
                "why": why,
                "order": order,
                "ms": ended - began,
                "steps": done.steps,
                "evidence": str(kept or ""),
                "at": now_ms(),
            }
        )
        await self._receipts.flush(FLUSH_S)
        return STOPPED

    def _say(self, order: str, state: StopState) -> None:
        if order:
            standing = self._standing
            self._receipts.say(order, state, now_ms=now_ms(), last_ms=standing.last, flying=standing.flying)

    def _gone(self) -> bool:
        heard = self._cage.hear()
        return heard.gone or heard.status is not None
