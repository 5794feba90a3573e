# SPDX-License-Identifier: Apache-2.0
from __future__ import annotations

import asyncio
import dataclasses
import json
import os
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any, ClassVar

import msgspec
import pytest

import answerable.app.serving as serving_module
from answerable.app.core import Core
from answerable.app.serving import OwnRegistry, Serving, end_dead_copies
from answerable.crypto.b64 import b64u
from answerable.crypto.ed25519 import Key
from answerable.crypto.random import nonce
from answerable.errors import AnswerableError, Refused
from answerable.log.statement import to_sign
from answerable.model.records import Copy, System
from answerable.model.terms import Act, Locality, Role, SystemKind
from answerable.registry import copies, systems
from answerable.registry.requests import ComputeSpec, PartySpec, RegisterSystem, StartCopy
from answerable.upstreams import birth
from answerable.upstreams.birth import Birth
from answerable.upstreams.process import identity
from answerable.upstreams.weights import SMOLLM2, Weights
from tests.unit.app.small_store import OPERATOR, made

UPSTREAM = {
    "upstreams__far__url": "http://127.0.0.1:9/v1",
    "upstreams__far__system": "Far",
    "upstreams__far__model": "m",
    "upstreams__far__locality": "private",
}


async def registered(core: Core, name: str, **more: Any) -> System:
    request = RegisterSystem(
        name=name,
        version="1",
        kind=SystemKind.MODEL,
        parties=(PartySpec(party=OPERATOR, role=Role.DEPLOYER),),
        capabilities=("text",),
        compute=ComputeSpec(petaflop=1),
        **more,
    )
    rid = await core.commit(systems.register(core.book, request, core.now))
    found = core.book.system(rid)
    assert found is not None
    return found


async def started(core: Core, system: System, process: str) -> str:
    key = Key.generate()
    draft = StartCopy(system=system.rid, key=b64u(key.public), nonce=nonce(), signature="", process=process)
    signature = b64u(key.sign(to_sign(copies.start_statement(system, draft), core.origin)))
    request = StartCopy(system=system.rid, key=draft.key, nonce=draft.nonce, signature=signature, process=process)
    return await core.commit(copies.start(core.book, request, core.now))


async def test_a_remote_model_is_a_copy_with_a_key_and_the_same_one_at_the_next_start(tmp_path: Path) -> None:
    core = await made(tmp_path, **UPSTREAM)
    try:
        far = await registered(core, "Far")
        for _ in range(2):
            serving = Serving(OwnRegistry(core))
            await serving.start()
            (served,) = serving.models.named("Far", Act.GENERATION)
            assert served.copy.endpoint == "http://127.0.0.1:9/v1"
            assert served.model == "m"
            assert serving.models.named("auto", Act.GENERATION) == (served,)
            await serving.close()
        assert [copy.id for copy in core.book.copies_of(far.rid)] == [served.copy.id]
    finally:
        await core.close()


