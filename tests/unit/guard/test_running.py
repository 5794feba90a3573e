# SPDX-License-Identifier: Apache-2.0
"""The guard's loop over a real program, with an issuer that signs what a real one signs and orders as a relay brings
them. Warrants live a second or two, so that their ends are seen."""

from __future__ import annotations

import asyncio
import contextlib
import os
import signal
import tempfile
import time
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pytest

from answerable.admission import orders, pulse
from answerable.admission.clocks import ClockMode, Reading
from answerable.admission.holding import HolderView
from answerable.admission.receipts import read
from answerable.admission.trust import Trust
from answerable.errors import Refused, Unavailable
from answerable.guard import enclosure as enclosures
from answerable.guard.cage import Cage, Heard
from answerable.guard.enclosure import Enclosure
from answerable.guard.folder import Folder
from answerable.guard.gate import Gate
from answerable.guard.lease import mono_ms, now_ms
from answerable.guard.plans import Plan
from answerable.guard.primitives import choose, look
from answerable.guard.reporting import Receipts
from answerable.guard.running import Guard, Words
from answerable.guard.sources import Either
from answerable.guard.standing import Standing
from answerable.net.endpoint import Endpoint
from answerable.net.pool import Pool
from tests.guarded import acting, all_act, beats, floor, last_beat
from tests.unit.admission import a_stop
from tests.unit.admission.a_warrant import WARRANT
from tests.unit.guard.offices import COPY_KEY, IDENTITY, Office, Site
from tests.unit.net.servers import always, http, serving

pytestmark = pytest.mark.system("guard")
AWAY = Unavailable("upstream.unreachable", upstream="x")
GRACE_MS = 200


class Ear:
    """Orders as they come to the view of a guard."""

    def __init__(self, view: HolderView) -> None:
        self.view = view
        self.kept: list[bytes] = []
        self.wake: Callable[[], None] = lambda: None

    async def run(self) -> None:
        await asyncio.Event().wait()

    async def pull(self) -> None:
        for data in self.kept:
            self.view.order(data)

    def tell(self, data: bytes) -> None:
        self.view.order(data)
        self.wake()

    def beat(self, seq: int, valid_for: int, known: tuple[bytes, ...] = ()) -> None:
        rows = [orders.read(data, a_stop.TRUST).stop for data in known]
        made = pulse.Pulse(
            iss="spiffe://demo.invalid/pulse/main", origin=a_stop.ORIGIN, seq=seq, at=now_ms(), valid_for=valid_for,
            epoch=len(rows), stop_root=orders.stop_root(rows), delta=(),
        )  # fmt: skip
        self.view.pulse(pulse.make(made, a_stop.PULSE, a_stop.PULSE_KID), now_ms(), mono_ms())
        self.wake()


@dataclass
class Run:
    here: Path
    office: Office
    ear: Ear
    guard: Guard
    standing: Standing
    cage: Cage
    task: asyncio.Task[int]
    states: list[dict[str, Any]] = field(default_factory=list)
    receipts: list[bytes] = field(default_factory=list)
    offered: list[bytes] = field(default_factory=list)
    clock: list[bool] = field(default_factory=list)  # whether the kernel calls it synchronised

    async def post(self, path: str, body: bytes) -> bytes:
        (self.receipts if path == "/relay/v1/receipts" else self.offered).append(body)
        return b"{}"

    def said(self) -> list[str]:
        return [read(data, {IDENTITY.rid: COPY_KEY.public}, a_stop.ORIGIN).stop_state.value for data in self.receipts]

    async def state(self, name: str, nth: int = 1) -> dict[str, Any]:
        async with asyncio.timeout(10):
            while len(found := [each for each in self.states if each["state"] == name]) < nth:  # noqa: ASYNC110
                await asyncio.sleep(0.005)
        return found[nth - 1]

    async def acting(self) -> set[str]:
        return await asyncio.to_thread(acting, self.here)

    async def all_act(self) -> bool:
        return await asyncio.to_thread(all_act, self.here)

    async def up(self) -> None:
        async with asyncio.timeout(10):
            while not all(beats(self.here).values()):
                assert not self.task.done(), self.task.exception()
                await asyncio.sleep(0.01)


