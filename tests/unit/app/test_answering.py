# SPDX-License-Identifier: Apache-2.0
from __future__ import annotations

import asyncio
from typing import Any

import httpx2 as httpx
import pytest

from answerable.app.answering import answer
from answerable.errors import Refused


class Hello:
    """An application that says one word. closed: how often it was told that it is over."""

    closed = 0

    async def __call__(self, scope: Any, receive: Any, send: Any) -> None:
        await send({"type": "http.response.start", "status": 200, "headers": [(b"content-length", b"5")]})
        await send({"type": "http.response.body", "body": b"hello"})

    async def close(self) -> None:
        self.closed += 1


async def nobody_answers(url: str) -> None:
    async with httpx.AsyncClient(trust_env=False) as client:
        with pytest.raises(httpx.HTTPError):
            await client.get(url)


@pytest.mark.parametrize(("host", "shown"), [("127.0.0.1", "http://127.0.0.1:"), ("::1", "http://[::1]:")])
async def test_it_answers_at_the_address_that_it_tells_until_it_is_ended(host: str, shown: str) -> None:
    app, ended = Hello(), asyncio.Event()
    told: asyncio.Queue[str] = asyncio.Queue()
    task = asyncio.create_task(answer(app, host, 0, told.put, ended))
    url = await asyncio.wait_for(told.get(), 10)
    assert url.startswith(shown)
    async with httpx.AsyncClient(trust_env=False) as client:
        assert (await client.get(url)).text == "hello"
    assert app.closed == 0
    ended.set()
    await task
    assert app.closed == 1
    await nobody_answers(url)


async def test_what_could_not_start_is_closed_too() -> None:
    app = Hello()
    with pytest.raises(Refused, match=r"config\.unsafe_bind"):
        await answer(app, "0.0.0.0", 0, print, asyncio.Event())  # type: ignore[arg-type]  # it is not told
    assert app.closed == 1


async def test_a_telling_that_fails_ends_it() -> None:
    app, at = Hello(), []

    async def announce(url: str) -> None:
        at.append(url)
        raise OSError("nobody listens")

    with pytest.raises(OSError, match="nobody listens"):
        await answer(app, "127.0.0.1", 0, announce, asyncio.Event())
    assert app.closed == 1
    await nobody_answers(at[0])
