# SPDX-License-Identifier: Apache-2.0
from __future__ import annotations

import asyncio
import inspect
import re
from typing import Any

import msgspec
import pytest
from msgspec import UNSET

from answerable.errors import Refused, Unavailable
from answerable.model.labels import EngineMarks, Sampling
from answerable.model.terms import DataClass, Locality
from answerable.model.units import Unit
from answerable.model.warrants import Credential, Peer
from answerable.pipeline import carry as module
from answerable.pipeline.carry import carry
from answerable.pipeline.record import WORDS
from tests.unit.pipeline.scenarios import SCENARIOS
from tests.unit.pipeline.scripted import DONE, Clock, Served, Stage, Upstream, answer, bearer, event, system


@pytest.mark.parametrize("scenario", SCENARIOS, ids=lambda s: s.__name__)
async def test_the_path(scenario: Any) -> None:
    await scenario(carry)


def test_the_docstring_and_the_code_carry_the_same_seven_numbers() -> None:
    source = inspect.getsource(module)
    said = re.findall(r"^\((\d)\) (\w+)", module.__doc__ or "", re.M)
    done = re.findall(r"# \((\d)\) (\w+)", source)
    assert said == done
    assert [number for number, _ in said] == list("1234567")


async def test_the_spans_are_the_steps() -> None:
    stage = Stage(carry)
    await stage.run()
    assert stage.trace.steps == ["check", "decide", "intend", "call", "watch", "label", "record"]
    assert stage.trace.ends == [("done", "")]


async def test_an_unknown_caller_is_counted_and_not_written() -> None:
    stage = Stage(carry)
    out = await stage.run(credential=Credential("ans_stranger", Peer()))
    assert out.error.code == "warrant.missing"
    assert stage.ledger.units == []
    assert stage.ledger.refusals == ["warrant.missing"]


async def test_a_request_that_cannot_be_read_is_recorded_under_its_caller() -> None:
    stage = Stage(carry)
    out = await stage.run(fault=Refused("request.malformed"), body=b"{", request={})
    assert out.error.code == "request.malformed"
    assert [(leaf.dec, leaf.err) for leaf in stage.opens] == [("refuse", "request.malformed")]


async def test_an_unknown_model_is_recorded() -> None:
    stage = Stage(carry)
    out = await stage.run(model="nobody")
    assert out.error.code == "model.unknown"
    assert stage.opens[0].err == "model.unknown"


async def test_auto_takes_the_first_that_is_permitted() -> None:
    stage = Stage(carry)
    outside, inside = system("outside", 11), system("inside", 12)
    for of, locality in ((outside, Locality.EXTERNAL), (inside, Locality.PRIVATE)):
        upstream = Upstream(stage.ledger.log, stage.says(answer(of.name)), locality=locality)
        model = bearer(of)
        stage.desk.models[model.copy.rid] = model
        stage.models.served.append(Served(of, model.copy, upstream, "m"))
    stage.models.served.pop(0)
    out = await stage.run(model="auto", data_class=DataClass.CONFIDENTIAL)
    assert b"inside" in out.data
    assert stage.opens[0].via == inside.rid


@pytest.mark.parametrize(
    ("marks", "sampling", "said"),
    [
        (EngineMarks.OWN, Sampling.FREE, "marked"),
        (EngineMarks.ENGINE, Sampling.FREE, "asked"),
        (EngineMarks.UNKNOWN, Sampling.GREEDY, "greedy"),
        (EngineMarks.UNKNOWN, Sampling.FREE, ""),
    ],
)
async def test_label_and_record_say_what_was_done_for_a_mark(marks: EngineMarks, sampling: Sampling, said: str) -> None:
    stage = Stage(carry)
    stage.models.served[0].marks = marks
    out = await stage.run(sampling=sampling)
    assert (f'"watermark":"{said}"'.encode() in out.data) == bool(said)
    assert stage.closes[0].x == ({WORDS: said} if said else UNSET)


async def test_no_detector_is_a_refusal() -> None:
    stage = Stage(carry, detectors=())
    out = await stage.run()
    assert out.error.code == "redline.no_detector"
    assert stage.upstream.calls == 0


async def test_a_detector_that_errs_refuses_the_action() -> None:
    class Broken:
        name = "broken"

        def watch(self, action: object) -> Broken:
            return self

        def see(self, text: str) -> None:
            raise ZeroDivisionError

    stage = Stage(carry, detectors=(Broken(),))
    out = await stage.run()
    assert out.error.code == "internal.error"
    assert out.data == b""
    assert [leaf.st for leaf in stage.closes] == ["error"]


async def test_a_ledger_that_cannot_write_means_no_act() -> None:
    stage = Stage(carry)

    async def full(unit: Unit) -> None:
        raise Unavailable("log.full")

    stage.ledger.before = full
    out = await stage.run()
    assert out.error.code == "log.full"
    assert stage.upstream.calls == 0


async def test_a_stop_order_cuts_a_silent_stream_in_flight() -> None:
    stage = Stage(carry)
    stage.upstream.script = stage.says(event("one "), lambda: asyncio.sleep(3600), DONE)
    task = asyncio.create_task(stage.run(stream=True))
    await asyncio.wait_for(stage.out.sent.wait(), 2)
    stage.gate.stopped[stage.model.num] = "order"
    assert stage.flights.stops_changed() == 1
    await asyncio.wait_for(task, 2)
    assert not task.cancelled()
    assert stage.out.error.code == "stop.system"
    assert stage.out.error.params["order"] == "order"
    assert [(leaf.st, leaf.err) for leaf in stage.closes] == [("stopped", "stop.system")]
    assert len(stage.flights) == 0
    assert stage.upstream.left == 1


