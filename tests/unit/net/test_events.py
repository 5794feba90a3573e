# SPDX-License-Identifier: Apache-2.0
"""A holder's ear over a real relay: what is pushed, what is lost and pulled, who is silent, what is not believed."""

from __future__ import annotations

import asyncio
import socket
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from typing import Any

import pytest

from answerable.admission import pulse
from answerable.admission.clocks import ClockMode
from answerable.admission.holding import HolderView
from answerable.admission.orders import Told, stop_root
from answerable.admission.trust import Trust
from answerable.crypto.ed25519 import Key
from answerable.errors import Refused, Unavailable
from answerable.net.events import Follower
from answerable.relay import encoded
from answerable.relay.fanout import Bounds
from tests.small_orders import ISSUER, KID, OFFICER, OFFICER_KID, ORIGIN, TRUST, told
from tests.small_relay import Relay, relay, until

HEART = Key.from_seed(b"\x03" * 32)


class Ear:
    def __init__(self, urls: Sequence[str], **more: Any) -> None:
        trust = Trust(ORIGIN, {KID: ISSUER.public}, {"heart": HEART.public}, {OFFICER_KID: OFFICER.public})
        self.view = HolderView(trust, ClockMode.SAME_HOST, pulse_required=False)
        self.heard: list[str] = []
        self.pulses: list[bytes] = []
        self.now = 10_000
        self.follower = Follower(
            urls,
            self.view,
            wall=lambda: self.now,
            mono=lambda: self.now,
            told=lambda each: self.heard.append(each.stop.rid),
            pulsed=self.pulses.append,
            spread=lambda: 0.0,
            **more,
        )


@asynccontextmanager
async def listening(*relays: Relay | str, **more: Any) -> AsyncIterator[Ear]:
    ear = Ear([each if isinstance(each, str) else each.url for each in relays], **more)
    task = asyncio.create_task(ear.follower.run())
    try:
        yield ear
    finally:
        task.cancel()
        await asyncio.gather(task, return_exceptions=True)


def beat(seq: int, at: int, known: Sequence[Told], delta: Sequence[Told] = ()) -> bytes:
    made = pulse.Pulse(
        iss="heart",
        origin=ORIGIN,
        seq=seq,
        at=at,
        valid_for=5_000,
        epoch=len(known),
        stop_root=stop_root([each.stop for each in known]),
        delta=tuple(each.data for each in delta),
    )
    return pulse.make(made, HEART, "heart")


async def test_what_stood_before_and_what_comes_is_heard() -> None:
    async with relay() as place:
        place.tell(told(1))
        async with listening(place) as ear:
            await until(lambda: ear.view.epoch == 1)
            place.tell(told(2))
            await until(lambda: ear.view.epoch == 2)
            assert ear.heard == [told(1).stop.rid, told(2).stop.rid]
            assert ear.follower.connected == place.url
            assert ear.follower.heard_ms == ear.now


async def test_a_lost_push_is_pulled_when_the_next_one_shows_the_gap() -> None:
    async with relay() as place, listening(place) as ear:
        await until(lambda: len(place.fanout) == 1)
        place.tell(told(1), quietly=True)
        place.tell(told(2))
        await until(lambda: ear.view.epoch == 2)
        assert set(ear.heard) == {told(1).stop.rid, told(2).stop.rid}


async def test_order_and_duplicates_do_not_matter() -> None:
    async with relay() as place, listening(place) as ear:
        await until(lambda: len(place.fanout) == 1)
        for number in (3, 1, 3, 2, 1):
            place.fanout.tell(encoded.order(told(number).data, number))
        await until(lambda: ear.view.epoch == 3)
        assert sorted(ear.heard) == sorted(told(n).stop.rid for n in (1, 2, 3))


async def test_a_hint_is_pulled_after() -> None:
    async with relay() as place, listening(place) as ear:
        await until(lambda: len(place.fanout) == 1)
        place.tell(told(1), quietly=True)
        place.fanout.tell(encoded.HINT)
        await until(lambda: ear.view.epoch == 1)


async def test_a_backlog_too_large_for_a_stream_is_pulled_page_by_page() -> None:
    count = 40
    async with relay(bounds=Bounds(untaken=8 << 10)) as place:
        for number in range(1, count + 1):
            place.tell(told(number), quietly=True)
        async with listening(place) as ear:
            await until(lambda: ear.view.epoch == count)


async def test_a_reconnect_gets_what_it_missed() -> None:
    async with relay() as place:
        port, board = place.port, place.board
        async with listening(place) as ear:
            place.tell(told(1))
            await until(lambda: ear.view.epoch == 1)
            place_gone = asyncio.create_task(place.listener.close())
            await place.fanout.close()
            await place_gone
            board.put(told(2))
            board.epoch = 2
            async with relay(board, port=port):
                await until(lambda: ear.view.epoch == 2)


