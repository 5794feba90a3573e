# SPDX-License-Identifier: Apache-2.0
"""What the path tells about each action: `ports.Tracer` over metrics, logs and, where wanted, spans.

Each of the seven steps has one duration an action: the time spent in it, summed over the pieces of a stream.
"""

from __future__ import annotations

import logging
import time
from collections import Counter
from typing import Final, Protocol

import msgspec

from answerable.model.actions import Action, Spent
from answerable.telemetry import metrics
from answerable.telemetry.metrics import Metrics

STEPS: Final = ("check", "decide", "intend", "call", "watch", "label", "record")
_BEFORE: Final = ""  # in no step yet
_NOTHING: Final = dict.fromkeys((*STEPS, _BEFORE), 0)
_AT_ONCE: Final = 256  # rows; each holds some hundred bytes
_IN, _OUT = ("in",), ("out",)
_now_ns = time.perf_counter_ns

log = logging.getLogger("answerable.actions")


class Spans(Protocol):
    """Takes the spans of one finished action. first, last: perf_counter nanoseconds of each step's begin and end, 0 for
    a step that was not reached; tool: of a tool call ``<server>/<tool>``, "" elsewhere."""

    def finished(
        self, act: str, outcome: str, code: str, first: list[int], last: list[int], ended: int, tool: str = ""
    ) -> None: ...


class _Row(msgspec.Struct, frozen=True):
    """What one action leaves behind: nanoseconds in each step and before the first, and in all."""

    ended: tuple[str, str, str]  # act, outcome, code
    steps: dict[str, int]
    whole: int
    spent: Spent | None


class StepTracer:
    """Implements `ports.Tracer`. An action leaves one row; rows are counted many at a time, or when somebody looks."""

    def __init__(self, page: Metrics, spans: Spans | None = None) -> None:
        self.spans = spans
        self._rows: list[_Row] = []
        self._actions = page.counter(
            "answerable_actions_total", "Actions by act, outcome and code.", ("act", "outcome", "code")
        )
        durations = page.histogram("answerable_step_seconds", "Time in each step of the path.", ("step",))
        self._steps = tuple(durations.of(step) for step in STEPS)
        self._whole = page.histogram("answerable_action_seconds", "Time of whole actions.").of()
        self._tokens = page.counter("answerable_tokens_total", "Tokens by direction.", ("direction",))
        self._energy = page.counter(
            "answerable_energy_joules_total", "Energy of model calls, measured or estimated.", ("measure",)
        )
        self._cost = page.counter("answerable_cost_total", "Cost of model calls where priced.", ("currency",))
        page.before.append(self.count)

    def start(self, action: Action) -> StepTrace:
        return StepTrace(self, action.act) if self.spans is None else _SpanTrace(self, action.act)

    def ended(self, row: _Row) -> None:
        self._rows.append(row)
        if len(self._rows) >= _AT_ONCE:
            self.count()

    def count(self) -> None:
        """Count the rows that came since."""
        rows, self._rows = self._rows, []
        if not rows:
            return
        for values, number in Counter(row.ended for row in rows).items():
            self._actions.add(values, number)
        columns = zip(*(row.steps.values() for row in rows), strict=True)
        for column, distribution in zip(columns, self._steps, strict=False):  # the last is what preceded the first step
            distribution.observe_all([nanoseconds * 1e-9 for nanoseconds in column if nanoseconds])
        self._whole.observe_all([row.whole * 1e-9 for row in rows])
        for spent in (row.spent for row in rows if row.spent is not None):
            self._tokens.add(_IN, spent.tokens_in)
            self._tokens.add(_OUT, spent.tokens_out)
            self._energy.add((spent.energy_measure,), spent.energy_mj / 1000)
            if spent.currency:
                self._cost.add((spent.currency,), spent.cost_micro / 1_000_000)

    @property
    def actions(self) -> metrics.Counter:
        self.count()
        return self._actions

    @property
    def energy(self) -> metrics.Counter:
        self.count()
        return self._energy


class StepTrace:
    """Implements `ports.Trace`."""

    __slots__ = ("_act", "_at", "_began", "_current", "_spent", "_tracer")

    def __init__(self, tracer: StepTracer, act: str) -> None:
        self._tracer = tracer
        self._act = act
        self._began = self._at = _now_ns()
        self._current: str = _BEFORE
        self._spent = _NOTHING.copy()

    def step(self, name: str) -> None:
        now = _now_ns()
        self._spent[self._current] += now - self._at
        self._at = now
        self._current = name

    def tool(self, name: str) -> None:
        """See `ports.Trace`."""

    def end(self, outcome: str, code: str, spent: Spent | None) -> None:
        now = _now_ns()
        self._spent[self._current] += now - self._at
        self._tracer.ended(_Row((self._act, outcome, code), self._spent, now - self._began, spent))
        if log.isEnabledFor(level := logging.INFO if code else logging.DEBUG):
            log.log(
                level,
                "action %s",
                outcome,
                extra={"act": self._act, "outcome": outcome, "code": code, "ms": (now - self._began) // 1_000_000},
            )


class _SpanTrace(StepTrace):
    """One that remembers when each step began and ended."""

    __slots__ = ("_first", "_last", "_tool")

    def __init__(self, tracer: StepTracer, act: str) -> None:
        super().__init__(tracer, act)
        self._first, self._last = _NOTHING.copy(), _NOTHING.copy()
        self._tool = ""

    def tool(self, name: str) -> None:
        self._tool = name

    def step(self, name: str) -> None:
        before = self._current
        super().step(name)
        self._last[before] = self._at
        if not self._first[self._current]:
            self._first[self._current] = self._at

    def end(self, outcome: str, code: str, spent: Spent | None) -> None:
        super().end(outcome, code, spent)
        ended = self._last[self._current] = _now_ns()
        if (spans := self._tracer.spans) is not None:
            first, last = ([of[step] for step in STEPS] for of in (self._first, self._last))
            spans.finished(self._act, outcome, code, first, last, ended, self._tool)