@asynccontextmanager
async def running(
    *, life: int = 20_000, pulse: bool = False, hears: bool = True, argv: tuple[str, ...] = ("sh", "clings.sh"),
    known: tuple[bytes, ...] = (), without: tuple[str, ...] = (), beat: bool = True,
    clock: ClockMode = ClockMode.SAME_HOST, synchronised: bool = True, gateway: int = 9, site: Site | None = None,
    grace_ms: int = GRACE_MS,
) -> AsyncIterator[Run]:  # fmt: skip
    trust = a_stop.TRUST if pulse else Trust(a_stop.ORIGIN, issuers=a_stop.TRUST.issuers)
    view = HolderView(trust, clock, pulse)
    ear = Ear(view)
    said = [synchronised]
    ear.kept.extend(known)
    office = Office.now(life)
    office.changes = {"epoch": 0}
    with floor() as here, tempfile.TemporaryDirectory() as folder:
        chosen = await asyncio.to_thread(lambda: choose(look(), without))
        user = enclosures.user("nobody") if "own-uid" in chosen else None
        cage = await asyncio.to_thread(Cage.make, Enclosure(chosen, cwd=str(here), temp=str(here), user=user))
        standing = Standing(WARRANT.aud, view if hears else None)
        pool = Pool(Endpoint("127.0.0.1", gateway, ""), "gateway")
        made: list[Run] = []

        class Way:
            async def post(self, path: str, body: bytes) -> bytes:
                return await made[0].post(path, body)

        states: list[dict[str, Any]] = []
        evidence = Folder(Path(folder))
        guard = Guard(
            cage=cage, standing=standing, gate=Gate(standing, pool), plan=Plan(grace_ms),
            source=office.source(view) if site is None else Either(office.source(view), site.source(view)),
            receipts=Receipts(IDENTITY, a_stop.ORIGIN, (Way(),), evidence), folder=evidence,
            words=Words(lambda *_: None, lambda what: states.append(dict(what))), ear=ear if hears else None,
            begun=lambda: states.append({"state": "running"}),
            look=lambda: view.clock(Reading(said[0], 1, mono_ms())),
        )  # fmt: skip
        ear.wake = guard.wake
        if pulse and beat:
            ear.beat(1, 60_000)
        task = asyncio.get_running_loop().create_task(guard.run(argv, {"PATH": os.environ["PATH"]}))
        made.append(Run(here, office, ear, guard, standing, cage, task, states, clock=said))
        try:
            yield made[0]
        finally:
            task.cancel()
            await asyncio.gather(task, return_exceptions=True)
            await pool.close()
            await asyncio.to_thread(cage.close)
            await asyncio.to_thread(evidence.close)


def order(num: int = 17, *, kind: str = "terminate", epoch: int = 1, **more: Any) -> bytes:
    return a_stop.issued(a_stop.order(num, kind=kind), num, epoch=epoch, **more)


async def test_a_program_that_ends_by_itself_gives_its_status() -> None:
    async with running(argv=("sh", "-c", "exit 7")) as run:
        assert await run.task == 7
        assert run.standing.closed


@pytest.mark.parametrize("kind", ["terminate", "suspend"])
async def test_a_program_that_ends_by_itself_as_an_order_comes_leaves_a_receipt(kind: str) -> None:
    async with running(argv=("sh", "-c", "echo x > main; while [ ! -e go ]; do sleep 0.02; done; exit 7")) as run:
        async with asyncio.timeout(10):
            while not (run.here / "main").exists():  # noqa: ASYNC110
                await asyncio.sleep(0.01)
        ended = run.guard._cage.hear
        run.guard._cage.hear = lambda: Heard(None, gone=False)  # type: ignore[method-assign]
        (run.here / "go").touch()
        await asyncio.sleep(0.3)
        run.guard._cage.hear = ended  # type: ignore[method-assign]
        run.ear.tell(order(kind=kind))
        assert await run.task == 7
        assert run.said()[-1] == "sealed"


async def test_renewals_go_on_and_it_acts_past_the_first_warrants_end() -> None:
    async with running(life=1_500) as run:
        await run.up()
        await asyncio.sleep(1.8)
        assert await run.all_act()
        assert [request.seq for request in run.office.asked][:3] == [1, 2, 3]


