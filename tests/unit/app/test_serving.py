# SPDX-License-Identifier: Apache-2.0
from __future__ import annotations

import asyncio
import os
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from answerable.app.core import Core
from answerable.app.serving import Serving, end_dead_copies
from answerable.crypto.b64 import b64u
from answerable.crypto.ed25519 import Key
from answerable.crypto.random import nonce
from answerable.errors import AnswerableError
from answerable.log.statement import to_sign
from answerable.model.records import System
from answerable.model.terms import Act, Role, SystemKind
from answerable.registry import copies, systems
from answerable.registry.requests import ComputeSpec, PartySpec, RegisterSystem, StartCopy
from answerable.upstreams.process import identity
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
            serving = Serving(core)
            await serving.start()
            (served,) = serving.models.named("Far", Act.GENERATION)
            assert served.copy.endpoint == "http://127.0.0.1:9/v1"
            assert served.model == "m"
            assert serving.models.named("auto", Act.GENERATION) == (served,)
            assert serving.problems() == {"far": ""}
            await serving.close()
        assert [copy.id for copy in core.book.copies_of(far.rid)] == [served.copy.id]
    finally:
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
    serving = Serving(core)
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
        assert await end_dead_copies(core) == 0
        await asyncio.to_thread(child.communicate)
        assert await end_dead_copies(core) == 1
        gone, here = core.book.copy(ends), core.book.copy(lives)
        assert gone is not None
        assert here is not None
        assert (bool(gone.ended), bool(here.ended)) == (True, False)
    finally:
        await core.close()


async def test_a_terminated_copy_is_no_longer_served_and_a_suspended_one_is(tmp_path: Path) -> None:
    core = await made(tmp_path, **UPSTREAM)
    serving = Serving(core)
    try:
        await registered(core, "Far")
        await serving.start()
        await serving.end_terminated(lambda copy: False)
        assert serving.models.named("Far", Act.GENERATION)
        await serving.end_terminated(lambda copy: True)
        assert serving.models.named("Far", Act.GENERATION) == ()
    finally:
        await serving.close()
        await core.close()
