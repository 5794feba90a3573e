# SPDX-License-Identifier: Apache-2.0
import asyncio
from contextlib import suppress
from typing import Any

import msgspec
import pytest

from answerable.gateway import app
from answerable.gateway.app import MAX_STRANGE_BODY
from answerable.net.limits import Limits
from answerable.pipeline.carry import carry
from tests.unit.gateway.served import ASK, House, code, house
from tests.unit.net.servers import Server, always, http, serving, talk
from tests.unit.pipeline.scripted import DONE, Stage, answer, bearer, event

SSE = b"HTTP/1.1 200 OK\r\ncontent-type: text/event-stream\r\ntransfer-encoding: chunked\r\n\r\n"


def chunk(data: bytes) -> bytes:
    return b"%x\r\n%b\r\n" % (len(data), data)


async def test_an_answer_leaves_whole_with_its_record() -> None:
    async with house() as h:
        status, headers, body = await h.chat()
        record = headers["x-answerable-record"]
    assert status == 200
    assert headers["content-length"] == str(len(body))
    assert headers["x-request-id"] == record
    assert "produceid" in headers["aigc"]
    assert msgspec.json.decode(body)["id"].lower() == f"chatcmpl-{record}"
    assert h.stage.opens[0].dec == "permit"


async def test_a_stream_leaves_as_events() -> None:
    stage = Stage(carry)
    stage.upstream.script = stage.says(event("one ") + event("two"), event("", "stop"), DONE)
    async with house(stage) as h:
        status, headers, body = await h.chat({"stream": True})
    assert status == 200
    assert headers["content-type"] == "text/event-stream"
    assert body.count(b"data: {") == 3
    assert b"data: [DONE]\n\n" in body
    assert body.endswith(b"0\r\n\r\n")


@pytest.mark.parametrize(
    ("body", "expected", "status"),
    [
        (b"", "request.malformed", 400),
        (b"\xff\xfe", "request.malformed", 400),
        (b"[1]", "request.malformed", 400),
        (b"[" * 100_000, "request.too_complex", 400),
        (b"{" + b",".join(b'"%d":1' % i for i in range(60_000)) + b"}", "request.too_complex", 400),
        (b'{"messages":[]}', "request.missing", 400),
        (
            b'{"model":"auto","messages":[{"role":"user","content":"x"}],"tools":[{"type":"mcp"}]}',
            "tool.hosted",
            403,
        ),
    ],
)
async def test_bad_input_is_refused_and_recorded(body: bytes, expected: str, status: int) -> None:
    async with house() as h:
        got, headers, answer = await h.chat(body)
        assert code(answer) in (expected, "request.malformed")
        assert got == status
        assert headers["x-should-retry"] == "false"
        assert [leaf.err for leaf in h.stage.opens] == [code(answer)]
        assert headers["x-answerable-record"]
        assert (await h.chat())[0] == 200, "the server is alive"


async def test_an_oversized_body_is_refused_and_recorded() -> None:
    async with house(max_body=1000) as h:
        status, _, body = await h.chat(b"x" * 2000)
        assert (status, code(body)) == (413, "request.too_large")
        chunked = (
            f"POST /v1/chat/completions HTTP/1.1\r\nhost: localhost\r\nauthorization: Bearer ans_good\r\n"
            f"transfer-encoding: chunked\r\n\r\n7d0\r\n{'x' * 2000}\r\n"
        )
        answer = await talk(h.port, chunked.encode(), seconds=3)
        assert b"413" in answer.split(b"\r\n")[0]
        assert [leaf.err for leaf in h.stage.opens] == ["request.too_large"] * 2


async def test_a_slow_body_is_refused_and_recorded() -> None:
    async with house(body_s=0.2) as h:
        whole = h.request("POST", "/v1/chat/completions", msgspec.json.encode(ASK))
        answer = await talk(h.port, whole[:-5], seconds=5)
        assert b"408" in answer.split(b"\r\n")[0]
        assert code(answer.partition(b"\r\n\r\n")[2]) == "request.slow"
        assert [leaf.err for leaf in h.stage.opens] == ["request.slow"]


