# SPDX-License-Identifier: Apache-2.0
"""A control plane is wiped and put back from a real backup that is older than an order."""

from __future__ import annotations

import asyncio
import shutil
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

import httpx2 as httpx
import msgspec
import pytest

from answerable.admission import orders
from answerable.admission.pulse import Pulse, make
from answerable.app.backup import back_up
from answerable.app.core import open_core
from answerable.app.people import read as read_person
from answerable.app.rebuild import rebuild
from answerable.app.repair import fsck
from answerable.app.service import Service
from answerable.app.tiling import live
from answerable.config import Config, RecoverConfig
from answerable.crypto.b64 import b64u
from answerable.crypto.ed25519 import Key
from answerable.errors import Refused, Unavailable
from answerable.log.leaf import decode
from answerable.log.trust import parse
from answerable.model.leaves import OrderLeaf, RecoveryLeaf, RegainedLeaf
from answerable.registry import nodes, stopped
from answerable.registry.requests import WithdrawKey
from answerable.tiles.mirror import Mirror
from tests.e2e.scripted_upstream import ScriptedUpstream
from tests.small_nodes import Plane, chat, client, joined, node, plane, readyz
from tests.small_orders import leaf_of
from tests.small_relay import until
from tests.unit.app.test_node import upstream


@asynccontextmanager
async def again(settings: Config, folder: Path) -> AsyncIterator[Plane]:
    """The control plane over a store that exists."""
    service = Service(await open_core(settings))
    address = await service.start()
    try:
        yield Plane(service, address.holders, address.gateway, folder)
    finally:
        await service.close()


def put_back(settings: Config, backup: Path) -> None:
    """Store and guard are gone; what the backup has is rebuilt under a new guard."""
    shutil.rmtree(settings.store_path)
    shutil.rmtree(settings.guard_path)
    shutil.copytree(backup, settings.store_path)
    rebuild(settings, [], new_guard=True)


def at(control: Plane) -> Config:
    """Its settings, at the port that it has."""
    port = int(control.url.rpartition(":")[2])
    config = control.core.config
    return msgspec.structs.replace(config, relay=msgspec.structs.replace(config.relay, port=port))


async def test_orders_are_regained_from_a_node_before_anything_is_signed(tmp_path: Path) -> None:
    backup = tmp_path / "backup"
    with ScriptedUpstream() as server:
        async with plane(tmp_path / "control") as control:
            system = await control.system("model")
            _, handle = await client(control)
            settings = at(control)
            back_up(settings, backup, keys=True)
            berlin_settings = await joined(control, tmp_path / "node", **upstream(server))
            shutil.rmtree(backup)
            back_up(settings, backup, keys=True)  # the node is in it, the order is not
            async with node(berlin_settings) as berlin:
                await until(lambda: berlin._served)
                stop = await control.suspend(system.rid)
                await until(lambda: berlin.view.epoch == 1)
        await asyncio.to_thread(put_back, settings, backup)

        async with again(settings, tmp_path) as control:
            core, service = control.core, control.service
            assert not tuple(core.book.stops())
            recovery = service.recovery
            assert recovery is not None
            assert recovery.waiting() == {"node berlin": "was not heard"}
            assert (await readyz(control.gateway))["parts"]["ledger"] == "recover.behind"
            with pytest.raises(Unavailable, match=r"recover\.behind"):
                service._issuer.may_sign()
            with pytest.raises(Unavailable, match=r"recover\.behind"):
                await service._issuer.grant("any", aud="any", nonce="any")
            with pytest.raises(Unavailable, match=r"log\.stopped"):
                await core.reader.checkpoint()
            published = core.guard.published if core.guard is not None else b""
            with pytest.raises(Unavailable, match=r"recover\.behind"):
                await control.system("new")
            refused = await chat(control.gateway, handle)
            assert refused.status_code == 503

            async with node(berlin_settings) as berlin:
                await until(lambda: not recovery.behind)
                assert berlin.follow.offered == 1
                (row,) = core.book.stops()
                assert (row.rid, row.kind, row.num, row.epoch, row.until) == (
                    stop.rid, stop.kind, stop.num, stop.epoch, stop.until,
                )  # fmt: skip
                await control.system("new")
                assert await core.reader.checkpoint() != published
                leaves = [decode(data) for data in await core.reader.tail(0, 1000)]
                kinds = [type(leaf) for leaf in leaves if isinstance(leaf, (RegainedLeaf, OrderLeaf, RecoveryLeaf))]
                assert kinds == [RegainedLeaf, OrderLeaf, RecoveryLeaf]
                # What was stopped is stopped: nothing of it starts anew, here or at the node.
                found = core.book.system(system.rid)
                assert found is not None
                with pytest.raises(Refused, match=r"stop\.system"):
                    stopped.check(core.book, found, core.now)
                await until(lambda: berlin.serving.problems().get("far") == "stop.system")
                assert (await chat(berlin.url, handle)).json()["error"]["code"] == "stop.system"
        audited = await asyncio.to_thread(fsck, settings)
        # All is as the leaves tell it, but for the words of the reason: those were in no backup and no message.
        assert [error.code for error in audited.findings] == ["audit.payload_gone"]
        async with again(settings, tmp_path) as control:
            assert control.service.recovery is not None
            assert not control.service.recovery.behind, "the mark is gone"


