# SPDX-License-Identifier: Apache-2.0
from __future__ import annotations

import asyncio
import shutil
from collections.abc import Callable
from pathlib import Path

import msgspec
import pytest

from answerable.admission import orders, pulse
from answerable.admission.clocks import ClockMode, Reading
from answerable.admission.holding import MOST_ALONE, HolderView
from answerable.admission.orders import stop_root
from answerable.admission.trust import Trust
from answerable.app.clock import SystemClock
from answerable.app.pulse_folder import AHEAD, PulseFolder
from answerable.app.pulse_plane import Listen
from answerable.app.pulsing import Beater, Ways, run
from answerable.app.service import Service
from answerable.errors import AnswerableError
from answerable.log.leaf import decode
from answerable.model.leaves import ReleaseLeaf
from answerable.net.relay_client import RelayClient
from answerable.relay.routes import Answer, Call, Route
from tests.small_relay import relay, until
from tests.unit.admission.a_stop import (
    ANNA,
    ANNA_KID,
    BEN,
    BEN_KID,
    ISSUER,
    KID,
    ORIGIN,
    STRANGER,
    T0,
    WATCHDOG,
    WATCHDOG_KID,
    issued,
    order,
    released,
    row,
    system,
)
from tests.unit.app.small_pulse import Clock, folder
from tests.unit.app.small_store import made


def beater(path: Path, clock: Clock | None = None, **more: object) -> Beater:
    made = PulseFolder(path / "pulse") if (path / "pulse").exists() else folder(path)
    settings: dict[str, object] = {"mode": ClockMode.SAME_HOST, **more}
    return Beater(made, clock or Clock(T0), **settings)  # type: ignore[arg-type]


def read(path: Path, data: bytes) -> pulse.Pulse:
    made = PulseFolder(path / "pulse")
    return pulse.read(data, Trust(ORIGIN, pulses={made.kid: made.key.public}))


def direct(num: int, *, by: tuple[tuple[object, str], ...] = ((ANNA, ANNA_KID),)) -> bytes:
    return orders.direct(order(num, by=by), origin=ORIGIN, subject=system(num), num=num)  # type: ignore[arg-type]


def code(call: Callable[[], object]) -> str:
    with pytest.raises(AnswerableError) as error:
        call()
    return error.value.code


def test_it_says_what_it_knows(tmp_path: Path) -> None:
    beats = beater(tmp_path, valid_for_ms=9_000)
    first, second = issued(order(7), 7, epoch=1), issued(order(8), 8, epoch=2)
    beats.order(second)
    beats.order(first)
    said = read(tmp_path, beats.beat())
    assert (said.at, said.valid_for, said.epoch) == (T0, 9_000, 2)
    assert said.stop_root == stop_root([row(order(7), 7, epoch=1), row(order(8), 8, epoch=2)])
    assert said.delta == (second, first)


def test_it_never_goes_back(tmp_path: Path) -> None:
    clock = Clock(T0)
    beats = beater(tmp_path, clock)
    numbers = [read(tmp_path, beats.beat()).seq for _ in range(3)]
    assert numbers == [T0, T0 + 1, T0 + 2]
    clock.now = T0 - 86_400_000  # its clock is set back
    assert read(tmp_path, beats.beat()).seq == T0 + 3
    again = beater(tmp_path, clock)  # started again, killed without warning before
    assert read(tmp_path, again.beat()).seq == T0 + AHEAD + 1


def test_wiped_but_for_its_key_it_goes_on_above_its_past(tmp_path: Path) -> None:
    clock = Clock(T0)
    last = 0
    for _ in range(5):
        last = read(tmp_path, beater(tmp_path, clock).beat()).seq
        clock.now += 86_400_000
    (tmp_path / "pulse" / "seq").unlink()
    assert read(tmp_path, beater(tmp_path, clock).beat()).seq > last


