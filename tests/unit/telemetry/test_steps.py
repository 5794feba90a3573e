# SPDX-License-Identifier: Apache-2.0
import dataclasses

import pytest

from answerable.pipeline.carry import carry
from answerable.telemetry import steps
from answerable.telemetry.metrics import Metrics
from answerable.telemetry.steps import STEPS, StepTracer
from tests.unit.pipeline.scripted import DONE, Stage, event


async def test_the_path_is_measured_step_by_step() -> None:
    metrics = Metrics()
    tracer = StepTracer(metrics)
    stage = Stage(carry)
    stage.deps = dataclasses.replace(stage.deps, tracer=tracer)
    stage.upstream.script = stage.says(event("one "), event("two"), event("", "stop"), DONE)
    await stage.run(stream=True)
    assert tracer.actions.value(("generation", "done", "")) == 1
    text = metrics.render().decode()
    for step in STEPS:
        assert f'answerable_step_seconds_count{{step="{step}"}} 1' in text
    assert tracer.energy.value(("estimated",)) >= 0
    assert "answerable_action_seconds_count 1" in text


async def test_a_refusal_is_counted_under_its_code_and_reaches_no_later_step() -> None:
    metrics = Metrics()
    tracer = StepTracer(metrics)
    stage = Stage(carry)
    stage.deps = dataclasses.replace(stage.deps, tracer=tracer)
    stage.gate.stopped[stage.app.num] = "order"
    await stage.run()
    assert tracer.actions.value(("generation", "stopped", "stop.system")) == 1
    assert 'step="call",le="+Inf"} 0' in metrics.render().decode()


def test_steps_are_those_of_the_path() -> None:
    assert STEPS == ("check", "decide", "intend", "call", "watch", "label", "record")


async def test_rows_are_counted_whoever_looks_and_when_there_are_many(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(steps, "_AT_ONCE", 3)
    tracer = StepTracer(Metrics())
    stage = Stage(carry)
    stage.deps = dataclasses.replace(stage.deps, tracer=tracer)
    for number in range(1, 6):
        await stage.run()
        assert len(tracer._rows) == number % 3
    assert tracer.actions.value(("generation", "done", "")) == 5
    assert tracer._rows == []
