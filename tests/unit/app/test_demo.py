# SPDX-License-Identifier: Apache-2.0
from __future__ import annotations

from pathlib import Path

import pytest

from answerable.app import demo, fleet
from answerable.app.create import Founding, create
from answerable.errors import Refused
from answerable.model.terms import Locality
from tests.unit.app.small_store import made


def test_the_demos_settings_are_its_own(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("ANSWERABLE_GATEWAY_HOST", "0.0.0.0")
    config = demo.settings(tmp_path, 0)
    assert config.gateway.host == "127.0.0.1"
    assert {upstream.kind for upstream in config.upstreams.values()} == {"local"}
    remote = demo.settings(tmp_path, 0, fleet.Remote("http://127.0.0.1:9/v1", "m", "key.txt", Locality.PRIVATE))
    (upstream,) = remote.upstreams.values()
    assert (upstream.url, upstream.api_key_file, upstream.locality) == (
        "http://127.0.0.1:9/v1", "key.txt", Locality.PRIVATE,
    )  # fmt: skip


async def test_a_second_run_finds_its_store_and_its_handle(tmp_path: Path) -> None:
    config = demo.settings(tmp_path / "store", 0)
    handles = []
    for _ in range(2):
        core = await demo._open(config, lambda _en, _zh: None)
        try:
            assert core.demo
            await fleet.register(core)
            handles.append(await demo._handle(core))
            assert (config.store_path / demo.HANDLE_FILE).stat().st_mode & 0o777 == 0o600
        finally:
            await core.close()
    assert handles[0] == handles[1]
    assert handles[0].startswith("ans_")


async def test_a_real_store_is_not_touched(tmp_path: Path) -> None:
    core = await made(tmp_path)
    await core.close()
    with pytest.raises(Refused, match=r"store\.not_demo"):
        await demo._open(demo.settings(core.config.store_path, 0), lambda _en, _zh: None)


async def test_the_first_line_says_where_everything_is(tmp_path: Path) -> None:
    founding = Founding(fleet.DOMAIN, fleet.OPERATOR, fleet.OPERATOR_NAME, demo=True)
    core = await create(demo.settings(tmp_path / "store", 0), founding)
    try:
        await fleet.register(core)
        said = demo.described(demo.Address("http://127.0.0.1:1/v1", tmp_path / "c.sock"), "ans_x", core)
        assert set(said) == {"gateway", "mcp", "control", "handle", "systems", "store"}
        assert said["mcp"] == "http://127.0.0.1:1/mcp/desk"
        assert set(said["systems"]) == set(fleet.names())
    finally:
        await core.close()
