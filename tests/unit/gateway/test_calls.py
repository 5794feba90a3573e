# SPDX-License-Identifier: Apache-2.0
import asyncio
from typing import Any

import pytest

from answerable.errors import Unavailable
from answerable.gateway.calls import MAX_RESERVED, Calls


async def never() -> Any:
    await asyncio.Event().wait()


async def in_call(calls: Calls, receive: Any, ready: Any = None) -> str:
    call = calls.enter(receive)
    call.body_read = True
    if ready is not None:
        ready(call)
    try:
        await asyncio.sleep(5)
        return "ended"
    except asyncio.CancelledError:
        return "gone" if call.gone else "late" if call.late else "cancelled"
    finally:
        calls.leave(call)


async def test_a_client_that_leaves_is_heard() -> None:
    async def leaves() -> Any:
        await asyncio.sleep(0.1)
        return {"type": "http.disconnect"}

    assert await asyncio.wait_for(in_call(Calls(5, 5), leaves), 2) == "gone"


async def test_a_body_that_does_not_come_is_late() -> None:
    def reading(call: Any) -> None:
        call.body_read = False

    assert await asyncio.wait_for(in_call(Calls(0.1, 5), never, reading), 2) == "late"


async def test_a_client_that_takes_nothing_is_given_up() -> None:
    def blocked(call: Any) -> None:
        call.blocked = asyncio.get_running_loop().time()

    assert await asyncio.wait_for(in_call(Calls(5, 0.1), never, blocked), 2) == "gone"


async def test_short_calls_have_no_watcher_and_the_sweep_ends_with_the_last() -> None:
    calls = Calls(5, 5)
    call = calls.enter(never)
    assert len(calls) == 1
    assert call.watcher is None
    calls.leave(call)
    await asyncio.sleep(0.12)
    assert calls._sweep is None
    assert len(calls) == 0


async def test_a_watcher_ends_with_its_call() -> None:
    calls = Calls(5, 5)
    call = calls.enter(never)
    call.body_read = True
    await asyncio.sleep(0.15)
    assert call.watcher is not None
    calls.leave(call)
    await asyncio.wait([call.watcher], timeout=1)
    assert call.watcher.cancelled()


async def test_bodies_have_a_bound_together() -> None:
    calls = Calls(5, 5)
    one, two = calls.enter(never), calls.enter(never)
    calls.reserve(one, MAX_RESERVED)
    with pytest.raises(Unavailable) as caught:
        calls.reserve(two, 1)
    assert caught.value.code == "request.busy"
    calls.leave(one)
    calls.reserve(two, MAX_RESERVED)
    calls.leave(two)
