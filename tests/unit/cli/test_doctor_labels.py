# SPDX-License-Identifier: Apache-2.0
from __future__ import annotations

import time
from pathlib import Path

import pytest

from answerable.cli.doctor import FAIL, OK, WARN, Finding
from answerable.cli.doctor_labels import look
from answerable.config import Config, LabelsConfig
from answerable.crypto.issuing import issue
from answerable.labels.chain import CHAIN, ROOT, ROOT_KEY, save

NOW = int(time.time() * 1000)


@pytest.fixture(autouse=True)
def _english(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("ANSWERABLE_LANG", "en")


def looked(folder: Path | None) -> list[Finding]:
    return list(look(Config(labels=LabelsConfig(c2pa=str(folder) if folder else ""))))


def test_nothing_is_said_where_none_is_configured() -> None:
    assert looked(None) == []


def test_a_chain_that_signs_and_a_root_key_beside_it(tmp_path: Path) -> None:
    save(issue("示例 Ltd", now_ms=NOW, days=90), tmp_path)
    signs, root = looked(tmp_path)
    assert (signs.state, root.state) == (OK, WARN)
    assert "示例 Ltd" in signs.what
    (tmp_path / ROOT_KEY).unlink()
    assert [finding.state for finding in looked(tmp_path)] == [OK]


def test_a_chain_that_ends_soon_or_does_not_hold(tmp_path: Path) -> None:
    assert [finding.state for finding in looked(tmp_path / "none")] == [FAIL]
    save(issue("a", now_ms=NOW, days=20), tmp_path)
    assert looked(tmp_path)[0].state == WARN
    (tmp_path / ROOT).write_bytes(issue("a", now_ms=NOW, days=20).root)
    assert looked(tmp_path)[0].state == FAIL
    (tmp_path / CHAIN).write_bytes(b"junk")
    assert looked(tmp_path)[0].state == FAIL