@pytest.mark.parametrize("fails", [False, True])
async def test_what_an_order_cuts_off_is_told_at_once_and_recorded_whatever_telling_does(fails: bool) -> None:
    stage = Stage(carry)
    stage.upstream.script = stage.says(event("one "), lambda: asyncio.sleep(3600), DONE)
    task = asyncio.create_task(stage.run(stream=True))
    await asyncio.wait_for(stage.out.sent.wait(), 2)
    told = asyncio.Event()
    tell = stage.out.fail

    async def fail(error: Exception, record: str) -> None:
        told.set()
        assert not stage.closes
        if fails:
            raise OSError("gone")
        await tell(error, record)

    async def slow(unit: Unit) -> None:
        assert told.is_set(), "the disk is not waited for first"
        await asyncio.sleep(0.02)

    stage.out.fail = fail  # type: ignore[method-assign]
    stage.ledger.before = slow
    stage.gate.stopped[stage.model.num] = "order"
    assert stage.flights.stops_changed() == 1
    await asyncio.wait_for(task, 2)
    assert [(leaf.st, leaf.err) for leaf in stage.closes] == [("stopped", "stop.system")]


async def test_a_stop_while_the_disk_is_waited_for_leaves_no_open_action() -> None:
    stage = Stage(carry)
    waiting = asyncio.Event()

    async def slow(unit: Unit) -> None:
        waiting.set()
        await asyncio.sleep(0.05)

    stage.ledger.before = slow
    task = asyncio.create_task(stage.run())
    await asyncio.wait_for(waiting.wait(), 2)
    stage.gate.stopped[stage.app.num] = "order"
    assert stage.flights.stops_changed() == 1
    await asyncio.wait_for(task, 2)
    assert stage.out.error.code == "stop.system"
    assert stage.upstream.calls == 0


async def test_a_client_that_goes_away_is_recorded_and_the_call_cancelled() -> None:
    stage = Stage(carry)
    stage.upstream.script = stage.says(event("one "), lambda: asyncio.sleep(3600), DONE)
    task = asyncio.create_task(stage.run(stream=True))
    await asyncio.wait_for(stage.out.sent.wait(), 2)
    task.cancel()
    with pytest.raises(asyncio.CancelledError):
        await task
    assert [(leaf.st, leaf.err) for leaf in stage.closes] == [("error", "request.disconnected")]
    assert stage.upstream.left == 1
    assert stage.out.error is None, "nobody is there to be told"


async def test_a_gateway_that_ends_says_so_to_its_callers_and_its_record() -> None:
    stage = Stage(carry)
    stage.upstream.script = stage.says(event("one "), lambda: asyncio.sleep(3600), DONE)
    task = asyncio.create_task(stage.run(stream=True))
    await asyncio.wait_for(stage.out.sent.wait(), 2)
    assert stage.flights.ground() == 1
    await asyncio.wait_for(task, 2)
    assert stage.out.error.code == "action.shutdown"
    assert [(leaf.st, leaf.err) for leaf in stage.closes] == [("error", "action.shutdown")]


async def test_an_upstream_that_breaks_mid_stream_is_told_and_recorded() -> None:
    stage = Stage(carry)
    stage.upstream.script = stage.says(event("one "), Unavailable("upstream.truncated", upstream="u"))
    out = await stage.run(stream=True)
    assert b"one" in out.data
    assert out.error.code == "upstream.truncated"
    assert [leaf.st for leaf in stage.closes] == ["error"]
    assert stage.closes[0].c is not msgspec.UNSET, "what left is committed to"


async def test_a_held_warrant_is_renewed_inside_a_long_stream() -> None:
    stage = Stage(carry)
    stage.desk.callers["ans_good"] = old = bearer(stage.app, held=True)
    stage.desk.models[old.copy.rid] = bearer(stage.app, held=True, exp_ms=10**9)
    model = stage.models.served[0].copy.rid
    stage.desk.models[model] = bearer(stage.model, exp_ms=10**9)

    async def later() -> None:
        stage.clock.ms = 100_000

    stage.upstream.script = stage.says(event("one "), later, event("two"), event("", "stop"), DONE)
    out = await stage.run(stream=True)
    assert b"two" in out.data
    assert [leaf.st for leaf in stage.closes] == ["done"]


async def test_a_warrant_that_nobody_renews_ends_the_stream() -> None:
    stage = Stage(carry)

    async def later() -> None:
        stage.clock.ms = 100_000

    stage.upstream.script = stage.says(event("one "), later, event("two"), event("", "stop"), DONE)
    out = await stage.run(stream=True)
    assert b"two" not in out.data
    assert [(leaf.st, leaf.err) for leaf in stage.closes] == [("refused", "warrant.expired")]


async def test_the_principal_is_committed_to_and_never_named() -> None:
    stage = Stage(carry)
    await stage.run(principal="alice@example.com")
    assert stage.opens[0].pri is not msgspec.UNSET
    assert all(b"alice" not in leaf for unit in stage.ledger.units for leaf in unit.leaves)
    groups = {payload.group for payload in stage.ledger.units[0].payloads}
    assert groups == {"in", "pri"}


def test_the_scripted_clock_is_a_clock() -> None:
    assert Clock().now_ms() == Clock().mono_ms()


async def test_an_answer_that_is_cut_short_is_no_answer() -> None:
    stage = Stage(carry)
    stage.upstream.script = stage.says(event("one"))
    out = await stage.run(stream=True)
    assert out.error.code == "upstream.truncated"
    assert not out.finished
    assert stage.upstream.left == 1
