# SPDX-License-Identifier: Apache-2.0
"""Calls that run once, as a machine: callers come and go, servers answer, fail or fall silent, orders come, the ledger
refuses, the gateway is killed. Whatever the order, no keyed call runs again before it may, and none loses its close.
"""

from __future__ import annotations

import asyncio
import dataclasses
import json
from typing import Any

from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, precondition, rule

from answerable.errors import Unavailable
from answerable.log.leaf import rid
from answerable.model.calls import CallState, Verdict
from answerable.model.leaves import CloseLeaf, OpenLeaf
from answerable.model.units import Space
from answerable.pipeline.carry import carry
from answerable.pipeline.flights import Flights
from answerable.tools.calls import Calls, decode
from answerable.tools.settling import Why, settle, statement
from tests.unit.pipeline.scripted import Recorder, bearer
from tests.unit.pipeline.tooled import PAY, SECRET, ToolStage, result

KEYS = 3
WHY = Why(bytes(32), b"looked")
FREE, RUNNING, DONE, UNKNOWN = "free", "running", "done", "unknown"


class Server:
    """Runs what comes, one future a call. `may` says, of each call, whether it may run now; it is what a person at the
    server would say."""

    name, locality = "bank", ToolStage(carry).server.locality

    def __init__(self, world: Calling) -> None:
        self._world = world
        self.pending: list[tuple[int, asyncio.Future[bytes]]] = []
        self.away = False

    async def call(self, path: str, body: bytes, *, stream: bool, kind: str = "") -> Any:
        number = json.loads(body)["arguments"]["n"]
        if self.away:
            raise Unavailable("upstream.unreachable")
        self._world.began(number)
        answer: asyncio.Future[bytes] = asyncio.get_running_loop().create_future()
        self.pending.append((number, answer))
        return _Reply(self, number, answer)


class _Reply:
    def __init__(self, server: Server, number: int, answer: asyncio.Future[bytes]) -> None:
        self._server, self._number, self._answer, self._read = server, number, answer, False

    async def read(self) -> bytes:
        if self._read:
            self._server._world.answered(self._number)
            return b""
        data = await self._answer
        self._read = True
        return data

    def close(self) -> None:
        self._server.pending = [each for each in self._server.pending if each[1] is not self._answer]
        self._server._world.left(self._number)


