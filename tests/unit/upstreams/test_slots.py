# SPDX-License-Identifier: Apache-2.0
"""A slot is one answer's at a time."""

import asyncio

import pytest

from answerable.errors import Unavailable
from answerable.upstreams import slots as room
from answerable.upstreams.slots import Leased, Slots


async def test_slots_are_lent_in_order_and_come_back() -> None:
    slots = Slots(2, "m")
    first, second = await slots.take(), await slots.take()
    assert (first, second) == ((0,), (1,))
    both = asyncio.ensure_future(slots.take(5))
    later = asyncio.ensure_future(slots.take())
    await asyncio.sleep(0)
    slots.give(first)
    await asyncio.sleep(0)
    assert not both.done()
    assert not later.done(), "who asks for all is not passed by"
    slots.give(second)
    assert await both == (0, 1)
    slots.give((0, 1))
    assert await later == (0,)


async def test_who_leaves_holds_nothing() -> None:
    slots = Slots(1, "m")
    held = await slots.take()
    gone, waits = asyncio.ensure_future(slots.take()), asyncio.ensure_future(slots.take())
    await asyncio.sleep(0)
    gone.cancel()
    await asyncio.sleep(0)
    slots.give(held)
    assert await waits == (0,)
    late = asyncio.ensure_future(slots.take())
    await asyncio.sleep(0)
    slots.give((0,))  # lent by now, and not yet known to who asked
    late.cancel()
    await asyncio.gather(late, return_exceptions=True)
    async with asyncio.timeout(1):
        assert await slots.take() == (0,)


async def test_too_many_and_too_long_is_busy(monkeypatch: pytest.MonkeyPatch) -> None:
    slots = Slots(1, "m")
    await slots.take()
    monkeypatch.setattr(room, "WAIT_SECONDS", 0.01)
    with pytest.raises(Unavailable) as caught:
        await slots.take()
    assert caught.value.code == "upstream.busy"
    monkeypatch.setattr(room, "WAITING", 0)
    with pytest.raises(Unavailable):
        await slots.take()


async def test_a_reply_gives_its_slot_back_once() -> None:
    class Reply:
        closed = 0

        async def read(self) -> bytes:
            return b"x"

        async def whole(self, limit: int) -> bytes:
            return b"x"[:limit]

        def close(self) -> None:
            self.closed += 1

    reply, given = Reply(), []
    leased = Leased(reply, lambda: given.append(1))  # type: ignore[arg-type]
    assert await leased.read() == await leased.whole(9) == b"x"
    leased.close()
    leased.close()
    assert (reply.closed, given) == (2, [1])
