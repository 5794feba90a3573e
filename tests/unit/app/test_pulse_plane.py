# SPDX-License-Identifier: Apache-2.0
from __future__ import annotations

import asyncio
import socket
from dataclasses import replace
from pathlib import Path

import pytest

from answerable.admission.clocks import ClockMode
from answerable.admission.holding import HolderView
from answerable.app.pulse_plane import Listen, PulsePlane
from answerable.app.pulsing import Beater
from answerable.errors import AnswerableError
from answerable.net.events import Follower
from tests.small_relay import until
from tests.unit.admission.a_stop import T0, issued, order
from tests.unit.app.small_pulse import Clock, folder


async def test_a_holder_follows_the_pulse_itself(tmp_path: Path) -> None:
    clock = Clock(T0)
    beats = Beater(folder(tmp_path), clock, mode=ClockMode.SAME_HOST)
    beats.order(issued(order(7), 7, epoch=1))
    plane = PulsePlane(beats)
    beats.told.append(plane.told)
    url = await plane.start(Listen(port=0))
    made = beats._folder
    view = HolderView(replace(made.trust, pulses={made.kid: made.key.public}), ClockMode.SAME_HOST)
    follower = Follower((url,), view, wall=clock.now_ms, mono=clock.mono_ms)
    following = asyncio.create_task(follower.run())
    try:
        plane.pulse(beats.beat())
        await until(lambda: view.seq)
        view.check(clock.now, clock.mono)
        assert view.epoch == 1
        beats.order(issued(order(8), 8, epoch=2))
        await until(lambda: view.epoch == 2)
        plane.pulse(beats.beat())
        await until(lambda: view.seq == T0 + 1)
    finally:
        following.cancel()
        await asyncio.gather(following, return_exceptions=True)
        await plane.close()


async def test_it_answers_for_its_own_address_and_the_names_that_it_is_told(tmp_path: Path) -> None:
    plane = PulsePlane(Beater(folder(tmp_path), Clock(T0), mode=ClockMode.SAME_HOST))
    url = await plane.start(Listen(host="127.0.0.2", port=0, names=("pulse.invalid",)))
    port = int(url.rpartition(":")[2])

    def asked(host: str) -> int:
        with socket.create_connection(("127.0.0.2", port), 10) as connection:
            connection.sendall(f"GET /healthz HTTP/1.1\r\nhost: {host}\r\nconnection: close\r\n\r\n".encode())
            return int(connection.recv(64).split(b" ")[1])

    try:
        hosts = (f"127.0.0.2:{port}", f"pulse.invalid:{port}", "other.invalid")
        assert [await asyncio.to_thread(asked, host) for host in hosts] == [200, 200, 421]
    finally:
        await plane.close()
    with pytest.raises(AnswerableError, match=r"config\.unsafe_bind"):
        await PulsePlane(Beater(folder(tmp_path / "more"), Clock(T0))).start(Listen(host="0.0.0.0", port=0))