async def test_what_streams_goes_on_under_the_next_warrant_since_the_gateway_is_shown_it() -> None:
    async with serving(always(http(b"{}"))) as server, running(life=1_500, gateway=server.port) as run:
        await run.up()
        run.standing.flying = 1
        async with asyncio.timeout(5):
            while not server.requests:  # noqa: ASYNC110
                await asyncio.sleep(0.01)
        assert run.standing.leased is not None
        assert f"Bearer {run.standing.leased.held.token}".encode() in server.requests[-1]


async def test_a_warrant_that_names_an_order_is_shown_once_the_gateway_was_told_of_it() -> None:
    """The control plane may have died right after: nobody else can tell the gateway."""
    other = order(99)
    async with serving(always(http(b'{"epoch":1}'))) as server, running(life=3_000, gateway=server.port) as run:
        await run.up()
        run.office.changes, run.office.orders = {"epoch": 1}, (other.decode(),)
        async with asyncio.timeout(2):
            while run.standing.leased is None or run.standing.leased.warrant.epoch != 1:  # noqa: ASYNC110
                await asyncio.sleep(0.01)
        told = [request for request in server.requests if request.startswith(b"POST /relay/v1/orders ")]
        assert run.office.known[-1] == 0
        assert run.ear.view.epoch == 1, "heard here too"
        assert await run.all_act()
        assert told, "the gateway was asked what it knows before the warrant was shown"


@pytest.mark.parametrize("gateway", ["knows", "does not", "is away"])
async def test_one_that_cannot_be_explained_is_shown_at_the_end_of_the_one_before(gateway: str) -> None:
    answer = b'{"epoch":%d}' % (gateway == "knows")
    async with serving(always(http(answer))) as server:
        async with running(life=1_500, gateway=9 if gateway == "is away" else server.port) as run:
            await run.up()
            first = run.standing.leased
            assert first is not None
            run.office.changes = {"epoch": 1}  # and no word of what that was
            async with asyncio.timeout(3):
                while run.standing.leased is first:
                    run.standing.admit()
                    await asyncio.sleep(0.002)
            assert first.held.ends - 150 <= mono_ms() <= first.held.ends
            with pytest.raises(Refused, match=r"stop\.stale"):
                run.standing.admit()


async def test_without_renewal_it_is_gone_within_life_and_grace_and_a_tenth() -> None:
    async with running(life=1_200) as run:
        await run.up()
        run.office.error = AWAY
        assert run.standing.leased is not None
        status = await run.task
        ends = run.standing.leased.held.ends
        gone = mono_ms()
        assert status == 1
        assert gone - ends < GRACE_MS + 100 + 150, "150 ms for a shared machine"
        assert run.states[-1]["why"] == "warrant.expired"
        offset = now_ms() - mono_ms()
        assert last_beat(run.here) * 1000 - offset < ends + GRACE_MS + 100
        assert await run.acting() == set()


async def test_a_refusal_that_is_no_stop_ends_it_at_once() -> None:
    async with running(life=1_500) as run:
        await run.up()
        run.office.error = Refused("warrant.copy_ended", copy="c")
        assert await run.task == 1
        assert run.states[-1]["why"] == "warrant.copy_ended"


async def test_a_stop_that_nobody_can_look_behind_ends_it() -> None:
    async with running(life=1_500, hears=False) as run:
        await run.up()
        run.office.error = Refused("stop.system", order="o" * 32)
        assert await run.task == 1
        assert run.states[-1]["why"] == "stop.system"


async def test_a_refused_renewal_freezes_it_until_the_order_comes() -> None:
    async with running(life=1_500) as run:
        await run.up()
        run.office.error = Refused("stop.system", order="o" * 32)
        await run.state("suspended")
        assert await run.acting() == set()
        run.ear.tell(order())
        assert await run.task == 1
        assert run.said()[-1] == "sealed"


async def test_an_order_that_never_comes_ends_it_all_the_same() -> None:
    async with running(life=1_500) as run:
        await run.up()
        run.office.error = Refused("stop.system", order="o" * 32)
        frozen = (await run.state("suspended"))["at"]
        async with asyncio.timeout(10):
            assert await run.task == 1
        assert run.states[-1]["why"] == "stop.system"
        assert run.states[-1]["at"] - frozen < 3_500
        assert last_beat(run.here) * 1000 < frozen + 100


