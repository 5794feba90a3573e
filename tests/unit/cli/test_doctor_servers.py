# SPDX-License-Identifier: Apache-2.0
from __future__ import annotations

import asyncio
from pathlib import Path

from answerable.cli.doctor_servers import look
from answerable.config import Config, load
from tests.small_mcp import scripted, whole


def found(config: Config) -> dict[str, str]:
    return {finding.check: finding.state for finding in look(config)}


def settings(path: Path, **servers: dict[str, object]) -> Config:
    return load(environ={}, flags={"store.path": str(path)} | {
        f"servers.{name}.{key}": value for name, members in servers.items() for key, value in members.items()
    }).config  # fmt: skip


async def test_who_answers_anybody_is_not_governed(tmp_path: Path) -> None:
    async with scripted() as open_one, scripted() as shut, scripted() as gone:
        shut.on["server/discover"] = lambda asked: whole(b"", "401 Unauthorized")
        gone.on["server/discover"] = lambda asked: None
        config = settings(
            tmp_path, open={"url": open_one.url}, shut={"url": shut.url}, gone={"url": gone.url},
            child={"kind": "stdio", "command": ["x"]}, wrong={"url": "ftp://x"},
        )  # fmt: skip
        states = await asyncio.to_thread(found, config)
        assert states == {
            "tool server open": "warn", "tool server shut": "ok", "tool server gone": "warn", "tool server child": "ok",
            "tool server wrong": "fail",
        }  # fmt: skip
        (warned,) = [
            each for each in await asyncio.to_thread(lambda: list(look(config))) if each.check.endswith("open")
        ]
        assert "not governed" in warned.what
        assert warned.remedy
        assert all("authorization" not in asked.headers for asked in open_one.asked)


def test_no_servers(tmp_path: Path) -> None:
    assert found(settings(tmp_path)) == {}
