# SPDX-License-Identifier: Apache-2.0
from __future__ import annotations

import signal
import subprocess
import sys
import time
from pathlib import Path

import msgspec
import pytest

from answerable.errors import Refused
from answerable.machines.cart import Cart, run
from answerable.machines.machine import Drive
from answerable.machines.settings import read
from answerable.machines.station import mono_ms
from tests.brokers import free_port
from tests.unit.machines.test_settings import settings


@pytest.fixture
def cart(tmp_path: Path) -> Cart:
    file = tmp_path / "cart.json"
    file.write_bytes(msgspec.json.encode(settings(tmp_path, wire=f"zenoh:tcp/127.0.0.1:{free_port()}")))
    made = Cart(read(file), file)
    yield made  # type: ignore[misc]
    made._end(None)


def test_the_actuator_and_its_station_are_two_processes(cart: Cart, tmp_path: Path) -> None:
    until = time.monotonic() + 20
    while cart.plant.drive is None and time.monotonic() < until:
        cart.turn()
        time.sleep(0.01)
    assert cart.plant.drive is not None, "the station speaks to it"
    assert cart.child.poll() is None
    with (tmp_path / "trace").open("w") as trace:
        cart.turn(trace)
    assert len((tmp_path / "trace").read_text().split()) == 4


def test_the_switch_brakes_whatever_the_station_does(cart: Cart) -> None:
    cart.child.send_signal(signal.SIGSTOP)
    now = mono_ms()
    cart.plant._speed, cart.plant._then = 500.0, now
    for step in range(1, 40):
        cart.plant.drive = Drive(500, 1_500, now + step * 10, True)
        cart.plant.step(now + step * 10)
    assert cart.plant.seen.speed == 500
    cart.press(signal.SIGUSR1)
    for step in range(40, 70):
        cart.plant.drive = Drive(500, 1_500, now + step * 10, True)
        cart.plant.step(now + step * 10)
    assert cart.plant.seen.speed == 0
    cart.press(signal.SIGUSR2)
    assert not cart.plant.switch
    cart.child.send_signal(signal.SIGCONT)


def test_settings_that_are_none(tmp_path: Path) -> None:
    with pytest.raises(Refused):
        run(tmp_path / "none")
    done = subprocess.run(
        [sys.executable, "-m", "answerable.machines.cart", str(tmp_path / "none")], capture_output=True, timeout=60
    )
    assert done.returncode == 1
    assert b"config.value" in done.stderr
