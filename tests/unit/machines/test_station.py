# SPDX-License-Identifier: Apache-2.0
from __future__ import annotations

import socket
from pathlib import Path

import msgspec
import pytest

from answerable.machines import frames
from answerable.machines.machine import Drive, Seen
from answerable.machines.station import PANEL, Station, build, mono_ms, now_ms
from answerable.machines.wires import Take
from answerable.model.devices import Hand, Mode
from tests.small_site import AUDIENCE, COPY_KEY, DEVICE, DEVICE_KEY, token
from tests.unit.machines.test_settings import settings


class Heard:
    """A wire that keeps what was sent."""

    def __init__(self) -> None:
        self.sent: list[tuple[str, bytes]] = []

    async def listen(self, topic: str, take: Take) -> None:
        raise AssertionError("not in this test")

    def send(self, topic: str, data: bytes) -> None:
        self.sent.append((topic, data))

    async def close(self) -> None: ...


@pytest.fixture
def ends() -> tuple[socket.socket, socket.socket]:
    near, far = socket.socketpair(socket.AF_UNIX, socket.SOCK_DGRAM)
    near.setblocking(False)
    far.setblocking(False)
    yield near, far  # type: ignore[misc]
    near.close()
    far.close()


def station(folder: Path, near: socket.socket) -> tuple[Station, Heard]:
    area = msgspec.structs.replace(settings(folder).area[0], x0=-9_999, x1=9_999, y0=-9, y1=9)
    made = build(settings(folder, audience=AUDIENCE, area=(area,), max_speed=900), near)
    wire = Heard()
    made._wire, made._says = wire, frames.topics(DEVICE)[1]
    return made, wire


def drives(far: socket.socket) -> list[Drive]:
    found = []
    try:
        while True:
            found.append(msgspec.json.decode(far.recv(4096), type=Drive))
    except BlockingIOError:
        return found


def test_each_turn_takes_what_is_seen_and_tells_the_actuator(
    tmp_path: Path, ends: tuple[socket.socket, socket.socket]
) -> None:
    near, far = ends
    made, _ = station(tmp_path, near)
    far.send(msgspec.json.encode(Seen(5, 0, 0)))
    made.turn()
    assert drives(far) == [Drive(0, 1_500, -(10**9), False)]
    assert made.machine.state(0, 0).x == 5


def test_an_ask_is_answered_and_reaches_the_actuator_at_once(
    tmp_path: Path, ends: tuple[socket.socket, socket.socket]
) -> None:
    near, far = ends
    made, wire = station(tmp_path, near)
    made.turn()
    drives(far)
    lease = {"warrant": token(now_ms()), "envelope": "", "run": 0, "voice": "v"}
    data = frames.ask("lease", lease, dev=DEVICE, re="r", seq=1, beat=mono_ms(), signer=COPY_KEY)
    made.heard(data)
    ((topic, answer),) = wire.sent
    said = frames.read_say(answer, DEVICE_KEY.public)
    assert topic.endswith("/say")
    assert (said.re, said.code, said.state.mode) == ("r", "", Mode.LIVE)
    assert drives(far)[-1].powered
    made.heard(b"noise")
    made.heard(b"gone v")
    assert len(wire.sent) == 1
    assert made.machine.state(0, 0).mode is not Mode.LIVE


def test_the_switch_takes_over(tmp_path: Path, ends: tuple[socket.socket, socket.socket]) -> None:
    near, _ = ends
    made, _ = station(tmp_path, near)
    made.pressed(Hand.TAKE)
    assert made.machine.state(0, 0).person == PANEL
    made.pressed(Hand.GIVE)
    assert made.machine.state(0, 0).mode is Mode.IDLE
    assert (tmp_path / "journal").read_bytes().count(b"takeover") == 2


def test_a_dead_actuator_stops_no_turn(tmp_path: Path, ends: tuple[socket.socket, socket.socket]) -> None:
    near, far = ends
    made, _ = station(tmp_path, near)
    far.close()
    made.turn()
    assert made.machine.state(0, 0).mode is Mode.IDLE
