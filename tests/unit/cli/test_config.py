# SPDX-License-Identifier: Apache-2.0
from __future__ import annotations

import json
from pathlib import Path

import pytest

from tests.unit.cli.conftest import Run


def test_each_setting_says_where_it_comes_from(run: Run, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    file = tmp_path / "a.toml"
    file.write_text("[gateway]\nport = 9000\n")
    monkeypatch.setenv("ANSWERABLE_GATEWAY_MAX_BODY", "77")
    shown = run("config", "show", "--json", "--config", str(file), "--store", "/s").data
    assert shown["gateway.port"] == {"value": 9000, "origin": f"file {file}"}
    assert shown["gateway.max_body"] == {"value": 77, "origin": "environment ANSWERABLE_GATEWAY_MAX_BODY"}
    assert shown["store.path"]["origin"] == "flag"
    assert "default" in run("config", "show", "--origin").out
    assert "ORIGIN" not in run("config", "show").out


def test_a_misspelt_setting_is_no_start(run: Run, tmp_path: Path) -> None:
    file = tmp_path / "a.toml"
    file.write_text("[gateway]\nprot = 9000\n")
    assert run("config", "show", "--config", str(file)).status == 2
    assert run("config", "show", "--config", str(tmp_path / "none")).status == 2


def test_the_api_is_printed(run: Run) -> None:
    assert json.loads(run("config", "openapi").out)["openapi"] == "3.1.0"
