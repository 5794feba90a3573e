# SPDX-License-Identifier: Apache-2.0
import dataclasses

import pytest

from answerable.pipeline.carry import carry
from answerable.telemetry.metrics import Metrics
from answerable.telemetry.steps import STEPS, StepTracer
from tests.unit.pipeline.scripted import Stage
from tests.unit.pipeline.tooled import ToolStage

pytest.importorskip("opentelemetry.sdk", reason="the extra answerable[otel]")


async def test_spans_are_named_by_the_seven_steps() -> None:
    from opentelemetry.sdk.trace import TracerProvider
    from opentelemetry.sdk.trace.export import SimpleSpanProcessor
    from opentelemetry.sdk.trace.export.in_memory_span_exporter import InMemorySpanExporter

    from answerable.telemetry.spans import OTelSpans

    exporter = InMemorySpanExporter()
    provider = TracerProvider()
    provider.add_span_processor(SimpleSpanProcessor(exporter))
    stage = Stage(carry)
    tracer = StepTracer(Metrics(), OTelSpans(provider.get_tracer("t")))
    stage.deps = dataclasses.replace(stage.deps, tracer=tracer)
    await stage.run()
    *steps, action = exporter.get_finished_spans()
    assert tuple(span.name for span in steps) == STEPS
    assert action.name == "action"
    assert action.attributes is not None
    assert action.attributes["answerable.outcome"] == "done"
    for span in steps:
        assert span.parent is not None
        assert span.parent.span_id == action.context.span_id
        assert action.start_time is not None
        assert action.end_time is not None
        assert span.start_time is not None
        assert span.end_time is not None
        assert action.start_time <= span.start_time <= span.end_time <= action.end_time
        assert not span.attributes, "nothing but names and times"
    exporter.clear()
    calling = ToolStage(carry)
    calling.deps = dataclasses.replace(calling.deps, tracer=tracer)
    await calling.call()
    *_, action = exporter.get_finished_spans()
    assert action.attributes is not None
    assert (action.attributes["answerable.act"], action.attributes["answerable.tool"]) == ("tool_call", "bank/pay")
    exporter.clear()
    await calling.call("what a stranger makes up")
    *_, action = exporter.get_finished_spans()
    assert action.attributes is not None
    assert "answerable.tool" not in action.attributes
    provider.shutdown()
