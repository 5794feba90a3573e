# SPDX-License-Identifier: Apache-2.0
from __future__ import annotations

import asyncio
import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from answerable.cli import main
from tests.small_servers import desk, served
from tests.small_tools import PAYS, WEATHER


@pytest.fixture
def said(capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch) -> Callable[..., Any]:
    monkeypatch.setenv("ANSWERABLE_LANG", "en")
    monkeypatch.setenv("COLUMNS", "120")

    async def go(store: Path, *words: str) -> tuple[int, str, str]:
        status = await asyncio.to_thread(main, ["--store", str(store), "tools", *words])
        out = capsys.readouterr()
        return status, out.out, out.err

    return go


async def test_import_classify_pin_withdraw(
    tmp_path: Path, said: Callable[..., Any], monkeypatch: pytest.MonkeyPatch
) -> None:
    file = tmp_path / "tools"
    file.write_text(json.dumps([WEATHER, PAYS]))
    async with served(tmp_path, desk=desk(file)) as service:
        store = service.core.config.store_path

        async def run(*words: str, status: int = 0) -> str:
            ended, out, err = await said(store, *words)
            assert ended == status, err
            return str(out or err)

        shown = await run("import", "desk", "--as", "admin")
        assert "proposed: information, sensitive, payment, irreversible" in shown
        assert "“pay” tells of payment" in shown
        assert "None may be called before a person classifies it." in shown
        assert "unclassified" in await run("ls")
        detail = json.loads(await run("show", "desk/weather", "--json"))
        digits = detail["listed"].removeprefix("sha256:")

        plain = ("--world", "information", "--criticality", "ordinary", "--domain", "search", "--effect", "read")
        words = ("classify", "desk/weather", *plain, "--as", "admin")
        assert "tool.malformed" in await run(*words, status=2), "nobody said the digest"
        assert "tool.malformed" in await run(*words, "--pin", "00000000", status=2)
        assert "tool.malformed" in await run(*words, "--pin", digits[:7], status=2)
        assert "domain         search" in await run(*words, "--pin", digits[:8])
        assert service.servers.tools.find("desk", "weather").domain == "search"

        pays = json.loads(await run("show", "desk/pay", "--json"))["listed"].removeprefix("sha256:")
        agreed = ("classify", "desk/pay", "--as-proposed", "--as", "admin", "--pin", pays[:16])
        low = await run(*agreed, "--approvals", "0", status=2)
        assert "tool.floor" in low
        await run(*agreed, "--bound", "/amount=0.01..500", "--text", "/to=40", "--meter", "money:/amount:EUR")
        row = service.servers.tools.find("desk", "pay")
        assert (row.approvals, row.envelope[0].most if row.envelope else "") == (1, "500")
        table = await run("ls", "desk")
        assert "payment" in table
        assert "class:" in await run("show", "desk/pay")
        assert "tells of payment" in await run("propose", "desk/pay")

        file.write_text(json.dumps([{**WEATHER, "title": "Weather"}]))
        await service.servers.listed("desk").server.refresh()
        assert "changed" in await run("ls")
        digits = json.loads(await run("show", "desk/weather", "--json"))["listed"].removeprefix("sha256:")
        assert "tool.malformed" in await run("pin", "desk/weather", "--as", "admin", status=2)
        await run("pin", "desk/weather", "--pin", digits[:8], "--as", "admin")
        assert service.servers.tools.find("desk", "weather")
        await run("withdraw", "desk/weather", "--as", "admin")
        assert "withdrawn" in await run("ls", "--json")
        assert "tool.unknown" in await run("show", "desk/nothing", status=3)
        assert "desk" in await run("servers")

        monkeypatch.setenv("ANSWERABLE_LANG", "zh")
        assert "建议：" in await run("propose", "desk/weather")
        assert "状态" in await run("ls")


async def test_a_class_from_a_file_and_an_attestation(tmp_path: Path, said: Callable[..., Any]) -> None:
    file = tmp_path / "tools"
    file.write_text(json.dumps([WEATHER]))
    chosen = tmp_path / "class.json"
    chosen.write_text('{"world": "information", "criticality": "ordinary", "domain": "search", "effect": "read"}')
    async with served(tmp_path, desk=desk(file)) as service:
        store = service.core.config.store_path
        await said(store, "import", "desk", "--as", "admin")
        _, out, _ = await said(store, "show", "desk/weather", "--json")
        pin = json.loads(out)["listed"]
        words = ("classify", "desk/weather", "--as", "admin", "--pin", pin, "--class")
        for wrong in (str(tmp_path / "none"), str(file)):
            status, _, err = await said(store, *words, wrong)
            assert (status, "tool.malformed" in err) == (2, True)
        status, _, err = await said(store, *words, str(chosen))
        assert status == 0, err
        status, _, err = await said(store, "pin", "desk/weather", "--attestation", str(chosen), "--as", "admin")
        assert (status, "tool.attestation" in err) == (2, True)
        status, _, err = await said(store, "attest", "Desk", str(chosen), "--as", "admin")
        assert (status, "tool.attestation" in err) == (2, True)
