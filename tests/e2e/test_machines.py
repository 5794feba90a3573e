# SPDX-License-Identifier: Apache-2.0
"""Authority lost, on real processes over both transports: the cart stands still within the bound of its class.

`make test-machines` runs each fault many times (MACHINES_ROUNDS) and prints n, the greatest, and the bound. Here each
runs once, over the transport that it bears on most.
"""

from __future__ import annotations

import json
import os
import signal
import subprocess
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from answerable.admission.bound import Clocks, bound
from answerable.machines.limits import Braking
from answerable.machines.station import mono_ms, now_ms
from tests.machines import SPEED, WATCHDOG_MS, Place, signal_to

ROUNDS = int(os.environ.get("MACHINES_ROUNDS", "0"))
TURN_MS = 10
BRAKING = Braking()
# The bound of the class physical, 2 s: re-checked each turn of the control loop, then a Stop 1 from the speed driven.
CLASS = bound("physical", 2_000, Clocks(recheck_ms=TURN_MS, settle_ms=BRAKING.time_ms(SPEED, BRAKING.stop)))
# And what the actuator's own dead-man makes of it.
DEAD_MAN_MS = WATCHDOG_MS + TURN_MS + BRAKING.time_ms(SPEED, BRAKING.hard)

Fault = Callable[[Place, "subprocess.Popen[bytes]"], Callable[[], None]]


def frozen(pid: int) -> Callable[[], None]:
    signal_to(pid, signal.SIGSTOP)
    return lambda: signal_to(pid, signal.SIGCONT)


def cut(place: Place, _: subprocess.Popen[bytes]) -> Callable[[], None]:
    place.cut.cut()
    return place.cut.mend


def broken(place: Place, _: subprocess.Popen[bytes]) -> Callable[[], None]:
    place.cut.reset()
    return lambda: None


def broker_killed(place: Place, _: subprocess.Popen[bytes]) -> Callable[[], None]:
    if place.broker is None:  # zenoh has none: the link itself goes
        return broken(place, _)
    place.broker.kill()
    return place.broker.start


FAULTS: dict[str, Fault] = {
    "network cut": cut,
    "link broken": broken,
    "broker killed": broker_killed,
    "controller frozen": lambda _, leader: frozen(leader.pid),
    "guard killed": lambda _, guard: (guard.kill(), lambda: None)[1],
    "controller killed": lambda _, leader: (leader.kill(), lambda: None)[1],
    "station frozen": lambda place, _: frozen(place.station()),
    "issuer frozen": lambda place, _: frozen(place.site.pid),
}
# In the short form; each transport has most of them in common with the other.
SHORT = {
    "zenoh": ("network cut", "controller frozen", "station frozen"),
    "mqtt": ("network cut", "broker killed", "guard killed", "issuer frozen"),
}


MQTT = pytest.param("mqtt", marks=pytest.mark.system("mosquitto"))
both = pytest.mark.parametrize("transport", ["zenoh", MQTT])
# The short form leaves to the conformance suite that the transports are alike here.
one = pytest.mark.parametrize("transport", ["zenoh", MQTT] if ROUNDS else ["zenoh"])


@pytest.fixture
def place(transport: str, tmp_path: Path) -> Iterator[Place]:
    made = Place(tmp_path, transport)
    try:
        yield made
    finally:
        made.close()


@both
@pytest.mark.timeout(3600 if ROUNDS else 120)
def test_authority_lost_and_it_stands_within_the_bound(place: Place, transport: str) -> None:
    for name in FAULTS if ROUNDS else SHORT[transport]:
        took = []
        for _ in range(max(1, ROUNDS)):
            leader = place.drive(guarded=name == "guard killed")
            since = mono_ms()
            mend = FAULTS[name](place, leader)
            took.append(place.stands_after(since, CLASS.effects))
            mend()
            place.end(leader, signal.SIGKILL)
        print(
            f"{transport:6} {name:18} n {len(took):3}  max {max(took):5} ms  bound {CLASS.effects} ms"
            f"  (dead-man {DEAD_MAN_MS} ms)"
        )
        assert max(took) <= CLASS.effects, (name, took)


@one
@pytest.mark.timeout(120)
def test_it_drives_through_a_planned_outage_and_makes_its_minimal_risk_stop(transport: str, tmp_path: Path) -> None:
    """No control plane runs here at all: the envelope is the plan for the outage."""
    place = Place(tmp_path, transport)
    try:
        life = 3_000
        while True:  # on a machine that is busy it takes longer until it drives
            life *= 2
            place.end(place.site)
            began, began_mono = now_ms(), mono_ms()
            place.site = place.begin_site(life)
            try:
                place.drive(within_s=life / 2_000)
                break
            except AssertionError:
                assert life < 48_000
        until = began + life
        while now_ms() < until + 1_500:
            time.sleep(0.05)
        rows = [row for row in place.lines() if row[0] >= began_mono]
        moving = [row for row in rows if row[2]]
        ended = began_mono + (until - began) + 250  # the envelope was made a moment after `began`
        assert moving[-1][0] <= ended, "it stands when the envelope ends"
        assert moving[-1][0] >= ended - 3_000, "and not long before"
        slowing = [row for row in rows if moving[-1][0] - 700 <= row[0] <= moving[-1][0]]
        rate = (slowing[0][2] - slowing[-1][2]) / max(1, slowing[-1][0] - slowing[0][0]) * 1000
        assert rate <= BRAKING.gentle * 1.3, "a manoeuvre, not a cut"
        assert not any(row[3] for row in slowing)
        assert rows[-1][2] == 0
        stops = [json.loads(line) for line in place.journal.read_bytes().splitlines()]
        assert [entry["facts"]["why"] for entry in stops if entry["what"] == "stop"][-1] == "envelope.expired"
    finally:
        place.close()


@one
@pytest.mark.timeout(120)
def test_a_person_takes_the_cart_over_by_its_switch_and_by_key(place: Place) -> None:
    leader = place.drive()
    since = mono_ms()
    place.cart.send_signal(signal.SIGUSR1)
    assert place.stands_after(since, 1_000) <= BRAKING.time_ms(SPEED, BRAKING.hard) + 100
    assert leader.wait(10) == 1, "who led it hears of it"
    place.cart.send_signal(signal.SIGUSR2)
    place.drive()
    since = mono_ms()
    person = place.start("device", "take", place.direct, "--as-person", "person.key", "--name", "dora", said=b"")
    assert person.wait(20) == 0
    place.stands_after(since, 3_000)
    noted = [json.loads(line) for line in place.journal.read_bytes().splitlines()]
    hands = [(e["facts"]["hand"], e["facts"]["person"]) for e in noted if e["what"] == "takeover"]
    assert hands == [("take", "panel"), ("give", "panel"), ("take", "dora")]