class Calling(RuleBasedStateMachine):
    def __init__(self) -> None:
        super().__init__()
        self.loop = asyncio.new_event_loop()
        self.model = dict.fromkeys(range(KEYS), FREE)
        self.until = dict.fromkeys(range(KEYS), 0)
        self.excused: set[str] = set()  # records whose close could not be written
        self.tasks: list[asyncio.Task[Recorder]] = []

    @initialize()
    def begin(self) -> None:
        self.stage = ToolStage(carry)
        self.server = Server(self)
        served = self.stage.models.served[0]
        served.upstream = self.server  # type: ignore[assignment]
        self.renew()

    # What really happens at the server, as the machine sees it.

    def began(self, number: int) -> None:
        if self.model[number] == DONE and self.stage.clock.ms >= self.until[number]:
            self.model[number] = FREE
        assert self.model[number] == FREE, f"call {number} ran while it was {self.model[number]}"
        self.model[number] = RUNNING

    def answered(self, number: int) -> None:
        self.model[number] = DONE
        self.until[number] = self.stage.clock.ms + PAY.idempotency_s * 1_000

    def left(self, number: int) -> None:
        if self.model[number] == RUNNING:
            self.model[number] = UNKNOWN

    def spin(self) -> None:
        async def turns() -> None:
            for _ in range(40):
                await asyncio.sleep(0)

        self.loop.run_until_complete(turns())
        self.tasks = [task for task in self.tasks if not task.done()]

    def renew(self) -> None:
        """Warrants for the time that it is."""
        self.stage.let_in()
        far = self.stage.clock.ms + 60_000
        self.stage.desk.models = {rid: bearer(self.stage.bank, exp_ms=far) for rid in self.stage.desk.models}

    @rule(number=st.integers(0, KEYS - 1), many=st.integers(1, 4))
    def ask(self, number: int, many: int) -> None:
        for _ in range(many):
            self.tasks.append(self.loop.create_task(self.stage.call(arguments={"n": number})))
        self.spin()

    @precondition(lambda self: self.server.pending)
    @rule(which=st.integers(0, 9), how=st.sampled_from(["answer", "answer", "break", "garbage"]))
    def answer(self, which: int, how: str) -> None:
        _, future = self.server.pending[which % len(self.server.pending)]
        if how == "break":
            future.set_exception(Unavailable("upstream.timeout"))
        else:
            future.set_result(result() if how == "answer" else b"{}")
        self.spin()

    @precondition(lambda self: self.tasks)
    @rule(which=st.integers(0, 9))
    def leave(self, which: int) -> None:
        self.tasks[which % len(self.tasks)].cancel()
        self.spin()

    @rule()
    def stop(self) -> None:
        self.stage.gate.stopped[self.stage.app.num] = "order"
        self.stage.flights.stops_changed()
        self.spin()
        self.stage.gate.stopped.clear()

    @rule(away=st.booleans())
    def wander(self, away: bool) -> None:
        self.server.away = away

    @rule(hours=st.sampled_from([1, 12, 25]))
    def wait(self, hours: int) -> None:
        if self.tasks:
            return
        self.stage.clock.ms += hours * 3_600_000
        self.stage.held.clock.now = self.stage.clock.ms
        self.renew()
        unit = self.stage.calls.sweep(self.stage.clock.ms)
        if unit is not None:
            self.stage.held.write(unit)

    @rule(verdict=st.sampled_from(list(Verdict)), which=st.integers(0, 9))
    def settle(self, verdict: Verdict, which: int) -> None:
        """A person looks at the server, and says what is so or, of what ran, that it did not: then it may run."""
        waiting = self.stage.calls.unsettled()
        if not waiting:
            return
        key, row = waiting[which % len(waiting)]
        fleet = self.stage.held.fleet
        leaf: Any = fleet.sign(statement(row.record, verdict, WHY), fleet.operator)
        planned = settle(fleet.book, leaf, WHY, self.stage.clock.ms, running=False, caller=self.stage.app.rid)
        self.stage.held.write(planned.unit)
        number = self.number_of(key)
        # Where it had truly run and a person says that it did not, that is their word.
        self.model[number] = FREE if verdict is Verdict.UNDONE else DONE
        self.until[number] = row.until

    def number_of(self, key: str) -> int:
        app = self.stage.app
        return next(
            number
            for number in range(KEYS)
            if key
            == self.stage.calls.key(
                system=app.rid, principal="", server="bank", tool="pay", arguments=b'{"n":%d}' % number
            )
        )

    @rule(code=st.sampled_from(["log.full", "log.stopped"]), number=st.integers(0, KEYS - 1))
    def ledger_fails(self, code: str, number: int) -> None:
        """The next close, or the next open, is not written."""
        before = set(self.open_ones())
        self.stage.ledger.failing = lambda unit: Unavailable(code)
        self.tasks.append(self.loop.create_task(self.stage.call(arguments={"n": number})))
        for _, future in self.server.pending:
            if not future.done():
                future.set_result(result())
        self.spin()
        self.stage.ledger.failing = lambda unit: None
        self.excused |= before

    @rule()
    def kill(self) -> None:
        """The process ends where it stands: nothing more is written. Another one opens the store."""
        self.stage.ledger.failing = lambda unit: Unavailable("log.stopped")
        self.excused |= set(self.open_ones())
        for task in self.tasks:
            task.cancel()
        self.spin()
        assert not self.tasks
        self.stage.ledger.failing = lambda unit: None
        for number, state in self.model.items():
            if state == RUNNING:
                self.model[number] = UNKNOWN
        self.server.pending = []
        self.stage.flights = Flights(self.stage.gate)
        self.stage.calls = Calls(self.stage.held.book, SECRET, self.stage._answer)
        self.stage.deps = dataclasses.replace(
            self.stage.deps,
            calls=self.stage.calls,
            flights=self.stage.flights,
            clearances=type(self.stage.deps.clearances)(),
        )

    def open_ones(self) -> list[str]:
        opened = [
            rid(unit.leaves[0])
            for unit in self.stage.ledger.units
            if b'"k":"open"' in unit.leaves[0] and b'"dec":"permit"' in unit.leaves[0]
        ]
        closed = {leaf.open for leaf in self.stage.ledger.leaves if isinstance(leaf, CloseLeaf)}
        return [record for record in opened if record not in closed]

    @invariant()
    def none_loses_its_close(self) -> None:
        if not hasattr(self, "stage") or self.tasks:
            return
        assert set(self.open_ones()) <= self.excused

    @invariant()
    def rows_say_what_is_so(self) -> None:
        if not hasattr(self, "stage"):
            return
        rows = {self.number_of(key): row for key, row in self._rows()}
        for number, state in self.model.items():
            row = rows.get(number)
            if state == UNKNOWN and not self.tasks:
                assert row is not None
                assert row.state is not CallState.DONE
        assert all(isinstance(leaf, OpenLeaf | CloseLeaf) for leaf in self.stage.ledger.leaves)

    def _rows(self) -> Any:
        return [(key, decode(raw)) for key, raw in self.stage.held.book.rows(Space.CALLS)]

    def teardown(self) -> None:
        for task in self.tasks:
            task.cancel()
        if self.tasks:
            self.loop.run_until_complete(asyncio.wait(self.tasks, timeout=2))
        pending = asyncio.all_tasks(self.loop)
        for task in pending:
            task.cancel()
        if pending:
            self.loop.run_until_complete(asyncio.wait(pending, timeout=2))
        self.loop.close()


Calling.TestCase.settings = settings(max_examples=60, stateful_step_count=20, deadline=None)
TestCalling = Calling.TestCase
