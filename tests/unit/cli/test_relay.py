# SPDX-License-Identifier: Apache-2.0
"""The command line of a relay; what it does as a process is in `tests/e2e/test_relay.py`."""

from __future__ import annotations

import asyncio
import json
from pathlib import Path
from typing import Any

import pytest

from answerable.app import relay_node
from answerable.cli.relay import PORT
from answerable.config import RelayConfig
from tests.unit.cli.conftest import Run
from tests.unit.control.house import House


def test_pins_are_the_registrys_public_keys(house: House, run: Run, tmp_path: Path) -> None:
    said = run("relay", "pins")
    assert said.status == 0
    told = json.loads(said.out)
    assert told["origin"] == house.core.origin
    assert set(told["issuers"]) == {house.services.issuer.kid}
    assert len(told["officers"]) == 2
    (tmp_path / "pins.json").write_text(said.out)
    trust, _ = relay_node.read_pins(tmp_path / "pins.json")
    assert trust.issuers == {house.services.issuer.kid: house.services.issuer.public}


def test_what_is_said_is_what_is_run(house: House, run: Run, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "pins.json").write_text(run("relay", "pins", "--json").out)
    ran: list[RelayConfig] = []

    async def serve(config: RelayConfig, trust: Any, planes: Any, announce: Any, ended: asyncio.Event) -> None:
        ran.append(config)
        await announce("http://127.0.0.1:1")

    monkeypatch.setattr(relay_node, "serve", serve)
    words = (
        "--pins",
        str(tmp_path / "pins.json"),
        "--upstream",
        "https://a.example",
        "--upstream",
        "https://b.example",
    )
    said = run("relay", "run", *words, "--bus", "nats://127.0.0.1:4222", "--json")
    assert (said.status, said.data) == (0, {"url": "http://127.0.0.1:1"})
    assert ran[0].upstreams == ("https://a.example", "https://b.example")
    assert (ran[0].bus, ran[0].port, ran[0].host) == ("nats://127.0.0.1:4222", PORT, "127.0.0.1")


def test_without_pins_nothing_is_believed(house: House, run: Run) -> None:
    said = run("relay", "run", "--upstream", "http://127.0.0.1:1")
    assert said.status == 2
    assert "config.value" in said.err
