# SPDX-License-Identifier: Apache-2.0
from __future__ import annotations

import pytest

from answerable.app.demo_chat import ask, main
from tests.e2e.scripted_upstream import ScriptedUpstream


def test_it_asks_as_openais_clients_do() -> None:
    with ScriptedUpstream() as upstream:
        reply = ask(upstream.url, "ans_x", "hello", model="m").json()
    assert reply["choices"][0]["message"]["content"] == "a small answer"
    assert upstream.calls[0]["model"] == "m"


def test_a_refusal_is_told_and_is_no_success(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    with ScriptedUpstream() as upstream:
        monkeypatch.setenv("OPENAI_BASE_URL", upstream.url)
        monkeypatch.setenv("OPENAI_API_KEY", "x")
        assert main(["do:teapot"]) == 1
        assert "bad_thing" in capsys.readouterr().err
        assert main(["hello"]) == 0
    assert "a small answer" in capsys.readouterr().out


def test_without_a_gateway_it_could_not(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("OPENAI_BASE_URL", raising=False)
    assert main(["hello"]) == 4
