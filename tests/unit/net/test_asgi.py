# SPDX-License-Identifier: Apache-2.0
from typing import Any

import pytest

from answerable.net.asgi import Gone, Receive, read_body, respond


def says(*messages: dict[str, Any]) -> Receive:
    left = list(messages)

    async def receive() -> dict[str, Any]:
        return left.pop(0)

    return receive


def part(body: bytes, more: bool) -> dict[str, Any]:
    return {"type": "http.request", "body": body, "more_body": more}


async def test_a_body_in_parts() -> None:
    assert await read_body(says(part(b"ab", True), part(b"", True), part(b"c", False)), 10) == b"abc"


async def test_a_body_past_its_bound_is_not_read_on() -> None:
    assert await read_body(says(part(b"abcd", False)), 3) is None
    assert await read_body(says(part(b"ab", True), part(b"cd", True)), 3) is None


async def test_a_client_that_goes_away() -> None:
    with pytest.raises(Gone):
        await read_body(says(part(b"ab", True), {"type": "http.disconnect"}), 10)


async def test_an_answer_has_its_length() -> None:
    sent: list[Any] = []

    async def send(message: Any) -> None:
        sent.append(message)

    await respond(send, 418, b"tea")
    assert sent[0]["status"] == 418
    assert (b"content-length", b"3") in sent[0]["headers"]
    assert sent[1] == {"type": "http.response.body", "body": b"tea"}
