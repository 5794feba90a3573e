# SPDX-License-Identifier: Apache-2.0
import asyncio

import pytest

from answerable.net.asgi import App, Message, Receive, Scope, Send, read_body
from tests.unit.net.servers import talk
from tests.unit.net.test_inbound import ASK
from tests.unit.net.test_server import hello, listening


def answering(*messages: Message) -> App:
    async def app(scope: Scope, receive: Receive, send: Send) -> None:
        for message in messages:
            await send(message)

    return app


def start(*headers: tuple[bytes, bytes], status: int = 200) -> Message:
    return {"type": "http.response.start", "status": status, "headers": list(headers)}


def body(data: bytes, *, more: bool = False) -> Message:
    return {"type": "http.response.body", "body": data, "more_body": more}


async def answer_of(app: App, method: bytes = b"GET") -> bytes:
    async with listening(app) as listener:
        return await talk(listener.port, method + ASK, seconds=2)


async def test_a_head_does_not_wait_for_a_body_that_does_not_come() -> None:
    async def app(scope: Scope, receive: Receive, send: Send) -> None:
        await send(start())
        await asyncio.sleep(0.5)
        await send(body(b"late"))

    async with listening(app) as listener:
        reader, writer = await asyncio.open_connection("127.0.0.1", listener.port)
        writer.write(b"GET" + ASK)
        async with asyncio.timeout(0.3):
            assert b"200 OK" in await reader.readuntil(b"\r\n\r\n")
        assert await reader.read() == b"4\r\nlate\r\n0\r\n\r\n"
        writer.close()


async def test_bodies_without_a_length_are_chunked_and_a_head_has_none() -> None:
    pieces = answering(start(), body(b"one", more=True), body(b"", more=True), body(b"two"))
    assert (await answer_of(pieces)).endswith(b"\r\n\r\n3\r\none\r\n3\r\ntwo\r\n0\r\n\r\n")
    sized = answering(start((b"content-length", b"3")), body(b"one"))
    assert (await answer_of(sized, b"HEAD")).endswith(b"\r\n\r\n")
    assert b"chunked" not in await answer_of(answering(start(status=204), body(b"")))


@pytest.mark.parametrize(
    "messages",
    [
        (body(b"x"),),
        (start(), start()),
        (start((b"x", b"a\r\nset-cookie: b")), body(b"")),
        (start((b"content-length", b"2")), body(b"longer")),
        (start((b"content-length", b"2")), body(b"s")),
    ],
)
async def test_what_would_break_the_connection_is_a_defect_of_the_answer_alone(messages: tuple[Message, ...]) -> None:
    seen: list[BaseException] = []

    async def app(scope: Scope, receive: Receive, send: Send) -> None:
        try:
            await answering(*messages)(scope, receive, send)
        except RuntimeError as error:
            seen.append(error)
            raise

    answer = await answer_of(app)
    assert len(seen) == 1
    assert b"set-cookie" not in answer


async def test_an_answer_without_length_to_an_old_client_ends_with_the_connection() -> None:
    async with listening(answering(start(), body(b"one", more=True), body(b"two"))) as listener:
        answer = await talk(listener.port, b"GET / HTTP/1.0\r\nhost: x\r\n\r\n", seconds=2)
    assert answer.endswith(b"\r\n\r\nonetwo")
    assert b"chunked" not in answer


async def test_a_client_that_waits_for_leave_to_send_gets_it() -> None:
    async def app(scope: Scope, receive: Receive, send: Send) -> None:
        assert await read_body(receive, 10) == b"hello"
        await hello(scope, receive, send)

    async with listening(app) as listener:
        reader, writer = await asyncio.open_connection("127.0.0.1", listener.port)
        writer.write(b"POST / HTTP/1.1\r\nhost: x\r\nexpect: 100-continue\r\ncontent-length: 5\r\n\r\n")
        async with asyncio.timeout(2):
            assert await reader.readuntil(b"\r\n\r\n") == b"HTTP/1.1 100 Continue\r\n\r\n"
            writer.write(b"hello")
            assert b"200 OK" in await reader.readuntil(b"\r\n\r\nhello")
        writer.close()


async def test_who_is_refused_gets_no_leave_to_send() -> None:
    async with listening(hello) as listener:
        ask = b"POST / HTTP/1.1\r\nhost: x\r\nexpect: 100-continue\r\ncontent-length: 5\r\n\r\n"
        answer = await talk(listener.port, ask, seconds=0.3)
    assert b"100 Continue" not in answer
    assert b"200 OK" in answer


@pytest.mark.parametrize("messages", [(), (start(), body(b"half", more=True))])
async def test_an_answer_that_is_not_finished_is_not_taken_for_whole(messages: tuple[Message, ...]) -> None:
    answer = await answer_of(answering(*messages))
    assert b"0\r\n\r\n" not in answer.partition(b"\r\n\r\n")[2]
    assert (b"500 Internal" in answer) is (not messages)


async def test_nothing_of_an_exception_reaches_the_client() -> None:
    async def app(scope: Scope, receive: Receive, send: Send) -> None:
        raise ValueError("canary")

    answer = await answer_of(app)
    assert b"500 Internal" in answer
    assert b"canary" not in answer
