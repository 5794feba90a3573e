# SPDX-License-Identifier: Apache-2.0
from __future__ import annotations

import asyncio
from pathlib import Path

import msgspec
import pytest

from answerable.admission import orders
from answerable.admission.orders import stop_root
from answerable.admission.stopset import NEVER
from answerable.app.beating import Heart, heart_of, pinned
from answerable.config import PulseConfig
from answerable.crypto.b64 import b64u
from answerable.errors import AnswerableError, Refused
from answerable.log.leaf import decode
from answerable.model.leaves import ReleaseLeaf
from answerable.model.units import EPOCH, Space
from tests.fleet import Fleet
from tests.unit.admission.a_stop import (
    ORIGIN,
    PINNED,
    PULSE,
    PULSE_KID,
    TRUST,
    WATCHDOG,
    WATCHDOG_KID,
    beat,
    issued,
    order,
    released,
    row,
    system,
)

KEYS = (f"{PULSE_KID}:{b64u(PULSE.public)}",)


class House(Fleet):
    """A registry with a heart."""

    def __init__(self, **config: object) -> None:
        super().__init__()
        self.turned = 0
        made = heart_of(
            PulseConfig(keys=KEYS, **config),  # type: ignore[arg-type]
            self.book,
            self.clock,
            TRUST,
            self.changed,
        )
        self.heart: Heart = made

    def changed(self) -> None:
        self.turned += 1

    def stop(self, num: int, epoch: int, **more: object) -> orders.Stop:
        leaf = order(num)
        stop = row(leaf, num, epoch=epoch)
        self.put(Space.STOPS, stop.rid, msgspec.json.encode(msgspec.structs.replace(stop, **more)))
        self.put(Space.COUNTERS, EPOCH, str(epoch).encode())
        return stop

    def beat(self, *messages: bytes, **more: object) -> None:
        self.heart.take(beat(*messages, at=self.clock.now, **more))  # type: ignore[arg-type]


def reaches(house: House, num: int) -> bool:
    return num in house.heart.view.stops.lineages


def test_without_a_key_no_pulse_is_taken_or_needed_and_orders_past_the_registry_stop_all_the_same() -> None:
    fleet = Fleet()
    turned: list[int] = []
    heart = heart_of(PulseConfig(), fleet.book, fleet.clock, PINNED, lambda: turned.append(1))
    assert (heart.pinned, heart.problem(), heart.life_ms) == (False, "", 0)
    with pytest.raises(AnswerableError) as error:
        heart.take(beat(at=fleet.clock.now))
    assert error.value.code == "pulse.forged"
    by = ((WATCHDOG, WATCHDOG_KID),)
    heart.order(orders.direct(order(7, by=by), origin=ORIGIN, subject=system(7), num=7))
    assert heart.view.stops.lineages[7][0].until == NEVER
    leaf = order(8, kind="suspend", by=by)
    heart.order(orders.direct(leaf, origin=ORIGIN, subject=system(8), num=8))
    assert 8 in heart.view.stops.lineages
    freed = decode(released(leaf, by=by))
    assert isinstance(freed, ReleaseLeaf)
    heart.order(orders.direct(leaf, origin=ORIGIN, subject=system(8), num=8, release=freed))
    assert 8 not in heart.view.stops.lineages
    assert len(turned) == 3


def test_keys_of_pulses() -> None:
    for text in ("", "x", ":AAAA", f"k:{b64u(b'short')}", b64u(PULSE.public)):
        with pytest.raises(Refused) as refusal:
            pinned(PulseConfig(keys=(text,)))
        assert refusal.value.code == "config.value"
    assert pinned(PulseConfig(keys=("spiffe://a/b:" + b64u(PULSE.public),))) == {"spiffe://a/b": PULSE.public}


def test_it_needs_a_pulse_and_a_fresh_one() -> None:
    house = House()
    assert house.heart.problem() == "pulse.missing"
    house.beat()
    assert house.heart.problem() == ""
    house.clock.now += 10_000
    assert house.heart.problem() == "pulse.stale"
    assert House(required=False).heart.problem() == ""
    assert house.heart.shown == {PULSE_KID: b64u(PULSE.public)}


def test_a_pulse_is_compared_with_the_registry_itself() -> None:
    house = House()
    stop = house.stop(7, 1)
    house.beat(epoch=1, root=stop_root([stop]))
    assert house.heart.problem() == ""
    ahead = stop_root([stop, row(order(8), 8, epoch=2)])
    house.clock.now += 10_000
    house.beat(seq=2, epoch=2, root=ahead)  # the pulse knows an order that this registry forgot
    assert house.heart.problem() == "pulse.root"
    house.stop(8, 2)
    assert house.heart.problem() == ""


def test_what_a_pulse_brings_past_the_registry_stops_here() -> None:
    house = House()
    house.beat(orders.direct(order(7), origin=ORIGIN, subject=system(7), num=7))
    assert reaches(house, 7)
    assert house.turned == 1
    house.beat(seq=2)
    assert house.turned == 1


def test_what_stands_in_the_registry_is_released_there() -> None:
    house = House()
    leaf = order(7, kind="suspend")
    house.beat(issued(leaf, 7, epoch=1))  # it came by the pulse first: the registry was restored from a copy
    assert reaches(house, 7)
    stop = row(leaf, 7, epoch=1)
    house.put(Space.STOPS, stop.rid, msgspec.json.encode(msgspec.structs.replace(stop, released="r" * 32, changed=2)))
    house.put(Space.COUNTERS, EPOCH, b"2")
    assert not reaches(house, 7)
    house.beat(issued(leaf, 7, epoch=1, changed=2, release=released(leaf)), seq=2, epoch=2, root=stop_root([stop]))
    assert house.heart.problem() == ""


async def test_a_pulse_by_a_file_and_what_was_taken_is_carried_on(tmp_path: Path) -> None:
    house = House()
    carried: list[bytes] = []
    house.heart.pulsed.append(carried.append)
    file = tmp_path / "pulse.json"
    watching = asyncio.create_task(house.heart.watch(file, 0.005))
    try:
        for seq, data in ((1, beat(at=house.clock.now)), (1, b"{}"), (2, beat(seq=2, at=house.clock.now) + b"\n")):
            await asyncio.sleep(0.02)
            fresh = tmp_path / "fresh"
            fresh.write_bytes(data)
            fresh.replace(file)
            async with asyncio.timeout(2):
                while house.heart.view.seq != seq:  # noqa: ASYNC110
                    await asyncio.sleep(0.005)
    finally:
        watching.cancel()
    assert carried == [beat(at=house.clock.now), beat(seq=2, at=house.clock.now)]
    assert house.heart.newest == carried[-1]
    with pytest.raises(AnswerableError) as error:
        house.heart.take(carried[0])
    assert error.value.code == "pulse.replayed"
    assert len(carried) == 2