async def test_a_stranger_is_counted_whatever_it_sends() -> None:
    async with house() as h:
        for body in (b"{", msgspec.json.encode(ASK)):
            _, _, answer = await h.chat(body, key="ans_bad")
            assert code(answer) == "warrant.missing"
        assert h.stage.ledger.refusals == ["warrant.missing"] * 2
        assert h.stage.ledger.units == []


async def test_calls_in_flight_are_bounded() -> None:
    stage = Stage(carry)
    release = asyncio.Event()

    async def wait() -> None:
        await release.wait()

    stage.upstream.script = stage.says(wait, answer("late"))
    async with house(stage, max_calls=1) as h:
        first = asyncio.create_task(h.chat())
        await asyncio.sleep(0.1)
        status, headers, body = await h.chat()
        assert (status, code(body), headers["retry-after"]) == (503, "request.busy", "1")
        release.set()
        assert (await first)[0] == 200


async def test_host_and_origin_are_checked_first() -> None:
    async with house() as h:
        status, _, body = await h.chat(host="evil.example")
        assert (status, code(body)) == (421, "request.host")
        status, _, body = await h.chat(origin="https://evil.example")
        assert (status, code(body)) == (403, "request.origin")
        assert h.stage.ledger.units == []
        assert h.stage.ledger.refusals == ["request.host", "request.origin"]


async def test_paths_and_methods() -> None:
    async with house() as h:
        assert (await h.call("POST", "/v1/nothing"))[0] == 404
        assert (await h.call("GET", "/v1/chat/completions"))[0] == 405
        assert (await h.call("DELETE", "/healthz"))[0] == 405
        assert code((await h.chat(content_encoding="gzip"))[2]) == "request.encoding"
        assert code((await h.chat(b"\x1f\x8b", content_encoding="gzip"))[2]) == "request.encoding", (
            "the cause, not its effect"
        )


async def test_health_readiness_and_metrics() -> None:
    ails = {"ledger": ""}
    async with house(ready=lambda: ails, metrics=lambda: b"answerable_up 1\n") as h:
        assert (await h.call("GET", "/healthz", key=""))[0] == 200
        status, _, body = await h.call("GET", "/readyz", key="")
        assert (status, msgspec.json.decode(body)["parts"]) == (200, {"ledger": "ok"})
        ails["ledger"] = "log.stopped"
        status, _, body = await h.call("GET", "/readyz", key="")
        assert (status, msgspec.json.decode(body)["parts"]) == (503, {"ledger": "log.stopped"})
        ails.update(ledger="", local="stop.system")
        status, _, body = await h.call("GET", "/readyz", key="")
        assert status == 200, "an order stops its lineage, not the gateway"
        assert msgspec.json.decode(body)["parts"] == {"ledger": "ok", "local": "stop.system"}
        status, headers, body = await h.call("GET", "/metrics", key="")
        assert (status, body) == (200, b"answerable_up 1\n")
        assert headers["content-type"].startswith("text/plain; version=0.0.4")