async def test_where_nobody_could_know_more_a_person_says_so_and_it_stands_in_the_log(tmp_path: Path) -> None:
    backup = tmp_path / "backup"
    async with plane(tmp_path / "control") as control:
        settings = at(control)
        back_up(settings, backup, keys=True)
    await asyncio.to_thread(put_back, settings, backup)
    async with again(settings, tmp_path) as control:
        recovery = control.service.recovery
        assert recovery is not None
        assert list(recovery.waiting()) == ["administrator"]
        with pytest.raises(Refused, match=r"recover\.unknown"):
            await recovery.waive("node paris", "")
        kid = next(iter(control.core.book.admins())).rid
        await recovery.waive("administrator", kid)
        assert not recovery.behind
        (leaf,) = [
            leaf for data in await control.core.reader.tail(0, 1000) if isinstance(leaf := decode(data), RecoveryLeaf)
        ]
        assert (leaf.by, leaf.wai, leaf.num) == (kid, ["administrator"], 0)
        with pytest.raises(Refused, match=r"recover\.settled"):
            await recovery.waive("administrator", kid)


async def test_an_order_that_a_holder_shows_later_makes_a_registry_stop_signing_until_it_has_it(tmp_path: Path) -> None:
    """The whole machine was put back, its guard too: nothing here can tell. Whoever was told can."""
    kept = tmp_path / "kept"
    async with plane(tmp_path / "control") as control:
        system = await control.system("model")
        settings = at(control)
        await control.core.reader.checkpoint()
        back_up(settings, kept, keys=True)
        guard = tmp_path / "guard"
        await asyncio.to_thread(shutil.copytree, settings.guard_path, guard)
        stop = await control.suspend(system.rid)
        await until(lambda: control.service.plane.hub.board.epoch == 1)
        (told,) = control.service.plane.hub.view.told()
    await asyncio.to_thread(shutil.rmtree, settings.store_path)
    await asyncio.to_thread(shutil.rmtree, settings.guard_path)
    await asyncio.to_thread(shutil.copytree, kept, settings.store_path)
    await asyncio.to_thread(shutil.copytree, guard, settings.guard_path)
    async with again(settings, tmp_path) as control:
        recovery = control.service.recovery
        assert recovery is not None
        assert not recovery.behind
        nobodys = orders.direct(leaf_of(0), origin=control.core.origin)  # of an officer who has left, for one
        assert await recovery.shown([nobodys, told.data]) == 1
        assert [row.rid for row in control.core.book.stops()] == [stop.rid]
        assert recovery.behind, "nobody else was heard, and somebody may know more"
        assert list(recovery.waiting()) == ["administrator"]
        with pytest.raises(Unavailable, match=r"recover\.behind"):
            recovery.may_sign()
    async with again(settings, tmp_path) as control:
        assert control.service.recovery is not None
        assert control.service.recovery.behind, "over a restart too"
        assert await control.service.recovery.shown([told.data]) == 0


