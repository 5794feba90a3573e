# SPDX-License-Identifier: Apache-2.0
"""Many holders, some of them slow: nobody is waited for, and memory stays bounded."""

from __future__ import annotations

import asyncio
import socket
from collections.abc import Iterator

import pytest

from answerable.relay import encoded
from answerable.relay.fanout import Bounds, Fanout
from tests.small_relay import Relay, relay, until

ASK = b"GET /relay/v1/events HTTP/1.1\r\nhost: localhost\r\n\r\n"


_OPEN: list[socket.socket] = []


@pytest.fixture(autouse=True)
def _closed() -> Iterator[None]:
    yield
    while _OPEN:
        _OPEN.pop().close()


class Tap:
    """A holder by hand."""

    def __init__(self, place: Relay, version: bytes = b"1.1") -> None:
        self.socket = socket.socket()
        _OPEN.append(self.socket)
        self.socket.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4096)
        self.socket.connect(("127.0.0.1", place.port))
        self.socket.setblocking(False)
        self.socket.send(ASK.replace(b"HTTP/1.1", b"HTTP/" + version))
        self.got = b""

    async def hears(self, what: bytes) -> None:
        async with asyncio.timeout(10):
            while what not in self.got:
                data = await asyncio.get_running_loop().sock_recv(self.socket, 65536)
                assert data, self.got
                self.got += data

    async def ends(self) -> None:
        async with asyncio.timeout(10):
            try:
                while await asyncio.get_running_loop().sock_recv(self.socket, 65536):
                    pass
            except ConnectionResetError:
                pass
        self.socket.close()


async def test_everyone_hears_the_same_bytes_and_who_goes_is_forgotten() -> None:
    async with relay() as place:
        taps = [Tap(place) for _ in range(20)]
        for tap in taps:
            await tap.hears(b"event: hello")
        assert len(place.fanout) == 20
        place.fanout.tell(encoded.order(b'{"n":1}', 1))
        for tap in taps:
            await tap.hears(encoded.chunk(encoded.order(b'{"n":1}', 1)))
        for tap in taps:
            tap.socket.close()
        await until(lambda: len(place.fanout) == 0)
        assert not place.fanout._from


async def test_a_slow_holder_is_dropped_and_the_others_hear_all() -> None:
    async with relay(bounds=Bounds(untaken=64 << 10)) as place:
        slow, quick = Tap(place), Tap(place)
        await quick.hears(b"event: hello")
        await until(lambda: len(place.fanout) == 2)
        event = encoded.pulse(b"x" * 30_000)
        for number in range(400):
            place.fanout.tell(event + encoded.pulse(b"%d!" % number))
            await quick.hears(b"%d!" % number)
            quick.got = b""
            if place.fanout.dropped:
                break
        assert place.fanout.dropped == 1
        await until(lambda: len(place.fanout) == 1)
        place.fanout.tell(encoded.pulse(b"still"))
        await quick.hears(b"still")
        await slow.ends()


async def test_what_all_leave_together_is_bounded_too() -> None:
    async with relay(bounds=Bounds(untaken=1 << 20, all_untaken=256 << 10)) as place:
        taps = [Tap(place) for _ in range(12)]
        await until(lambda: len(place.fanout) == 12)
        for _ in range(200):
            place.fanout.tell(encoded.pulse(b"x" * 100_000))
            await asyncio.sleep(0.01)
            left = sum(holder.connection.transport.get_write_buffer_size() for holder in place.fanout._holders)
            assert left <= (256 << 10) + 12 * 101_000
            if place.fanout.dropped >= 10:
                break
        assert place.fanout.dropped >= 10
        for tap in taps:
            tap.socket.close()


async def test_who_comes_before_others_have_taken_their_greeting_is_told_to_pull() -> None:
    """Each greeting may be half a megabyte, and 20,000 may come at once."""
    async with relay(bounds=Bounds(all_untaken=24 << 20)) as place:
        place.board.pulse = b"x" * (4 << 20)  # more than the kernel takes
        taps = [Tap(place) for _ in range(12)]
        await until(lambda: len(place.fanout) == 12)
        left = sum(holder.connection.transport.get_write_buffer_size() for holder in place.fanout._holders)
        assert 0 < left <= 12 << 20
        full = len(place.fanout._greeted)
        assert 2 <= full < 12
        told = 0
        for tap in taps:
            await tap.hears(b"\n\nevent: ")  # after hello: both come in one piece
            assert (b"event: pulse" in tap.got) != (b"event: hint" in tap.got)
            if b"event: pulse" in tap.got:
                told += 1
                tap.socket.close()
        assert told == full
        await until(lambda: len(place.fanout) == 12 - full)
        late = Tap(place)
        await late.hears(b"event: pulse")
        for tap in (*taps, late):
            tap.socket.close()
        await until(lambda: len(place.fanout) == 0)
        assert place.fanout._greeting == 0
        assert not place.fanout._greeted


async def test_more_to_tell_than_fits_becomes_one_hint() -> None:
    async with relay(bounds=Bounds(pending=1_000)) as place:
        tap = Tap(place)
        await tap.hears(b"event: hello")
        for number in range(100):
            place.fanout.tell(encoded.order(b'{"n":%d}' % number, number + 1))
        await tap.hears(b"event: hint")
        assert place.fanout._size <= 1_000
        assert b'"n":5}' not in tap.got


@pytest.mark.parametrize("bounds", [Bounds(holders=3), Bounds(per_address=3)])
async def test_holders_are_counted_and_bounded(bounds: Bounds) -> None:
    async with relay(bounds=bounds) as place:
        taps = [Tap(place) for _ in range(3)]
        for tap in taps:
            await tap.hears(b"event: hello")
        if bounds.holders == 3:  # the listener itself takes no more
            over = Tap(place)
            await over.ends()
        else:
            over = Tap(place)
            await over.hears(b"relay.full")
            assert b"503" in over.got
            assert b"retry-after" in over.got
        taps[0].socket.close()
        await until(lambda: len(place.fanout) == 2)
        again = Tap(place)
        await again.hears(b"event: hello")


async def test_a_client_of_http_1_0_hears_without_chunks() -> None:
    async with relay() as place:
        tap = Tap(place, b"1.0")
        await tap.hears(b"event: hello")
        place.fanout.tell(encoded.pulse(b"x"))
        await tap.hears(b"\n\nevent: pulse\ndata: x\n\n")
        assert b"chunked" not in tap.got


async def test_closing_ends_every_stream_in_order() -> None:
    async with relay() as place:
        tap = Tap(place)
        await tap.hears(b"event: hello")
    await tap.hears(b"0\r\n\r\n")
    await tap.ends()


def test_the_time_to_come_back_is_spread_over_what_receiving_all_takes() -> None:
    latest = Fanout(spread=lambda: 1.0)
    assert Fanout(spread=lambda: 0.0).retry_ms() == 500
    assert latest.retry_ms() == 1_500
    latest._holders = dict.fromkeys(range(4_000), "")  # type: ignore[assignment, arg-type]
    assert latest.retry_ms() == 11_500