async def test_a_client_that_goes_away_cancels_a_hanging_upstream() -> None:
    async def hangs(server: Server, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await server.request(reader)
        await server.hang(reader)

    async with serving(hangs) as server, house(url=server.url) as h:
        _, writer = await asyncio.open_connection("127.0.0.1", h.port)
        writer.write(h.request("POST", "/v1/chat/completions", msgspec.json.encode(ASK), close=False))
        await asyncio.sleep(0.2)
        assert server.requests
        assert not server.ended.is_set()
        writer.close()
        await asyncio.wait_for(server.ended.wait(), 2)
        await asyncio.sleep(0.05)
        assert [(leaf.st, leaf.err) for leaf in h.stage.closes] == [("error", "request.disconnected")]


async def test_a_client_that_goes_away_mid_stream_cancels_the_upstream() -> None:
    async def streams(server: Server, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await server.request(reader)
        writer.write(SSE + chunk(event("one")))
        await server.hang(reader)

    async with serving(streams) as server, house(url=server.url) as h:
        reader, writer = await asyncio.open_connection("127.0.0.1", h.port)
        body = msgspec.json.encode(ASK | {"stream": True})
        writer.write(h.request("POST", "/v1/chat/completions", body, close=False))
        assert b"one" in await reader.readuntil(b"one")
        writer.close()
        await asyncio.wait_for(server.ended.wait(), 2)
        await asyncio.sleep(0.05)
        assert [leaf.st for leaf in h.stage.closes] == ["error"]


async def test_a_client_that_does_not_read_holds_the_upstream_back_and_is_given_up() -> None:
    sent = 0

    async def floods(server: Server, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        nonlocal sent
        await server.request(reader)
        writer.write(SSE)
        for _ in range(4000):
            writer.write(chunk(event("x" * 10_000)))
            await writer.drain()
            sent += 10_000

    async with serving(floods) as server, house(url=server.url, read_s=0.5) as h:
        reader, writer = await asyncio.open_connection("127.0.0.1", h.port)
        body = msgspec.json.encode(ASK | {"stream": True})
        writer.write(h.request("POST", "/v1/chat/completions", body, close=False))
        await reader.readuntil(b"data")
        await asyncio.wait_for(server.ended.wait(), 8)
        assert sent < 30_000_000, "the gateway took in what its client did not take"
        await asyncio.sleep(0.05)
        assert [leaf.err for leaf in h.stage.closes] == ["request.disconnected"]
        writer.transport.abort()


@pytest.mark.parametrize(
    ("reply", "stream", "status", "expected"),
    [
        (http(b'{"error":{"code":"bad_thing"}}', "400 Bad Request"), False, 400, "upstream.rejected"),
        (http(b"{}", "422 Unprocessable"), True, 422, "upstream.rejected"),
        (http(b"boom", "500 Oops"), False, 502, "upstream.failed"),
        (http(b"{}", "401 No"), False, 502, "upstream.credentials"),
        (http(b"{}", "429 Slow"), False, 503, "upstream.busy"),
        (http(b"not json"), False, 502, "upstream.broken"),
        (http(b"{}").replace(b"length: 2", b"length: 999"), False, 502, "upstream.truncated"),
        (http(answer("hi")[:-9]), False, 502, "upstream.broken"),
        (SSE + chunk(b"data: {broken\n\n") + b"0\r\n\r\n", True, 502, "upstream.broken"),
        (b"garbage\r\n\r\n", False, 502, "upstream.broken"),
        (b"", False, 502, "upstream.unreachable"),
    ],
)  # fmt: skip
async def test_each_misbehaviour_of_an_upstream_is_a_clear_error_and_recorded(
    reply: bytes, stream: bool, status: int, expected: str
) -> None:
    async with serving(always(reply, close=True)) as server, house(url=server.url) as h:
        got, _, body = await h.chat({"stream": stream})
        assert (got, code(body)) == (status, expected)
        assert [leaf.err for leaf in h.stage.closes] == [expected]


async def test_an_upstream_that_dies_mid_stream_ends_the_stream_with_an_error() -> None:
    part = SSE + chunk(event("one"))
    async with serving(always(part, close=True)) as server, house(url=server.url) as h:
        status, _, body = await h.chat({"stream": True})
    assert status == 200
    assert b"one" in body
    assert b'"code":"upstream.truncated"' in body
    assert b"[DONE]" not in body
    assert [(leaf.st, leaf.err) for leaf in h.stage.closes] == [("error", "upstream.truncated")]


async def test_an_upstream_that_hangs_is_left() -> None:
    async with serving(always(b"")) as server, house(url=server.url, limits=Limits(head=0.1)) as h:
        status, _, body = await h.chat()
    assert (status, code(body)) == (504, "upstream.timeout")


async def test_nothing_that_was_said_is_in_logs_metrics_or_spans() -> None:
    import dataclasses
    import io
    import logging

    from answerable.telemetry.logs import configure
    from answerable.telemetry.metrics import Metrics
    from answerable.telemetry.steps import StepTracer

    canaries = ("canary-prompt", "canary-answer", "ans_canary_handle", "canary-model", "canary-principal")
    spans: list[object] = []

    class Spans:
        def finished(self, *told: object) -> None:
            spans.append(told)

    metrics, stream, root = Metrics(), io.StringIO(), logging.getLogger()
    before, level = root.handlers[:], root.level
    configure("debug", stream=stream)
    try:
        stage = Stage(carry)
        stage.deps = dataclasses.replace(stage.deps, tracer=StepTracer(metrics, Spans()))
        stage.desk.callers["ans_canary_handle"] = bearer(stage.app)
        stage.upstream.script = stage.says(answer("canary-answer"))
        said = {"messages": [{"role": "user", "content": "canary-prompt"}], "user": "canary-principal"}
        async with house(stage) as h:
            for body in (said, said | {"model": "canary-model"}, said | {"stream": "canary-prompt"}):
                await h.chat(body, key="ans_canary_handle", answerable_principal="canary-principal")
            await h.chat(b"canary-prompt", key="ans_canary_handle")
            await h.chat(said, key="ans_canary_handle_of_a_stranger")
            stage.upstream.script = stage.says(RuntimeError("canary-answer"))
            assert (await h.chat(said, key="ans_canary_handle"))[0] == 500
    finally:
        root.handlers[:] = before
        root.setLevel(level)
    told = stream.getvalue() + metrics.render().decode() + repr(spans)
    assert "RuntimeError" in told
    assert len(spans) == 6
    for canary in canaries:
        assert canary not in told


async def test_nothing_of_a_defect_reaches_the_caller(caplog: pytest.LogCaptureFixture) -> None:
    stage = Stage(carry)

    async def present(_: Any) -> Any:
        raise RuntimeError("the canary sings")

    stage.desk.present = present  # type: ignore[method-assign]
    async with house(stage) as h:
        for status, _, body in (await h.chat(), await h.call("GET", "/v1/models")):
            assert (status, code(body)) == (500, "internal.error")
            assert b"canary" not in body


async def test_a_stop_order_cuts_a_stream_in_flight() -> None:
    stage = Stage(carry)

    async def stop() -> None:
        stage.gate.stopped[stage.model.num] = "order"
        stage.flights.stops_changed()
        await asyncio.sleep(5)

    stage.upstream.script = stage.says(event("one"), stop, event("two"))
    async with house(stage) as h:
        _, _, body = await h.chat({"stream": True})
    assert b"one" in body
    assert b"two" not in body
    assert b'"code":"stop.system"' in body
    assert [leaf.st for leaf in stage.closes] == ["stopped"]


async def test_models_are_listed_for_the_admitted_alone() -> None:
    async with house() as h:
        status, _, body = await h.call("GET", "/v1/models")
        assert status == 200
        assert "model" in [entry["id"] for entry in msgspec.json.decode(body)["data"]]
        status, _, body = await h.call("GET", "/v1/models/model")
        assert msgspec.json.decode(body)["object"] == "model"
        assert code((await h.call("GET", "/v1/models/other"))[2]) == "model.unknown"
        assert code((await h.call("GET", "/v1/models", key="ans_bad"))[2]) == "warrant.missing"
        assert h.stage.ledger.refusals == ["warrant.missing"]
        h.stage.desk.callers["ans_old"] = bearer(h.stage.app, exp_ms=0)
        assert code((await h.call("GET", "/v1/models", key="ans_old"))[2]) == "warrant.expired"


async def test_zeros_before_a_length_do_not_get_round_the_bound_on_all_bodies(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(app, "MAX_RESERVED", 1000)
    body = msgspec.json.encode(ASK) + b" " * 1000
    async with house() as h:
        for length in (str(len(body)), "0" * 12 + str(len(body)), "0" * 5000 + str(len(body))):
            status, _, answer = await h.chat(body, content_length=length)
            assert (status, code(answer)) == (503, "request.busy")


def chunked(key: str) -> bytes:
    head = f"POST /v1/chat/completions HTTP/1.1\r\nhost: localhost\r\nauthorization: Bearer {key}\r\n"
    return head.encode() + b"transfer-encoding: chunked\r\n\r\n"


def said(length: int) -> list[dict[str, str]]:
    return [{"role": "user", "content": "x" * length}]


async def opened(h: House, data: bytes) -> tuple[asyncio.StreamReader, asyncio.StreamWriter]:
    reader, writer = await asyncio.open_connection("127.0.0.1", h.port)
    writer.write(data)
    await writer.drain()
    return reader, writer


async def shut(*there: tuple[asyncio.StreamReader, asyncio.StreamWriter]) -> None:
    for _, writer in there:
        writer.close()
        with suppress(ConnectionError):
            await writer.wait_closed()


async def test_bodies_have_a_bound_together(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(app, "MAX_RESERVED", 100_000)
    async with house() as h:
        there = [await opened(h, chunked("ans_good") + chunk(b"x" * 60_000))]
        await asyncio.sleep(0.1)
        status, _, answer = await h.chat({"messages": said(50_000)})
        assert (status, code(answer)) == (503, "request.busy")
        await shut(*there)
        await asyncio.sleep(0.1)
        assert (await h.chat({"messages": said(50_000)}))[0] == 200


async def test_room_is_taken_by_what_came_and_not_by_what_may_come(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(app, "MAX_RESERVED", 100_000)
    async with house() as h:
        there = [await opened(h, chunked(key)) for key in ("ans_bad", "ans_good") * 4]
        there.append(await opened(h, h.request("POST", "/v1/chat/completions", b"", content_length="90000")))
        await asyncio.sleep(0.1)
        assert h.gateway.calls == len(there)
        assert (await h.chat())[0] == 200
        assert (await h.chat({"messages": said(90_000)}))[0] == 200
        await shut(*there)


async def test_of_a_stranger_little_is_read(monkeypatch: pytest.MonkeyPatch) -> None:
    big = msgspec.json.encode(ASK | {"messages": said(MAX_STRANGE_BODY)})
    async with house() as h:
        assert (await h.chat(big))[0] == 200
        taken: list[int] = []
        reserve = h.gateway._reserve
        monkeypatch.setattr(h.gateway, "_reserve", lambda size: (taken.append(size), reserve(size)))
        reader, writer = await opened(
            h, h.request("POST", "/v1/chat/completions", b"", key="ans_bad", content_length="90000")
        )
        answer = await asyncio.wait_for(reader.read(), 2)
        await shut((reader, writer))
        assert b" 401 " in answer.split(b"\r\n")[0]
        assert taken == [], "an announced body is not even waited for"
        reader, writer = await opened(h, chunked("ans_bad") + b"".join([chunk(b"x" * 10_000)] * 7))
        answer = await asyncio.wait_for(reader.read(), 2)
        await shut((reader, writer))
        assert b" 401 " in answer.split(b"\r\n")[0]
        assert sum(taken) <= 2 * MAX_STRANGE_BODY
        assert h.stage.ledger.refusals == ["warrant.missing"] * 2
        h.stage.desk.refusals["ans_good"] = "handle.expired"
        assert (await h.chat(big))[0] == 401
        assert [leaf.err for leaf in h.stage.opens][-1] == "handle.expired", (
            "known, so its request is read and recorded"
        )


async def test_strangers_cannot_take_all_places() -> None:
    async with house(max_calls=4) as h:
        there = [await opened(h, chunked("ans_bad")) for _ in range(6)]
        await asyncio.sleep(0.1)
        assert h.gateway.calls == 2
        assert (await h.chat())[0] == 200
        assert code((await h.chat(key="ans_bad"))[2]) == "request.busy"
        await shut(*there)


async def test_connections_are_kept_for_those_who_are_known() -> None:
    async with house() as h:
        for request, kept in (
            (h.request("POST", "/v1/chat/completions", msgspec.json.encode(ASK), close=False), True),
            (h.request("POST", "/v1/chat/completions", b"{", close=False), True),
            (h.request("GET", "/v1/models", close=False), True),
            (h.request("POST", "/v1/chat/completions", msgspec.json.encode(ASK), key="ans_bad", close=False), False),
            (h.request("GET", "/v1/models", key="ans_bad", close=False), False),
            (h.request("GET", "/healthz", close=False), False),
            (h.request("GET", "/readyz", close=False), False),
            (h.request("GET", "/metrics", close=False), False),
            (h.request("GET", "/nothing", close=False), False),
        ):
            reader, writer = await opened(h, request)
            try:
                answer = await asyncio.wait_for(reader.read(), 0.3)
            except TimeoutError:
                assert kept, request
            else:
                assert answer
                assert not kept, request
            await shut((reader, writer))