async def test_a_termination_is_draining_then_sealed_with_its_receipts(monkeypatch: pytest.MonkeyPatch) -> None:
    # A disk under load: waiting for the evidence stays within what is asserted below.
    monkeypatch.setattr("answerable.guard.keeping.KEEP_S", 0.25)
    async with running() as run:
        await run.up()
        told = time.monotonic()
        run.ear.tell(order())
        assert await run.task == 1
        assert time.monotonic() - told < (GRACE_MS + 100 + 300) / 1000
        assert run.said() == ["draining", "sealed"]
        assert run.states[-1]["state"] == "sealed"
        assert Path(run.states[-1]["evidence"]).name.startswith("stop-")
        assert await run.acting() == set()


async def test_an_order_of_another_lineage_changes_nothing() -> None:
    async with running() as run:
        await run.up()
        run.ear.tell(order(18))
        assert await run.all_act()
        assert run.said() == []


async def test_a_suspension_freezes_and_a_release_thaws_under_a_fresh_warrant() -> None:
    leaf = a_stop.order(17, kind="suspend")
    async with running(life=1_500) as run:
        await run.up()
        run.ear.tell(a_stop.issued(leaf, 17, epoch=1))
        await run.state("suspended")
        assert await run.acting() == set()
        await asyncio.sleep(1.6)
        assert not run.task.done(), "what stands still is not ended by a warrant that it may not renew"
        asked = len(run.office.asked)
        assert run.standing.over
        with pytest.raises(Refused):
            run.standing.admit()
        run.ear.tell(a_stop.issued(leaf, 17, epoch=1, changed=2, release=a_stop.released(leaf)))
        await run.state("running", 2)
        assert len(run.office.asked) > asked
        assert not run.standing.over
        assert await run.all_act()
        assert run.said() == ["draining", "stopped"]
        assert a_stop.ORIGIN.encode() in run.offered[-1], "this issuer never heard of it, and is told"


async def test_a_suspension_that_became_a_termination_ends_what_is_frozen() -> None:
    async with running() as run:
        await run.up()
        run.ear.tell(order(17, kind="suspend"))
        await run.state("suspended")
        run.ear.tell(order(3, epoch=2))
        assert await run.task == 1
        assert await run.acting() == set()


async def test_without_a_cgroup_a_suspension_ends_it() -> None:
    async with running(without=("cgroup",)) as run:
        await run.up()
        run.ear.tell(order(17, kind="suspend"))
        assert await run.task == 1
        assert await run.acting() == set()


async def test_orders_that_were_there_before_keep_it_from_starting() -> None:
    async with running(known=(order(),)) as run:
        with pytest.raises(Refused, match=r"stop\.system"):
            await run.task
        assert not any(beats(run.here).values())


async def test_no_warrant_no_start() -> None:
    async with running(argv=("touch", "ran")) as run:
        run.office.error = AWAY
        with pytest.raises(Unavailable):
            await run.task
        assert not (run.here / "ran").exists()


async def test_a_pulse_that_stops_freezes_it_and_the_next_lets_it_go_on() -> None:
    async with running(pulse=True) as run:
        await run.up()
        run.ear.beat(2, 400)
        await run.state("suspended")
        assert run.states[-1]["why"] == "pulse.stale"
        assert await run.acting() == set()
        run.ear.beat(3, 60_000)
        await run.state("running", 2)
        assert await run.all_act()


async def test_no_pulse_no_start() -> None:
    async with running(pulse=True, beat=False, argv=("touch", "ran")) as run:
        from answerable.guard import running as loops

        loops.FROZEN_MS, kept = 200, loops.FROZEN_MS  # type: ignore[misc]
        try:
            with pytest.raises(Refused, match=r"pulse\.missing"):
                await run.task
        finally:
            loops.FROZEN_MS = kept  # type: ignore[misc]
        assert not (run.here / "ran").exists()


async def test_another_hosts_clock_is_read_and_not_assumed() -> None:
    async with running(clock=ClockMode.NTP, synchronised=False, argv=("touch", "ran")) as run:
        with pytest.raises(Refused, match=r"clock\.unsynchronised"):
            await run.task
        assert not (run.here / "ran").exists()
    async with running(clock=ClockMode.NTP) as run:
        await run.up()
        run.clock[:] = [False]
        await run.state("suspended")
        assert run.states[-1]["why"] == "clock.unsynchronised"
        assert await run.acting() == set()
        run.clock[:] = [True]
        await run.state("running", 2)


