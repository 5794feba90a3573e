# SPDX-License-Identifier: Apache-2.0
from __future__ import annotations

from pathlib import Path

import pytest

from answerable.app import demo_agent
from answerable.app.demo_asking import Reply


@pytest.fixture
def warrant(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    file = tmp_path / "warrant"
    file.write_text("first\n")
    monkeypatch.setenv("OPENAI_BASE_URL", "http://127.0.0.1:9/v1")
    monkeypatch.setenv("ANSWERABLE_WARRANT_FILE", str(file))
    return file


def test_it_reads_its_warrant_anew_for_each_call_and_ends_when_refused(
    warrant: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    used: list[str] = []

    def ask(base_url: str, credential: str, question: str, **more: object) -> Reply:
        used.append(credential)
        warrant.write_text("second\n")
        return Reply(403 if len(used) == 2 else 200, "{}")

    monkeypatch.setattr(demo_agent, "ask", ask)
    monkeypatch.setattr(demo_agent, "EVERY_S", 0)
    assert demo_agent.main() == 1
    assert used == ["first", "second"]


def test_without_a_gateway_it_ends(warrant: Path) -> None:
    assert demo_agent.main() == 4


def test_without_a_warrant_it_does_not_start(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("ANSWERABLE_WARRANT_FILE", raising=False)
    assert demo_agent.main() == 2