async def test_the_next_relay_is_asked_where_one_is_away_or_silent() -> None:
    with socket.create_server(("127.0.0.1", 0)) as mute:  # takes connections, answers nothing
        away = "http://127.0.0.1:1"
        silent = f"http://127.0.0.1:{mute.getsockname()[1]}"
        async with relay() as place:
            place.tell(told(1))
            more: dict[str, Any] = {"silence_s": 0.2}
            ear = Ear([away, silent, place.url], **more)
            for client in ear.follower.clients:
                object.__setattr__(client._pool.limits, "head", 0.2)
            task = asyncio.create_task(ear.follower.run())
            await until(lambda: ear.view.epoch == 1)
            task.cancel()
            await asyncio.gather(task, return_exceptions=True)


async def test_a_relay_that_falls_silent_is_left() -> None:
    async with relay(bounds=Bounds(heartbeat=60.0)) as mute, relay() as other:
        other.tell(told(1))
        async with listening(mute, other, silence_s=0.3) as ear:
            await until(lambda: ear.follower.connected == mute.url)
            await until(lambda: ear.view.epoch == 1)


async def test_heartbeats_keep_a_quiet_stream() -> None:
    async with relay(bounds=Bounds(heartbeat=0.05)) as place, listening(place, silence_s=0.5) as ear:
        await until(lambda: ear.follower.connected == place.url)
        first = next(iter(place.fanout._holders))
        await asyncio.sleep(1.2)
        assert next(iter(place.fanout._holders)) is first


async def test_what_is_not_signed_by_whom_we_trust_is_counted_and_nothing_else() -> None:
    async with relay() as place, listening(place) as ear:
        await until(lambda: len(place.fanout) == 1)
        forged = told(1).data.replace(b'"until":0', b'"until":9')
        place.fanout.tell(encoded.order(forged, 1))
        place.fanout.tell(encoded.order(b"{}", 2))
        place.fanout.tell(encoded.pulse(b"[]"))
        place.tell(told(1))
        await until(lambda: ear.view.epoch == 1)
        assert ear.follower.refused == 3
        assert ear.heard == [told(1).stop.rid]


async def test_a_pulse_that_speaks_of_what_was_withheld_makes_the_holder_pull() -> None:
    async with relay() as place, listening(place) as ear:
        await until(lambda: len(place.fanout) == 1)
        place.tell(told(1), quietly=True)
        place.pulse(beat(1, ear.now, [told(1)]))
        await until(lambda: ear.view.epoch == 1)
        assert not ear.view.missing
        assert len(ear.pulses) == 1
        place.pulse(beat(1, ear.now, [told(1)]))  # the same again is no news, and no error
        place.tell(told(2))
        await until(lambda: ear.view.epoch == 2)
        assert ear.follower.refused == 0


async def test_pull_asks_the_first_that_answers_and_says_when_none_does() -> None:
    async with relay() as place:
        place.tell(told(1))
        ear = Ear(["http://127.0.0.1:1", place.url])
        await ear.follower.pull()
        assert ear.view.epoch == 1
        await ear.follower.close()
    alone = Ear(["http://127.0.0.1:1"])
    with pytest.raises(Unavailable):
        await alone.follower.pull()
    await alone.follower.close()


async def test_no_relay_at_all_is_refused() -> None:
    with pytest.raises(Refused) as refused:
        Follower([], HolderView(TRUST), wall=lambda: 0, mono=lambda: 0)
    assert refused.value.code == "relay.none"


async def test_whatever_a_relay_says_the_ear_goes_on() -> None:
    async with relay() as place, listening(place) as ear:
        await until(lambda: len(place.fanout) == 1)
        place.fanout.tell(b'event: hello\ndata: {"epoch":"\xd8\xff"}\n\nevent: hello\ndata: [7]\n\n')
        place.fanout.tell(encoded.order(b"\xd8{", 1))
        place.tell(told(1))
        await until(lambda: ear.view.epoch == 1)


async def test_a_defect_of_the_view_costs_a_connection_and_not_the_ear(monkeypatch: pytest.MonkeyPatch) -> None:
    async with relay() as place, listening(place) as ear:
        await until(lambda: len(place.fanout) == 1)
        known, failed = ear.view.order, []

        def order(self: Any, data: bytes) -> Any:
            if not failed:
                failed.append(data)
                raise RuntimeError("a defect")
            return known(data)

        monkeypatch.setattr(HolderView, "order", order)
        place.tell(told(1))
        await until(lambda: ear.view.epoch == 1)
        assert failed


async def test_a_relay_that_knows_less_than_we_do_is_found_out() -> None:
    behind: list[tuple[str, int]] = []
    async with relay() as ahead, relay() as past:
        ahead.tell(told(1))
        ahead.tell(told(2))
        past.tell(told(1))
        ear = Ear([ahead.url])
        await ear.follower.pull()
        await ear.follower.close()
        follower = Follower(
            [past.url],
            ear.view,
            wall=lambda: ear.now,
            mono=lambda: ear.now,
            behind=lambda client, epoch: behind.append((client.url, epoch)),
        )
        task = asyncio.create_task(follower.run())
        await until(lambda: behind)
        assert behind == [(past.url, 1)]
        assert ear.view.epoch == 2, "nothing that was told is taken back"
        task.cancel()
        await asyncio.gather(task, return_exceptions=True)