async def test_an_issuer_that_was_put_back_gives_it_nothing_until_it_knows_again() -> None:
    async with running(life=1_500, known=(order(18), order(19, epoch=2))) as run:
        run.office.changes = {"epoch": 2}
        await run.up()
        run.office.changes = {"epoch": 1}
        status = await run.task
        assert (status, run.states[-1]["why"]) == (1, "warrant.expired")
        assert b'"orders":[' in run.offered[-1], "it is given what it lost"
    async with running(life=1_500, known=(order(18), order(19, epoch=2))) as run:
        run.office.changes = {"epoch": 2}
        await run.up()
        run.office.changes = {"epoch": 1}
        await asyncio.sleep(0.8)
        run.office.changes = {"epoch": 2}
        await asyncio.sleep(1.2)
        assert await run.all_act(), "it goes on once the issuer knows again"


async def test_asked_to_end_before_anything_ran_nothing_runs(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("answerable.guard.beginning.RETRY_MS", 60_000)  # until it would ask again
    async with running(argv=("sh", "-c", "touch ran")) as run:
        run.office.error = Unavailable("recover.unheard", nodes="berlin", retry_s=5)
        await asyncio.sleep(0.1)
        run.guard.ask_to_end(signal.SIGTERM)
        async with asyncio.timeout(10):
            assert await run.task == 128 + signal.SIGTERM
        assert run.states == []
        assert not (run.here / "ran").exists()


async def test_a_registry_that_listens_first_is_waited_for() -> None:
    async with running(argv=("sh", "-c", "exit 7")) as run:
        run.office.error = Unavailable("recover.unheard", nodes="berlin", retry_s=5)
        await asyncio.sleep(0.1)
        assert not run.task.done()
        run.office.error = None
        async with asyncio.timeout(5):
            assert await run.task == 7


async def test_asked_to_end_it_ends_by_its_plan() -> None:
    async with running(argv=("sh", "-c", "trap 'exit 9' TERM; echo x > main; while :; do sleep 0.02; done")) as run:
        async with asyncio.timeout(10):
            while not (run.here / "main").exists():  # noqa: ASYNC110
                await asyncio.sleep(0.01)
        run.guard.ask_to_end(signal.SIGTERM)
        assert await run.task == 9


async def test_asked_to_end_as_an_order_comes_it_answers_the_order_too() -> None:
    argv = ("sh", "-c", "trap 'exit 9' TERM; echo x > main; while :; do sleep 0.02; done")
    async with running(argv=argv, grace_ms=5_000) as run:  # so long that the program ends by itself on any machine
        async with asyncio.timeout(10):
            while not (run.here / "main").exists():  # noqa: ASYNC110
                await asyncio.sleep(0.01)
        run.guard.ask_to_end(signal.SIGTERM)
        run.ear.tell(order())
        assert await run.task == 9
        assert run.said() == ["draining", "sealed"]


async def test_with_an_on_site_issuer_it_acts_on_past_the_pulse_under_the_envelope() -> None:
    """The gateway does not take the envelope at first, and is shown it until it does."""
    shown: list[bytes] = []

    async def gateway(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        with contextlib.suppress(asyncio.IncompleteReadError):
            while head := await reader.readuntil(b"\r\n\r\n"):
                shown.append(head)
                status = b"403 Forbidden" if len(shown) < 2 else b"200 OK"
                writer.write(b"HTTP/1.1 " + status + b"\r\ncontent-length: 2\r\n\r\n{}")
        writer.close()

    server = await asyncio.start_server(gateway, "127.0.0.1", 0)
    async with (
        server,
        running(pulse=True, beat=False, gateway=server.sockets[0].getsockname()[1], site=Site.here(8_000)) as run,
    ):
        run.ear.beat(1, 1_500)
        await run.up()
        begun = time.monotonic()
        async with asyncio.timeout(5):
            while len(shown) < 2:  # noqa: ASYNC110
                await asyncio.sleep(0.01)
        assert all(b"answerable-envelope: " in head for head in shown)
        run.office.error = AWAY
        await asyncio.sleep(max(0.0, 3.5 - (time.monotonic() - begun)))
        assert await run.all_act(), "the pulse ended two seconds ago, and its warrant was not due"
        assert run.standing.leased is not None
        assert run.standing.leased.source == "the on-site issuer"
