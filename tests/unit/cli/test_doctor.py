# SPDX-License-Identifier: Apache-2.0
from __future__ import annotations

import argparse
from pathlib import Path

import pytest

from answerable.cli import doctor
from answerable.cli.doctor import FAIL, OK, WARN, Finding
from answerable.cli.where import place
from tests.unit.cli.conftest import Run
from tests.unit.control.house import House


def looked(name: str, store: Path, **more: str) -> list[Finding]:
    args = argparse.Namespace(store=str(store), config=None, who=None, **more)
    return list(getattr(doctor, name)(args, place(args, {})))


def test_a_sound_house_has_nothing_wrong(house: House, run: Run) -> None:
    said = run("doctor", "--json")
    assert said.status == 0, said.out
    states = {finding["check"]: finding["state"] for finding in said.data}
    assert (states["store"], states["trust"], states["service"], states["socket"]) == (OK, OK, OK, OK)
    assert states["guard"] == WARN, "it stands beside the store"


def test_an_open_key_is_a_failure_with_its_remedy(house: House, run: Run) -> None:
    key = house.store / "keys" / "log.key"
    key.chmod(0o644)
    try:
        said = run("doctor")
        assert said.status == 1
        assert "FAIL  key keys/log.key" in said.out
        assert f"chmod go-rwx {key}" in said.out
    finally:
        key.chmod(0o600)


def test_what_is_not_there_is_said(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("ANSWERABLE_LANG", "en")
    assert [f.state for f in looked("store", tmp_path / "none")] == [WARN]
    assert [f.state for f in looked("service", tmp_path)] == [WARN]
    (tmp_path / "s").mkdir(mode=0o700)
    assert [f.state for f in looked("guard", tmp_path / "s")] == [FAIL]
    assert [f.state for f in looked("trust", tmp_path / "s")] == [FAIL]


def test_a_clock_that_nobody_keeps_is_a_warning(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    for state, expected in ((0, OK), (5, WARN), (None, WARN), (-1, WARN)):
        monkeypatch.setattr(doctor, "_adjtimex", lambda state=state: state)
        assert [f.state for f in looked("clock", tmp_path)] == [expected]


def test_an_upstream_that_answers_strangers_is_a_way_round(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    file = tmp_path / "a.toml"
    file.write_text('[upstreams.x]\nurl = "http://127.0.0.1:9/v1"\n[gateway]\nhost = "0.0.0.0"\n')
    args = argparse.Namespace(store=str(tmp_path), config=str(file), who=None)
    here = place(args, {})
    for status, expected in ((200, WARN), (401, OK), (0, OK)):
        monkeypatch.setattr(doctor, "_without_credentials", lambda _, status=status: status)
        assert [f.state for f in doctor.upstreams(args, here)] == [expected]
    assert [f.state for f in doctor.binding(args, here)] == [FAIL]


def test_weights_that_are_not_here_are_said(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("answerable.upstreams.weights.locate", lambda _: None)
    assert {f.state for f in looked("models", tmp_path)} == {WARN}
    monkeypatch.setattr(doctor, "find_spec", lambda _: None)
    assert all("install" in f.remedy.lower() or "安装" in f.remedy for f in looked("models", tmp_path))
