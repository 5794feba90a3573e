# SPDX-License-Identifier: Apache-2.0
"""What the path tells about each action: `ports.Tracer` over metrics, logs and, where wanted, spans.

Each of the seven steps has one duration an action: the time spent in it, summed over the pieces of a stream.
"""

from __future__ import annotations

import logging
import time
from typing import Final, Protocol

from answerable.model.actions import Action, Spent
from answerable.telemetry.metrics import Metrics

STEPS: Final = ("check", "decide", "intend", "call", "watch", "label", "record")
_INDEX: Final = {name: index for index, name in enumerate(STEPS)}
_BEFORE: Final = len(STEPS)  # in no step yet
_now_ns = time.perf_counter_ns

log = logging.getLogger("answerable.actions")


class Spans(Protocol):
    """Takes the spans of one finished action. first, last: perf_counter nanoseconds of each step's begin and end, 0 for
    a step that was not reached."""

    def finished(self, act: str, outcome: str, code: str, first: list[int], last: list[int], ended: int) -> None: ...


class StepTracer:
    """Implements `ports.Tracer`. Some 3 µs an action without spans."""

    def __init__(self, metrics: Metrics, spans: Spans | None = None) -> None:
        self.spans = spans
        self.actions = metrics.counter(
            "answerable_actions_total", "Actions by act, outcome and code.", ("act", "outcome", "code")
        )
        durations = metrics.histogram("answerable_step_seconds", "Time in each step of the path.", ("step",))
        self.observes = tuple(durations.of(step).observe for step in STEPS)
        self.whole = metrics.histogram("answerable_action_seconds", "Time of whole actions.").of()
        self.tokens = metrics.counter("answerable_tokens_total", "Tokens by direction.", ("direction",))
        self.energy = metrics.counter(
            "answerable_energy_joules_total", "Energy of model calls, measured or estimated.", ("measure",)
        )
        self.cost = metrics.counter("answerable_cost_total", "Cost of model calls where priced.", ("currency",))

    def start(self, action: Action) -> StepTrace:
        return StepTrace(self, action.act.value)


class StepTrace:
    """Implements `ports.Trace`."""

    __slots__ = ("_act", "_at", "_began", "_current", "_first", "_last", "_spent", "_tracer")

    def __init__(self, tracer: StepTracer, act: str) -> None:
        self._tracer = tracer
        self._act = act
        self._began = self._at = _now_ns()
        self._current = _BEFORE
        self._spent = [0] * (len(STEPS) + 1)
        self._first: list[int] | None = None
        self._last: list[int] = []
        if tracer.spans is not None:
            self._first, self._last = [0] * len(STEPS), [0] * (len(STEPS) + 1)

    def step(self, name: str) -> None:
        now = _now_ns()
        self._spent[self._current] += now - self._at
        self._at = now
        if self._first is not None:
            self._span(_INDEX[name], now)
        self._current = _INDEX[name]

    def _span(self, step: int, now: int) -> None:
        self._last[self._current] = now
        if self._first is not None and not self._first[step]:
            self._first[step] = now

    def end(self, outcome: str, code: str, spent: Spent | None) -> None:
        now = _now_ns()
        self._spent[self._current] += now - self._at
        if self._first is not None:
            self._last[self._current] = now
        self._current = _BEFORE
        tracer = self._tracer
        for nanoseconds, observe in zip(self._spent, tracer.observes):  # noqa: B905  before the first step is no step
            if nanoseconds:
                observe(nanoseconds * 1e-9)
        tracer.whole.observe((now - self._began) * 1e-9)
        tracer.actions.add((self._act, outcome, code))
        if spent is not None:
            tracer.tokens.add(("in",), spent.tokens_in)
            tracer.tokens.add(("out",), spent.tokens_out)
            tracer.energy.add((spent.energy_measure.value,), spent.energy_mj / 1000)
            if spent.currency:
                tracer.cost.add((spent.currency,), spent.cost_micro / 1_000_000)
        if log.isEnabledFor(level := logging.INFO if code else logging.DEBUG):
            log.log(
                level,
                "action %s",
                outcome,
                extra={"act": self._act, "outcome": outcome, "code": code, "ms": (now - self._began) // 1_000_000},
            )
        if tracer.spans is not None and self._first is not None:
            tracer.spans.finished(self._act, outcome, code, self._first, self._last[: len(STEPS)], now)
