# SPDX-License-Identifier: Apache-2.0
"""OpenTelemetry spans: one for the action, one child for each step it reached (extra ``answerable[otel]``).

Where they go is the operator's OpenTelemetry configuration (``OTEL_…`` environment variables); none by default.
"""

from __future__ import annotations

import time

from opentelemetry import trace
from opentelemetry.trace import Status, StatusCode, Tracer

from answerable.telemetry.steps import STEPS


class OTelSpans:
    """Implements `steps.Spans`. Spans are made when the action has ended, with the times it had."""

    def __init__(self, tracer: Tracer | None = None) -> None:
        self._tracer = tracer or trace.get_tracer("answerable")
        # perf_counter is monotonic, spans want the wall clock: one offset for the life of the process.
        self._offset = time.time_ns() - time.perf_counter_ns()

    def finished(
        self, act: str, outcome: str, code: str, first: list[int], last: list[int], ended: int, tool: str = ""
    ) -> None:
        reached = [index for index, begin in enumerate(first) if begin]
        begin = min((first[index] for index in reached), default=ended)
        attributes = {"answerable.act": act, "answerable.outcome": outcome}
        if code:
            attributes["answerable.code"] = code
        if tool:
            attributes["answerable.tool"] = tool
        whole = self._tracer.start_span("action", start_time=begin + self._offset, attributes=attributes)
        if code:
            whole.set_status(Status(StatusCode.ERROR, code))
        context = trace.set_span_in_context(whole)
        for index in reached:
            span = self._tracer.start_span(STEPS[index], context, start_time=first[index] + self._offset)
            span.end(last[index] + self._offset)
        whole.end(ended + self._offset)