async def test_a_remote_that_takes_no_connections_is_told_until_it_does(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(serving_module, "PROBE_S", 0.05)
    server = await asyncio.start_server(lambda _, writer: writer.close(), "127.0.0.1", 0)
    host, port = server.sockets[0].getsockname()
    core = await made(tmp_path, **UPSTREAM | {"upstreams__far__url": f"http://{host}:{port}/v1"})
    serving = Serving(OwnRegistry(core))
    try:
        await registered(core, "Far")
        await serving.start()
        assert serving.problems() == {"far": ""}, "known before the first call"
        server.close()
        await server.wait_closed()
        await eventually(lambda: serving.problems() == {"far": "upstream.unreachable"})
        assert serving.models.named("Far", Act.GENERATION), "calls go on being tried"
        server = await asyncio.start_server(lambda _, writer: writer.close(), host, port)
        await eventually(lambda: serving.problems() == {"far": ""})
    finally:
        server.close()
        await serving.close()
        await core.close()


async def served_at(core: Core, **changed: str) -> Copy:
    url, of = changed.get("url", UPSTREAM["upstreams__far__url"]), changed.get("system", "Far")
    there = msgspec.structs.replace(core.config.upstreams["far"], url=url, system=of)
    config = msgspec.structs.replace(core.config, upstreams={"far": there})
    serving = Serving(OwnRegistry(dataclasses.replace(core, config=config)))
    try:
        await serving.start()
        (served,) = serving.models.named(of, Act.GENERATION)
        return served.copy
    finally:
        await serving.close()


async def test_a_model_at_another_place_is_another_copy_with_another_key(tmp_path: Path) -> None:
    core = await made(tmp_path, **UPSTREAM)
    try:
        far = await registered(core, "Far")
        there = await served_at(core)
        elsewhere = await served_at(core, url="http://127.0.0.1:10/v1")
        assert elsewhere.endpoint == "http://127.0.0.1:10/v1"
        assert elsewhere.key != there.key
        assert [copy.rid for copy in core.book.copies_of(far.rid)] == [elsewhere.rid], "the other one has ended"
        assert await served_at(core, url="http://127.0.0.1:10/v1") == elsewhere
        back = await served_at(core)
        assert len({back.key, there.key, elsewhere.key}) == 3, "an ended copy does not come back"
    finally:
        await core.close()


async def test_another_system_behind_the_same_name_is_another_copy(tmp_path: Path) -> None:
    core = await made(tmp_path, **UPSTREAM)
    try:
        await registered(core, "Far")
        other = await registered(core, "Other")
        before = await served_at(core)
        after = await served_at(core, system="Other")
        assert (after.system, after.key != before.key) == (other.rid, True)
        gone = core.book.copy(before.rid)
        assert gone is not None
        assert gone.ended
    finally:
        await core.close()


async def test_a_file_with_an_api_key_that_others_can_read_is_no_start(tmp_path: Path) -> None:
    secret = tmp_path / "api.key"
    secret.write_text("sk-1\n")
    secret.chmod(0o640)
    core = await made(tmp_path, **UPSTREAM, upstreams__far__api_key_file=str(secret))
    serving = Serving(OwnRegistry(core))
    try:
        await registered(core, "Far")
        with pytest.raises(AnswerableError, match=r"config\.value") as caught:
            await serving.start()
        assert "640" in str(caught.value)
        secret.chmod(0o600)
        await serving.start()
        assert serving.models.named("Far", Act.GENERATION)
    finally:
        await serving.close()
        await core.close()


@pytest.mark.parametrize(
    "flags",
    [
        UPSTREAM,
        UPSTREAM | {"upstreams__far__system": "Near", "upstreams__far__kind": "magic"},
        UPSTREAM | {"upstreams__far__system": "Near", "upstreams__far__kind": "local"},
        UPSTREAM | {"upstreams__far__system": "Near", "upstreams__far__api_key_file": "/nonexistent/key"},
    ],
    ids=["unregistered", "kind", "another digest", "secret"],
)
async def test_an_upstream_that_is_configured_wrongly_is_no_start(tmp_path: Path, flags: dict[str, str]) -> None:
    core = await made(tmp_path, **flags)
    serving = Serving(OwnRegistry(core))
    try:
        await registered(core, "Near")
        with pytest.raises(AnswerableError, match=r"config\.value"):
            await serving.start()
    finally:
        await serving.close()
        await core.close()


async def test_the_end_of_a_process_is_recorded_as_the_end_of_its_copy(tmp_path: Path) -> None:
    core = await made(tmp_path)
    try:
        system = await registered(core, "Near")
        words = [sys.executable, "-c", "input()"]
        child = await asyncio.to_thread(subprocess.Popen, words, stdin=subprocess.PIPE, stderr=subprocess.DEVNULL)
        lives = await started(core, system, identity(os.getpid()))
        ends = await started(core, system, identity(child.pid))
        assert await end_dead_copies(OwnRegistry(core)) == 0
        await asyncio.to_thread(child.communicate)
        assert await end_dead_copies(OwnRegistry(core)) == 1
        gone, here = core.book.copy(ends), core.book.copy(lives)
        assert gone is not None
        assert here is not None
        assert (bool(gone.ended), bool(here.ended)) == (True, False)
    finally:
        await core.close()


async def test_a_terminated_copy_is_no_longer_served_and_a_suspended_one_is(tmp_path: Path) -> None:
    core = await made(tmp_path, **UPSTREAM)
    serving = Serving(OwnRegistry(core))
    try:
        await registered(core, "Far")
        await serving.start()
        await serving.end_terminated(lambda copy: False)
        assert serving.models.named("Far", Act.GENERATION)
        await serving.end_terminated(lambda copy: True)
        assert serving.models.named("Far", Act.GENERATION) == ()
        assert serving.problems() == {"far": "stop.system"}
    finally:
        await serving.close()
        await core.close()


LOCAL = {"upstreams__near__kind": "local", "upstreams__near__system": "Near"}


class Child:
    """A model server in the place of the real one: what `Serving` asks of it, and a life that a test ends."""

    born_of: ClassVar[list[Child]] = []
    locality = Locality.LOCAL

    def __init__(self, name: str, kind: str, weights: Weights, path: Path, **more: Any) -> None:
        self.name, self.model = name, more["model"]
        self.secret, self.died = Key.generate(), asyncio.Event()
        self.key, self.process = b64u(self.secret.public), identity(os.getpid())
        Child.born_of.append(self)

    @property
    def alive(self) -> bool:
        return not self.died.is_set()

    async def start(self) -> None: ...

    async def born(self, asked: Birth) -> str:
        return str(json.loads(birth.answer(msgspec.json.encode(asked), self.secret))["signature"])

    async def ended(self) -> int:
        await self.died.wait()
        return -9

    async def close(self) -> None:
        self.died.set()


@pytest.fixture
def children(monkeypatch: pytest.MonkeyPatch) -> list[Child]:
    monkeypatch.setattr(serving_module, "LocalModel", Child)
    monkeypatch.setattr(serving_module, "obtain", lambda *_: Path())
    monkeypatch.setattr(serving_module, "RESTART_S", 0.4)
    Child.born_of = []
    return Child.born_of


async def eventually(holds: Callable[[], bool]) -> None:
    for _ in range(500):
        if holds():
            return
        await asyncio.sleep(0.01)
    raise AssertionError("not within 5 seconds")


async def test_a_child_that_dies_is_told_until_another_copy_answers(tmp_path: Path, children: list[Child]) -> None:
    core = await made(tmp_path, **LOCAL)
    serving = Serving(OwnRegistry(core))
    try:
        await registered(core, "Near", digests=(SMOLLM2.digest,))
        await serving.start()
        assert serving.problems() == {"near": ""}
        children[0].died.set()
        await eventually(lambda: serving.problems() == {"near": "upstream.unreachable"})
        for name in ("near", "Near", "auto"):
            assert serving.models.absent(name, Act.GENERATION).code == "upstream.unreachable"
        assert serving.models.absent("auto", Act.EMBEDDING).code == "model.unknown"
        await eventually(lambda: serving.problems() == {"near": ""})
        assert len(children) == 2
        assert len({copy.id for copy in core.book.copies()}) == 2
    finally:
        await serving.close()
        await core.close()


async def test_a_process_that_the_registry_refuses_does_not_run(
    tmp_path: Path, children: list[Child], monkeypatch: pytest.MonkeyPatch
) -> None:
    core = await made(tmp_path, **LOCAL)
    serving = Serving(OwnRegistry(core))

    def stopped_meanwhile(*_: Any) -> None:
        raise Refused("stop.system", order="o" * 32)

    try:
        await registered(core, "Near", digests=(SMOLLM2.digest,))
        monkeypatch.setattr(copies, "start", stopped_meanwhile)
        await serving.start()
        assert [child.alive for child in children] == [False]
        assert serving.problems() == {"near": "stop.system"}
    finally:
        await serving.close()
        await core.close()