def test_no_beat_without_its_number_on_the_disk(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    beats = beater(tmp_path)

    def full(*_: object) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr("answerable.app.pulse_folder.durable.replace", full)
    assert code(beats.beat) == "pulse.state"


def test_what_it_was_told_it_knows_after_a_restart(tmp_path: Path) -> None:
    beater(tmp_path).order(direct(7))
    assert len(read(tmp_path, beater(tmp_path).beat()).delta) == 1


def test_an_order_that_cannot_be_kept_ends_it(tmp_path: Path) -> None:
    beats = beater(tmp_path)
    (tmp_path / "pulse" / "orders.txt").mkdir()
    assert code(lambda: beats.order(direct(7))) == "pulse.state"
    assert code(beats.beat) == "pulse.state"


def test_a_damaged_memory_is_no_memory(tmp_path: Path) -> None:
    made = folder(tmp_path)
    made.orders.add(b"{}")
    assert code(lambda: beater(tmp_path)) == "pulse.state"


def test_direct_orders_stand_in_every_beat_until_they_are_released(tmp_path: Path) -> None:
    beats = beater(tmp_path)
    leaf = order(5, kind="suspend", by=((ANNA, ANNA_KID),), at=0)
    beats.order(orders.direct(leaf, origin=ORIGIN, subject=system(5), num=5))
    for number in range(1, 100):
        beats.order(issued(order(100 + number), 100 + number, epoch=number))
    said = read(tmp_path, beats.beat())
    assert len(said.delta) == pulse.MAX_DELTA
    holder = HolderView(Trust(ORIGIN, issuers={KID: ISSUER.public}), ClockMode.SAME_HOST)
    first = holder.order(said.delta[0], vouched=True)
    assert first is not None
    assert first.by == "pulse"
    assert [each.stop.num for each in (holder.order(data) for data in said.delta[1:]) if each] == list(
        range(199, 199 - pulse.MAX_DELTA + 1, -1)
    )
    freed = decode(released(leaf))
    assert isinstance(freed, ReleaseLeaf)
    beats.order(orders.direct(leaf, origin=ORIGIN, subject=system(5), num=5, release=freed))
    assert beats.view.stops.systems.keys().isdisjoint({5})
    told = HolderView(beats.view.trust, ClockMode.SAME_HOST, pulse_required=False).order(
        read(tmp_path, beats.beat()).delta[0]
    )
    assert told is not None
    assert told.stop.released


def test_one_officer_does_not_silence_it(tmp_path: Path) -> None:
    made = folder(tmp_path)
    for num in range(100, 165):
        made.give(direct(num))
    beats = beater(tmp_path)
    beats.read_inbox()
    beats.order(direct(7, by=((BEN, BEN_KID),)))
    said = read(tmp_path, beats.beat())
    assert len(beats.view.direct()) == len(said.delta) == MOST_ALONE + 1
    assert len(list(made.inbox.glob("*.refused"))) == 65 - MOST_ALONE
    # Nor does it fall silent over a memory from before there was a bound: authorities first, and somebody of each.
    for num in range(100, 165):
        made.orders.add(direct(num))
    again = beater(tmp_path)
    assert len(again.view.direct()) == 66
    again.order(direct(9, by=((WATCHDOG, WATCHDOG_KID),)))
    delta = read(tmp_path, again.beat()).delta
    assert MOST_ALONE < len(delta) <= pulse.MAX_DELTA
    assert delta[0] == direct(9, by=((WATCHDOG, WATCHDOG_KID),))
    assert direct(7, by=((BEN, BEN_KID),)) in delta


def test_a_carrier_who_pads_what_authorities_ordered_does_not_silence_it(tmp_path: Path) -> None:
    beats = beater(tmp_path)
    long = [f"sha256:{number:064x}" for number in range(45)]
    for num in range(100, 150):
        leaf = msgspec.structs.replace(order(num, by=((WATCHDOG, WATCHDOG_KID),)), dig=long)
        beats.order(orders.direct(leaf, origin=ORIGIN, subject=system(num), num=num))
    assert len(read(tmp_path, beats.beat()).delta) == 50


def test_a_clock_that_is_not_synchronised_gives_no_beat(tmp_path: Path) -> None:
    state = [Reading(synchronised=False, error_ms=0, mono_ms=T0)]
    beats = beater(tmp_path, mode=ClockMode.NTP, reading=lambda: state[0])
    assert code(beats.beat) == "clock.unsynchronised"
    state[0] = Reading(synchronised=True, error_ms=5, mono_ms=T0)
    assert read(tmp_path, beats.beat()).seq == T0


def test_what_nobody_who_is_pinned_signed_is_put_aside(tmp_path: Path) -> None:
    beats = beater(tmp_path)
    made = PulseFolder(tmp_path / "pulse")
    made.give(direct(7))
    bad = made.give(direct(8, by=((STRANGER, ANNA_KID),)))
    beats.read_inbox()
    assert made.given() == []
    assert bad.with_suffix(".refused").exists()
    assert [told.stop.num for told in beats.view.told()] == [7]


async def ran(beats: Beater, ways: Ways, done: Callable[[], bool], seconds: float = 10.0) -> None:
    ended = asyncio.Event()
    task = asyncio.create_task(run(beats, ways, SystemClock(), ended))
    try:
        async with asyncio.timeout(seconds):
            while not done() and not task.done():  # noqa: ASYNC110  # what is waited for has no event
                await asyncio.sleep(0.01)
    finally:
        ended.set()
        await task


async def test_from_a_file_to_a_file_and_standard_output(tmp_path: Path) -> None:
    source, target = tmp_path / "orders.jsonl", tmp_path / "pulse.json"
    source.write_bytes(issued(order(7), 7, epoch=1) + b"\nnonsense\n")
    lines: list[bytes] = []
    ways = Ways(files=(source, tmp_path / "none"), out=(str(target), "-"), every_ms=100, write=lines.append)
    await ran(beater(tmp_path, SystemClock()), ways, lambda: len(lines) >= 3)  # type: ignore[arg-type]
    assert read(tmp_path, target.read_bytes().rstrip(b"\n")).epoch == 1
    numbers = [read(tmp_path, line.rstrip(b"\n")).seq for line in lines]
    assert numbers == sorted(set(numbers))


async def test_from_a_relay_to_a_relay(tmp_path: Path) -> None:
    got: list[bytes] = []

    async def take(call: Call) -> Answer:
        got.append(call.body)
        return Answer(b"{}")

    async with relay(routes=(Route("POST", "/relay/v1/pulse", take),)) as there:
        view = HolderView(folder(tmp_path).trust, ClockMode.SAME_HOST, pulse_required=False)
        first = view.order(issued(order(7), 7, epoch=1))
        assert first is not None
        there.tell(first)
        beats = beater(tmp_path, SystemClock())  # type: ignore[arg-type]
        ways = Ways(relays=(there.url,), posts=(there.url,), every_ms=60_000)
        ended = asyncio.Event()
        task = asyncio.create_task(run(beats, ways, SystemClock(), ended))
        try:
            await until(lambda: got)
            assert read(tmp_path, got[-1]).epoch == 1
            second = view.order(issued(order(8), 8, epoch=2))
            assert second is not None
            there.tell(second)
            await until(lambda: read(tmp_path, got[-1]).epoch == 2)  # at once, long before its next beat
        finally:
            ended.set()
            await task


async def test_it_beats_on_while_the_registry_is_away(tmp_path: Path) -> None:
    lines: list[bytes] = []
    ways = Ways(relays=("http://127.0.0.1:9",), sockets=("unix:///nowhere",), out=("-",), every_ms=100,
                posts=("http://127.0.0.1:9",), write=lines.append)  # fmt: skip
    await ran(beater(tmp_path, SystemClock()), ways, lambda: len(lines) >= 2)  # type: ignore[arg-type]


async def test_holders_and_officers_come_to_its_own_plane(tmp_path: Path) -> None:
    beats = beater(tmp_path, SystemClock())  # type: ignore[arg-type]
    beats.order(issued(order(7), 7, epoch=1))
    urls: list[str] = []
    ended = asyncio.Event()
    task = asyncio.create_task(
        run(beats, Ways(listen=Listen(port=0), every_ms=60_000), SystemClock(), ended, urls.append)
    )
    try:
        await until(lambda: urls or task.done())
        client = RelayClient(urls[0])
        await until(lambda: beats._used)
        assert read(tmp_path, await client.get("/relay/v1/pulse")).epoch == 1
        assert b'"epoch":1' in await client.get("/relay/v1/orders?since=0")
        before = beats._used
        answer = await client.post("/relay/v1/orders", b'{"orders":[' + direct(9) + b"]}")
        assert b'"news":1' in answer
        await until(lambda: beats._used > before)
        assert direct(9) in read(tmp_path, await client.get("/relay/v1/pulse")).delta
        with pytest.raises(AnswerableError, match=r"order\.untrusted"):
            await client.post("/relay/v1/orders", b'{"orders":[' + direct(9, by=((STRANGER, ANNA_KID),)) + b"]}")
        await client.close()
    finally:
        ended.set()
        await task


async def test_a_pulse_that_lost_its_disk_stops(tmp_path: Path) -> None:
    beats = beater(tmp_path, SystemClock())  # type: ignore[arg-type]
    shutil.rmtree(tmp_path / "pulse")
    with pytest.raises(AnswerableError, match=r"pulse\.state"):
        await run(beats, Ways(out=("-",), write=lambda _: None), SystemClock(), asyncio.Event())


async def test_a_plain_service_tells_a_pulse_on_its_socket(tmp_path: Path) -> None:
    """Neither [relay] nor [pulse] is set: a pulse on the same host needs no listener."""
    core = await made(tmp_path)
    service = Service(core)
    address = await service.start()
    beats = beater(tmp_path, SystemClock())  # type: ignore[arg-type]
    asked: list[bytes] = []
    client = RelayClient(f"unix://{address.control}")
    try:
        asked.append(await client.get("/control/v1/orders?since=0"))
        lines: list[bytes] = []
        ways = Ways(sockets=(client.url,), out=("-",), every_ms=100, write=lines.append)
        await ran(beats, ways, lambda: bool(lines))
    finally:
        await client.close()
        await service.close()
    assert asked == [b'{"epoch":0,"more":false,"orders":[]}']
