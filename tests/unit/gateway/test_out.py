# SPDX-License-Identifier: Apache-2.0
import asyncio
from typing import Any

import msgspec
import pytest

from answerable.errors import Refused, Unavailable
from answerable.gateway.calls import Call
from answerable.gateway.out import AsgiOut, error_headers, status_of


async def receive() -> Any:
    raise AssertionError


def made(path: str = "/v1/chat/completions", *, stream: bool) -> tuple[AsgiOut, list[Any], Call]:
    sent: list[Any] = []

    async def send(message: Any) -> None:
        sent.append(message)

    task = asyncio.current_task()
    assert task is not None
    call = Call(task, 0.0, receive)
    return AsgiOut(send, call, path, stream=stream), sent, call


async def test_an_unstreamed_answer_is_one_message() -> None:
    out, sent, call = made(stream=False)
    out.start("r" * 32, b"{}")
    await out.send(b"ab")
    await out.send(b"c")
    assert sent == []
    await out.finish(b"")
    assert [message["type"] for message in sent] == ["http.response.start", "http.response.body"]
    assert (b"content-length", b"3") in sent[0]["headers"]
    assert (b"aigc", b"{}") in sent[0]["headers"]
    assert sent[1]["body"] == b"abc"
    assert call.done
    assert not call.blocked


async def test_a_stream_begins_with_its_first_piece() -> None:
    out, sent, _ = made(stream=True)
    out.start("r" * 32, b"{}")
    assert sent == []
    await out.send(b"one")
    await out.finish(b"end")
    assert [(m.get("body"), m.get("more_body")) for m in sent[1:]] == [(b"one", True), (b"end", False)]
    assert not any(name == b"content-length" for name, _ in sent[0]["headers"])


async def test_an_error_before_and_inside_a_stream() -> None:
    out, sent, _ = made(stream=True)
    await out.fail(Refused("stop.system", order="o"), "r" * 32)
    assert sent[0]["status"] == 403
    assert msgspec.json.decode(sent[1]["body"])["error"]["code"] == "stop.system"
    out, sent, _ = made("/v1/responses", stream=True)
    out.start("r" * 32, b"{}")
    await out.send(b"one")
    await out.fail(Unavailable("upstream.truncated"), "r" * 32)
    assert sent[-1]["body"].startswith(b"event: error\ndata: ")
    assert sent[-1]["more_body"] is False


async def test_nothing_is_sent_to_a_client_that_is_gone() -> None:
    out, _, call = made(stream=True)
    call.gone = True
    with pytest.raises(Refused) as caught:
        await out.send(b"x")
    assert caught.value.code == "request.disconnected"


async def test_an_error_that_is_not_ours_tells_nothing() -> None:
    out, sent, _ = made(stream=False)
    await out.fail(RuntimeError("canary"), "")
    assert sent[0]["status"] == 500
    assert b"canary" not in sent[1]["body"]


def test_statuses_and_what_clients_may_repeat() -> None:
    rejected = Refused("upstream.rejected", status=422, detail="x")
    assert status_of(rejected) == 422
    assert status_of(Refused("upstream.rejected", status=500)) == 400
    assert (b"x-should-retry", b"false") in error_headers(rejected, 422, "")
    busy = error_headers(Unavailable("request.busy"), 503, "")
    assert (b"retry-after", b"1") in busy
    assert (b"x-should-retry", b"false") not in busy
    assert (b"connection", b"close") in error_headers(Refused("request.too_large", limit=1), 413, "")
