# SPDX-License-Identifier: Apache-2.0
from __future__ import annotations

import asyncio
import gc
import os
import resource
import signal
from pathlib import Path

import pytest

from answerable.app.core import Core
from answerable.app.serve import DESCRIPTORS, on_loop, raise_descriptors, settle, until_asked
from answerable.app.service import Address, Service
from tests.unit.app.small_store import made


def test_it_runs_until_asked_and_closes_everything(tmp_path: Path) -> None:
    told: list[Address] = []

    async def main() -> int:
        core = await made(tmp_path)

        async def announce(address: Address, core: Core) -> None:
            told.append(address)
            asyncio.get_running_loop().call_later(0.05, os.kill, os.getpid(), signal.SIGTERM)

        status = await until_asked(Service(core), announce)
        assert core.ledger.failure is not None, "closed with the service"
        return status

    assert on_loop(main()) == 0
    assert told
    assert not told[0].control.exists()


def test_a_hang_up_asks_for_the_policies_again_and_ends_nothing(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    hung: list[str] = []
    monkeypatch.setattr(Service, "hang_up", lambda self: hung.append("up"))

    async def main() -> int:
        async def announce(address: Address, core: Core) -> None:
            loop = asyncio.get_running_loop()
            loop.call_later(0.05, os.kill, os.getpid(), signal.SIGHUP)
            loop.call_later(0.3, os.kill, os.getpid(), signal.SIGTERM)

        return await until_asked(Service(await made(tmp_path)), announce)

    assert on_loop(main()) == 0
    assert hung == ["up"]


def test_it_takes_the_open_files_that_it_may_have() -> None:
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    try:
        resource.setrlimit(resource.RLIMIT_NOFILE, (256, hard))
        raise_descriptors()
        assert resource.getrlimit(resource.RLIMIT_NOFILE) == (
            DESCRIPTORS if hard == resource.RLIM_INFINITY else min(hard, DESCRIPTORS),
            hard,
        )
    finally:
        resource.setrlimit(resource.RLIMIT_NOFILE, (soft, hard))


def test_what_is_there_at_the_start_is_not_collected_again_and_again() -> None:
    before = gc.get_threshold()
    try:
        gc.unfreeze()
        gc.set_threshold(700, 10, 10)
        settle()
        assert gc.get_freeze_count() > 1000
        assert gc.get_threshold()[0] > 700
    finally:
        gc.unfreeze()
        gc.set_threshold(*before)


def test_a_holders_plane_takes_the_files_that_its_holders_need() -> None:
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    most = 1_048_576 if hard == resource.RLIM_INFINITY else hard
    try:
        resource.setrlimit(resource.RLIMIT_NOFILE, (256, hard))
        raise_descriptors(600)
        assert resource.getrlimit(resource.RLIMIT_NOFILE)[0] == min(600, most)
    finally:
        resource.setrlimit(resource.RLIMIT_NOFILE, (soft, hard))