async def test_who_stole_a_nodes_key_holds_the_registry_up_until_the_node_is_withdrawn(tmp_path: Path) -> None:
    async with plane(tmp_path / "control") as control:
        for name in ("berlin", "paris"):
            await joined(control, tmp_path / name, name)
        core, recovery = control.core, control.service.recovery
        assert recovery is not None
        berlin, paris = (nodes.in_force(core.book, name) for name in ("berlin", "paris"))
        root = recovery.state().root
        assert await recovery.node(berlin, 9, "0" * 64)
        assert not await recovery.node(paris, 0, root)
        assert recovery.waiting() == {"node berlin": "knows change 9"}
        with pytest.raises(Unavailable, match=r"recover\.behind"):
            await control.system("nothing else is written")
        asked = WithdrawKey(key=berlin.rid)
        admin = read_person(core.config.store_path / "people" / "admin.json")
        await core.commit(nodes.withdraw(core.book, asked, core.now, by=admin.kid))
        assert not await recovery.node(paris, 0, root)  # its next question
        assert not recovery.behind
        await control.system("all is written again")


async def test_the_pulse_says_which_stop_set_it_knows_and_brings_the_newest_orders(tmp_path: Path) -> None:
    backup, key = tmp_path / "backup", Key.generate()
    flags = {"pulse__keys": [f"beat:{b64u(key.public)}"], "pulse__required": False}
    async with plane(tmp_path / "control", **flags) as control:
        system = await control.system("model")
        settings = at(control)
        back_up(settings, backup, keys=True)
        stop = await control.suspend(system.rid)
        await until(lambda: control.service.plane.hub.board.epoch == 1)
        view = control.service.plane.hub.view
        (told,) = view.told()
        root = view.root(1)
    await asyncio.to_thread(put_back, settings, backup)
    async with again(settings, tmp_path) as control:
        recovery = control.service.recovery
        assert recovery is not None
        assert list(recovery.waiting()) == ["pulse"]

        async def beat(seq: int, delta: tuple[bytes, ...]) -> None:
            now = Pulse("p", control.core.origin, seq, control.core.now, 10_000, 1, root, delta)
            async with httpx.AsyncClient() as bringing:
                await bringing.post(f"{control.url}/relay/v1/pulse", content=make(now, key, "beat"))

        await beat(1, ())
        await until(lambda: recovery.waiting() == {"pulse": "speaks of change 1"})
        assert recovery.behind
        # An order that nobody whom the registry knows has signed lies beside it: the pulse took it from its own pins.
        await beat(2, (orders.direct(leaf_of(0), origin=control.core.origin), told.data))
        await until(lambda: not recovery.behind)
        assert [row.rid for row in control.core.book.stops()] == [stop.rid]


async def test_a_forged_order_moves_nothing(tmp_path: Path) -> None:
    async with plane(tmp_path / "control") as control, plane(tmp_path / "other") as other:
        system = await other.system("model")
        await other.suspend(system.rid)
        await until(lambda: other.service.plane.hub.board.epoch == 1)
        (told,) = other.service.plane.hub.view.told()
        recovery = control.service.recovery
        with pytest.raises(Refused, match=r"order\.untrusted"):
            await recovery.shown([told.data])
        assert not recovery.behind
        counted: list[str] = []
        control.core.ledger._refusals.count = lambda code, _: counted.append(code)  # type: ignore[attr-defined]
        async with httpx.AsyncClient() as bringing:
            body = b'{"orders":[' + told.data + b"]}"
            assert (await bringing.post(f"{control.url}/relay/v1/regain", content=body)).status_code == 403
        assert counted == ["order.untrusted"], "and stands in the log's count"


