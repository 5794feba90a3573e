# SPDX-License-Identifier: Apache-2.0
"""Units against a plain model: any sequence of batches, failures and reopenings leaves what the model says."""

from __future__ import annotations

import asyncio
import tempfile
from pathlib import Path

from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, rule

from answerable.errors import AnswerableError, Unavailable
from answerable.log.merkle import consistency_proof, verify_consistency
from answerable.model.units import Drop, Effect, Expect, Lane, Put, Space, Unit
from answerable.sequencer.lanes import Entry
from answerable.sequencer.writer import Retention, Writer
from tests.ledger import ORIGIN, SIGNER, Faulty, TestClock, guard_at, leaf, memory_store, recomputed, sqlite_store

SPACES = st.sampled_from([Space.OPENS, Space.MISC, Space.STOPS])
KEYS = st.sampled_from(["a", "b", "c", "键"])
VALUES = st.sampled_from([b"1", b"2", b"\x00\xff"])
EFFECTS = st.one_of(st.builds(Put, SPACES, KEYS, VALUES), st.builds(Drop, SPACES, KEYS))
EXPECTS = st.builds(Expect, SPACES, KEYS, st.one_of(st.none(), VALUES))
UNITS = st.builds(
    lambda leaves, effects, expect, lane: Unit(
        leaves=tuple(leaf() for _ in range(leaves)), effects=tuple(effects), expect=tuple(expect), lane=lane
    ),
    st.integers(1, 3),
    st.lists(EFFECTS, max_size=4),
    st.lists(EXPECTS, max_size=2),
    st.sampled_from([Lane.ACTION, Lane.STOP]),
)


class Log(RuleBasedStateMachine):
    @initialize(sqlite=st.booleans())
    def begin(self, sqlite: bool) -> None:
        self.folder = tempfile.TemporaryDirectory()
        path = Path(self.folder.name)
        self.store = Faulty((sqlite_store if sqlite else memory_store)(path))
        self.writer = Writer(self.store, SIGNER, ORIGIN, TestClock(), guard_at(path), Retention())  # type: ignore[arg-type]
        self.writer.open()
        self.loop = asyncio.new_event_loop()
        self.state: dict[tuple[Space, str], bytes] = {}
        self.leaves: list[bytes] = []
        self.heads = [self.store.head()]

    def _apply(self, effects: tuple[Effect, ...]) -> None:
        for effect in effects:
            if isinstance(effect, Put):
                self.state[effect.space, effect.key] = effect.value
            else:
                self.state.pop((effect.space, effect.key), None)

    def _write(self, units: list[Unit], kept: bool) -> None:
        """kept: whether what the units ask for can have been written; only stop orders are tried again."""
        entries = [Entry(unit, self.loop.create_future(), 1) for unit in units]
        batch = self.writer.write(entries)
        before, seen = dict(self.state), []
        for entry in entries:
            holds = all(self.state.get((e.space, e.key)) == e.value for e in entry.unit.expect)
            if kept and holds:
                assert entry.outcome == len(self.leaves)
                self.leaves += entry.unit.leaves
                self._apply(entry.unit.effects)
                seen += entry.unit.effects
            else:
                assert isinstance(entry.outcome, AnswerableError)
        if kept:
            assert batch.effects == tuple(seen)
        else:
            assert self.state == before
            assert batch.effects == ()

    @rule(units=st.lists(UNITS, min_size=1, max_size=5))
    def write(self, units: list[Unit]) -> None:
        self._write(units, kept=True)

    @rule(units=st.lists(UNITS.filter(lambda u: u.lane is Lane.ACTION), min_size=1, max_size=3))
    def fail_before(self, units: list[Unit]) -> None:
        self.store.plan["append"] = ("before", Unavailable("store.failed", detail="x"))
        if self._any_hold(units):
            self._write(units, kept=False)
        else:
            self._write(units, kept=True)  # nothing to append: the fault is not met
            self.store.plan.clear()

    @rule(units=st.lists(UNITS, min_size=1, max_size=3))
    def fail_after(self, units: list[Unit]) -> None:
        self.store.plan["append"] = ("after", Unavailable("store.failed", detail="x"))
        self._write(units, kept=True)
        self.store.plan.clear()

    def _any_hold(self, units: list[Unit]) -> bool:
        return all(self.state.get((e.space, e.key)) == e.value for e in units[0].expect) or any(
            all(self.state.get((e.space, e.key)) == e.value for e in unit.expect) for unit in units[1:]
        )

    @rule()
    def reopen(self) -> None:
        assert self.writer.recover()

    @invariant()
    def as_the_model_says(self) -> None:
        if not hasattr(self, "store"):
            return
        assert self.store.leaves(0, 1 << 30) == self.leaves
        assert recomputed(self.store) == self.store.head()  # type: ignore[arg-type]
        for space in (Space.OPENS, Space.MISC, Space.STOPS):
            rows = dict(self.store.rows(space))
            assert rows == {key: value for (s, key), value in self.state.items() if s is space}
            assert rows == dict(self.writer.rows.space(space))
        size, root = self.store.head()
        old, old_root = self.heads[-1]
        if old:
            verify_consistency(old, old_root, size, root, consistency_proof(self.store.tile, old, size))
        self.heads.append((size, root))

    def teardown(self) -> None:
        if hasattr(self, "store"):
            self.writer.close()
            self.loop.close()
            self.folder.cleanup()


TestLog = Log.TestCase
TestLog.settings = settings(max_examples=25, stateful_step_count=20, deadline=None)
