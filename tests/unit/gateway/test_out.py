# SPDX-License-Identifier: Apache-2.0
from collections.abc import Awaitable, Callable

import msgspec
import pytest

from answerable.errors import Refused, Unavailable
from answerable.gateway.out import Answer, refuse, status_of
from answerable.net.request import Request
from tests.unit.net.servers import talk
from tests.unit.net.test_server import handling

RID = "r" * 32
ASK = b"POST /v1/%b HTTP/1.1\r\nhost: x\r\ncontent-length: 0\r\n\r\n"


async def told(
    tell: Callable[[Answer], Awaitable[None]], *, stream: bool, path: bytes = b"chat/completions"
) -> tuple[list[bytes], bytes]:
    """Lines of the head, and the rest as it came."""

    async def handler(request: Request) -> None:
        request.keep = False
        await tell(Answer(request, stream=stream))

    async with handling(handler) as listener:
        answer = await talk(listener.port, ASK % path, seconds=2)
    head, _, rest = answer.partition(b"\r\n\r\n")
    return head.split(b"\r\n"), rest


async def refused(error: Refused | Unavailable, record: str = "") -> list[bytes]:
    async def handler(request: Request) -> None:
        refuse(request, error, record)

    async with handling(handler) as listener:
        answer = await talk(listener.port, ASK % b"models", seconds=0.3)
    return answer.partition(b"\r\n\r\n")[0].split(b"\r\n")


async def test_an_unstreamed_answer_leaves_whole() -> None:
    async def tell(out: Answer) -> None:
        out.start(RID, b"{}")
        await out.send(b"ab")
        await out.send(b"c")
        assert not out._request.started
        await out.finish(b"")
        assert out._request.complete

    head, body = await told(tell, stream=False)
    assert head[0] == b"HTTP/1.1 200 OK"
    assert body == b"abc"
    assert {b"content-length: 3", b"aigc: {}", b"x-request-id: %b" % RID.encode(), b"cache-control: no-store"} < {*head}


async def test_a_stream_begins_with_its_first_piece() -> None:
    async def tell(out: Answer) -> None:
        out.start(RID, b"{}")
        assert not out._request.started
        await out.send(b"one")
        assert out._request.started
        await out.send(b"two")
        await out.finish(b"end")

    head, body = await told(tell, stream=True)
    assert body == b"3\r\none\r\n3\r\ntwo\r\n3\r\nend\r\n0\r\n\r\n"
    assert b"content-type: text/event-stream" in head
    assert not any(line.startswith(b"content-length") for line in head)


async def test_a_label_is_one_line_of_the_head() -> None:
    async def tell(out: Answer) -> None:
        with pytest.raises(RuntimeError):
            out.start(RID, b"{}\r\nset-cookie: a=b")
        out.start(RID, b"{}")
        await out.finish(b"")

    head, _ = await told(tell, stream=False)
    assert b"aigc: {}" in head


async def test_an_error_before_and_inside_a_stream() -> None:
    async def before(out: Answer) -> None:
        await out.fail(Refused("stop.system", order="o"), RID)

    async def inside(out: Answer) -> None:
        out.start(RID, b"{}")
        await out.send(b"one")
        await out.fail(Unavailable("upstream.truncated"), RID)

    head, body = await told(before, stream=True)
    assert head[0] == b"HTTP/1.1 403 Forbidden"
    assert msgspec.json.decode(body)["error"]["code"] == "stop.system"
    head, body = await told(inside, stream=True, path=b"responses")
    assert head[0] == b"HTTP/1.1 200 OK"
    assert b"event: error\ndata: " in body
    assert body.endswith(b"\r\n0\r\n\r\n")


async def test_nothing_is_sent_to_a_client_that_is_gone() -> None:
    async def tell(out: Answer) -> None:
        out.start(RID, b"{}")
        out._request.gone = True
        with pytest.raises(Refused) as caught:
            await out.send(b"x")
        assert caught.value.code == "request.disconnected"
        await out.finish(b"")
        out._request.connection.transport.abort()

    assert await told(tell, stream=True) == ([b""], b"")


async def test_an_error_that_is_not_ours_tells_nothing() -> None:
    async def tell(out: Answer) -> None:
        await out.fail(RuntimeError("canary"), "")

    head, body = await told(tell, stream=False)
    assert head[0] == b"HTTP/1.1 500 Internal Server Error"
    assert b"canary" not in body


async def test_statuses_and_what_clients_may_repeat() -> None:
    rejected = Refused("upstream.rejected", status=422, detail="x")
    assert status_of(rejected) == 422
    assert status_of(Refused("upstream.rejected", status=500)) == 400
    assert b"x-should-retry: false" in await refused(rejected)
    busy = await refused(Unavailable("request.busy"))
    assert b"retry-after: 1" in busy
    assert b"x-should-retry: false" not in busy
    assert b"retry-after: 17" in await refused(Refused("rate.exceeded", retry_s=17))


async def test_connections_are_kept_for_whom_a_record_names() -> None:
    assert b"connection: close" in await refused(Refused("warrant.missing"))
    assert b"connection: close" not in await refused(Refused("warrant.expired"), RID)
    assert b"connection: close" in await refused(Refused("request.too_large", limit=1), RID)


async def test_an_answer_says_what_it_is_of_and_who_speaks() -> None:
    async def handler(request: Request) -> None:
        request.keep = False
        out = Answer(request, stream=False, kind="audio/wav")
        out.start(RID, b"{}", "AI生成: not a person")
        await out.send(b"RIFF")
        await out.finish(b"")

    async with handling(handler) as listener:
        answer = await talk(listener.port, ASK % b"audio/speech", seconds=2)
    head, _, body = answer.partition(b"\r\n\r\n")
    lines = head.split(b"\r\n")
    assert b"content-type: audio/wav" in lines
    assert b"answerable-notice: AI%E7%94%9F%E6%88%90: not a person" in lines
    assert body == b"RIFF"