async def test_a_stranger_has_a_message_looked_at_once(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    async with plane(tmp_path / "control") as control:
        system = await control.system("model")
        await control.suspend(system.rid)
        await until(lambda: control.service.plane.hub.board.epoch == 1)
        (told,) = control.service.plane.hub.view.told()
        recovery = control.service.recovery
        looked: list[int] = []
        shown = recovery.shown
        monkeypatch.setattr(recovery, "shown", lambda messages: (looked.append(len(messages)), shown(messages))[1])
        body = b'{"orders":[' + b",".join([told.data] * 64) + b"]}"
        async with httpx.AsyncClient() as bringing:
            for _ in range(3):
                answer = await bringing.post(f"{control.url}/relay/v1/regain", content=body)
                assert answer.json() == {"regained": 0}
        assert looked == [1]


async def test_a_published_log_that_is_ahead_ends_this_one_until_it_is_rebuilt_from_there(
    tmp_path: Path,
) -> None:
    published = tmp_path / "published"
    backup = tmp_path / "backup"
    async with plane(tmp_path / "control") as control:
        system = await control.system("model")
        settings = at(control)
        back_up(settings, backup, keys=True)
        stop = await control.suspend(system.rid)
        await control.core.reader.checkpoint()
    await asyncio.to_thread(publish, settings, published)
    settings = msgspec.structs.replace(settings, recover=RecoverConfig(sources=(str(published),)))
    await asyncio.to_thread(put_back, settings, backup)
    async with again(settings, tmp_path) as control:
        recovery = control.service.recovery
        assert recovery is not None
        await until(lambda: control.core.ledger.failure.code == "store.rolled_back")
        assert recovery.behind
        assert not tuple(control.core.book.stops())
    # The guard and rebuild do the rest: the log is built from where it is published, and the order is in it.
    await asyncio.to_thread(shutil.rmtree, settings.guard_path)
    await asyncio.to_thread(rebuild, settings, [str(published)], new_guard=True)
    async with again(settings, tmp_path) as control:
        assert [row.rid for row in control.core.book.stops()] == [stop.rid]
        await until(lambda: not control.service.recovery.behind)


def publish(settings: Config, folder: Path) -> None:
    """The log as static files, as `log mirror` writes them."""

    trust = parse((settings.store_path / "trust.txt").read_bytes())
    Mirror(live(settings), folder, trust).update()


async def test_a_start_listens_before_it_signs(tmp_path: Path) -> None:
    """The machine was put back whole, and nothing on it can tell; the node can, and is asked first."""
    kept = tmp_path / "kept"
    with ScriptedUpstream() as server:
        async with plane(tmp_path / "control") as control:
            system = await control.system("model")
            settings = at(control)
            berlin_settings = await joined(control, tmp_path / "node", **upstream(server))
            back_up(settings, kept, keys=True)
            guard = tmp_path / "guard"
            await asyncio.to_thread(shutil.copytree, settings.guard_path, guard)
            async with node(berlin_settings) as berlin:
                await until(lambda: berlin._served)
                stop = await control.suspend(system.rid)
                await until(lambda: berlin.view.epoch == 1)
        await asyncio.to_thread(shutil.rmtree, settings.store_path)
        await asyncio.to_thread(shutil.rmtree, settings.guard_path)
        await asyncio.to_thread(shutil.copytree, kept, settings.store_path)
        await asyncio.to_thread(shutil.copytree, guard, settings.guard_path)
        patient = msgspec.structs.replace(settings, recover=RecoverConfig(listen_s=60.0))
        async with again(patient, tmp_path) as control:
            recovery = control.service.recovery
            assert recovery is not None
            assert not recovery.behind
            with pytest.raises(Unavailable, match=r"recover\.unheard") as raised:
                recovery.may_sign()
            assert 50 <= raised.value.params["retry_s"] <= 60, "it says when to ask again"
            assert f"{raised.value.params['retry_s']} s" in raised.value.remedy()
            assert f"{raised.value.params['retry_s']} 秒" in raised.value.remedy("zh")
            with pytest.raises(Unavailable, match=r"recover\.unheard"):
                await control.service._issuer.grant("any", aud="any", nonce="any")
            assert control.service.canary is not None
            with pytest.raises(Unavailable, match=r"recover\.unheard"):
                await control.service.canary.once()  # or a gateway that is given nothing would be an alarm
            async with node(berlin_settings):
                await until(lambda: [row.rid for row in control.core.book.stops()] == [stop.rid])
                await until(lambda: not recovery.behind)
                recovery.may_sign()


async def test_it_listens_no_longer_than_it_is_told_to(tmp_path: Path) -> None:
    async with plane(tmp_path / "control") as control:
        settings = at(control)
        await joined(control, tmp_path / "node")
    short = msgspec.structs.replace(settings, recover=RecoverConfig(listen_s=0.2))
    async with again(short, tmp_path) as control:
        recovery = control.service.recovery
        assert recovery is not None
        await asyncio.sleep(0.25)
        recovery.may_sign()
