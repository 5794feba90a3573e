# SPDX-License-Identifier: Apache-2.0
from __future__ import annotations

import asyncio
from pathlib import Path
from typing import Any

import msgspec
import pytest

from answerable.app.models import AUTO
from answerable.app.people import FOLDER, read
from answerable.app.service import Service
from answerable.app.tool_servers import ToolServers
from answerable.errors import Refused
from answerable.log.statement import sign
from answerable.model.leaves import Leaf
from answerable.model.terms import Act, OrderKind, Scope
from answerable.stops import orders
from answerable.stops.planned import Reason
from answerable.upstreams import mcp_listed, mcp_stdio
from answerable.upstreams.mcp_stdio import McpStdio
from answerable.upstreams.process import is_running
from tests.small_mcp import scripted
from tests.small_servers import desk, served


async def test_a_server_is_a_system_with_a_copy_and_a_key_of_its_own(tmp_path: Path) -> None:
    async with scripted() as there:
        far = {"url": there.url, "system": "Far"}
        async with served(tmp_path, ("Desk", "Far"), desk=desk(tmp_path / "tools"), far=far) as service:
            servers, models = service.servers, service.serving.models
            assert servers.names() == ("desk", "far")
            assert servers.problems() == {"server desk": "", "server far": ""}
            assert await servers.answers_anyone() == {"far": True}, "nobody reaches a child but its gateway"
            (found,) = models.named("desk", Act.TOOL_CALL)
            assert found.system.name == "Desk"
            assert found.copy.system == found.system.rid
            assert found.copy.endpoint == "https://stdio.invalid/desk"
            assert servers.listed("desk").system == found.system.rid
            assert [each.name for each in servers.listed("desk").server.definitions()] == ["weather"]
            first = found.copy
            for act in (Act.GENERATION, Act.EMBEDDING):
                assert models.named("desk", act) == (), "a tool server generates nothing"
                assert models.named(AUTO, act) == ()
            for name in ("Desk", found.system.id, AUTO, "", "disk"):
                assert models.named(name, Act.TOOL_CALL) == (), "it is called by its own name alone"
                assert models.absent(name, Act.TOOL_CALL).code == "tool.server"
            with pytest.raises(Refused) as unknown:
                servers.listed("disk")
            assert unknown.value.code == "tool.server"
            # Another start finds the same copy; what is served elsewhere is another one.
            again = ToolServers(service._own, type(models)())
            await again.start()
            assert again._running["desk"].served.copy == first
            await again.close()
            assert again.names() == ()


async def test_a_stopped_systems_tools_end_at_once(tmp_path: Path) -> None:
    async with served(tmp_path, desk=desk(tmp_path / "tools")) as service:
        process = service.servers.listed("desk").server.process  # type: ignore[attr-defined]
        assert process
        await service.servers.end_terminated(lambda copy: False)
        assert service.servers.names() == ("desk",)
        await service.servers.end_terminated(lambda copy: True)
        assert service.servers.names() == ()
        assert service.servers.problems() == {"server desk": "stop.system"}
        assert service.serving.models.named("desk", Act.TOOL_CALL) == ()
        assert not is_running(process)


def given(service: Service, leaf: Leaf, *names: str) -> Any:
    staff = [read(service.core.config.store_path / FOLDER / f"{name}.json") for name in names]
    sigs = [sign(leaf, service.core.origin, each.key, each.kid) for each in staff]
    return msgspec.structs.replace(leaf, sigs=sigs)  # type: ignore[call-arg]


@pytest.mark.parametrize("scope", [Scope.SYSTEM, Scope.COPY, Scope.ALL])
async def test_a_suspended_servers_process_ends_and_runs_again_when_it_is_released(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, scope: Scope
) -> None:
    for name in ("PAUSE_S", "RETRY_S"):
        monkeypatch.setattr(mcp_listed, name, 0.1)
    monkeypatch.setattr(mcp_stdio, "RESTART_S", 0.1)
    async with served(tmp_path, desk=desk(tmp_path / "tools")) as service:
        core, server = service.core, service.servers.listed("desk").server
        assert isinstance(server, McpStdio)
        process = server.process
        (found,) = service.serving.models.named("desk", Act.TOOL_CALL)
        root = {Scope.SYSTEM: found.system.rid, Scope.COPY: found.copy.rid, Scope.ALL: ""}[scope]
        why = Reason.of("a test")
        order = orders.statement(core.book, kind=OrderKind.SUSPEND, root=root, reason=why, scope=scope)
        planned = orders.suspend(core.book, given(service, order, "officer-1"), why, core.now)
        await core.ledger.commit(planned.unit)
        async with asyncio.timeout(2):
            while is_running(process):  # noqa: ASYNC110  # another process's end is not awaited
                await asyncio.sleep(0.01)
        for _ in range(25):
            await asyncio.sleep(0.02)
            assert server.process == ""
        assert service.servers.problems() == {"server desk": "stop.system"}
        assert service.servers.names() == ("desk",)
        freed = given(service, orders.release_statement(planned.row.rid), "officer-1", "officer-2")
        await core.ledger.commit(orders.release(core.book, freed, core.now).unit)
        async with asyncio.timeout(15):
            while not server.definitions():  # noqa: ASYNC110
                await asyncio.sleep(0.02)
        assert is_running(server.process)
        assert service.servers.problems() == {"server desk": ""}


async def test_one_that_is_away_is_told_and_keeps_nobody_from_starting(tmp_path: Path) -> None:
    async with scripted() as there:
        pass
    async with served(tmp_path, far={"url": there.url, "system": "Desk"}) as service:
        assert service.servers.problems() == {"server far": "upstream.unreachable"}
        assert service._problems()["server far"] == "upstream.unreachable"
        assert service._ready()["server far"] == "upstream.unreachable"


@pytest.mark.parametrize(
    "wrong",
    [
        {"system": "Nobody", "url": "http://127.0.0.1/"},
        {"system": "Desk"},
        {"system": "Desk", "kind": "stdio", "url": "http://127.0.0.1/"},
        {"system": "Desk", "kind": "ftp", "url": "http://127.0.0.1/"},
        {"system": "Desk", "kind": "stdio", "command": ["no-such-program-anywhere"]},
        {"system": "Desk", "url": "http://127.0.0.1/", "revision": "1999-01-01"},
        {"system": "Desk", "url": "http://127.0.0.1/", "credential_file": "/nowhere/secret"},
        {"system": "Desk", "url": "http://127.0.0.1/", "ca_file": "/nowhere/ca.pem"},
    ],
)
async def test_what_is_configured_wrongly_is_no_start(tmp_path: Path, wrong: dict[str, Any]) -> None:
    with pytest.raises(Refused) as found:
        async with served(tmp_path, far=wrong):
            pass
    assert found.value.code == "config.value"


async def test_a_name_that_no_address_can_hold(tmp_path: Path) -> None:
    with pytest.raises(Refused) as found:
        async with served(tmp_path, Far={"system": "Desk", "url": "http://127.0.0.1/"}):
            pass
    assert "Far" in str(found.value)


async def test_a_credential_that_others_can_read_is_none(tmp_path: Path) -> None:
    secret = tmp_path / "secret"
    secret.write_text("s")
    secret.chmod(0o644)
    with pytest.raises(Refused) as found:
        async with served(tmp_path, far={"system": "Desk", "url": "http://127.0.0.1/", "credential_file": str(secret)}):
            pass
    assert found.value.code == "config.value"
