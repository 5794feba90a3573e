# SPDX-License-Identifier: Apache-2.0
from __future__ import annotations

import json
import threading
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, HTTPServer
from pathlib import Path
from typing import Any

import pytest

from answerable.app import demo_buyer

HOLD = "h" * 32


@pytest.fixture
def warrant(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    file = tmp_path / "warrant"
    file.write_text("first\n")
    monkeypatch.setenv("MCP_URL", "http://127.0.0.1:9/mcp/desk")
    monkeypatch.setenv("ANSWERABLE_WARRANT_FILE", str(file))
    monkeypatch.setattr(demo_buyer, "EVERY_S", 0)
    return file


def said(text: str, failed: bool = False, **meta: Any) -> dict[str, Any]:
    content = [{"type": "text", "text": text}]
    return {"content": content, "isError": failed, "_meta": {"answerable/record": "r" * 32, **meta}}


def test_it_waits_and_asks_for_the_result_under_the_warrant_of_the_moment(
    warrant: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    waits = said("It waits.", **{"answerable/hold": {"state": "pending", "hold": HOLD}})
    answers = iter([waits, waits, said("Paid.")])
    asked: list[tuple[str, str, dict[str, Any]]] = []

    def call(url: str, credential: str, tool: str, arguments: dict[str, Any]) -> dict[str, Any]:
        asked.append((credential, tool, arguments))
        warrant.write_text("second\n")
        return next(answers)

    monkeypatch.setattr(demo_buyer, "call", call)
    assert demo_buyer.main(["A-17", "40"]) == 0
    assert asked == [
        ("first", "pay_invoice", {"invoice": "A-17", "euros": 40}),
        ("second", "answerable_result", {"id": HOLD}),
        ("second", "answerable_result", {"id": HOLD}),
    ]
    out = capsys.readouterr().out
    assert out.count(HOLD) == 1
    assert out.splitlines()[1:] == ["Paid.", "record " + "r" * 32]


def test_a_refusal_ends_it(warrant: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> None:
    monkeypatch.setattr(demo_buyer, "call", lambda *_: said("tool.envelope: no", failed=True))
    assert demo_buyer.main(["A-17", "4000"]) == 1
    assert "tool.envelope" in capsys.readouterr().out


@pytest.mark.parametrize("words", [[], ["A-17"], ["A-17", "many"], ["A-17", "1", "2"]])
def test_other_words_are_a_question_of_use(warrant: Path, words: list[str]) -> None:
    assert demo_buyer.main(words) == 2


def test_without_a_gateway_or_a_warrant_it_ends(warrant: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    assert demo_buyer.main(["A-17", "40"]) == 4
    monkeypatch.delenv("ANSWERABLE_WARRANT_FILE")
    assert demo_buyer.main(["A-17", "40"]) == 2


@pytest.fixture
def server() -> Iterator[HTTPServer]:
    class Handler(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            body = json.loads(self.rfile.read(int(self.headers["content-length"])))
            self.server.seen = (dict(self.headers), body)  # type: ignore[attr-defined]
            named = body["params"]["name"]
            told = {"result": said("Paid.")} if named == "pay_invoice" else {"error": {"code": 1, "message": "no"}}
            answer = json.dumps({"jsonrpc": "2.0", "id": 1, **told}).encode()
            self.send_response(403 if named == "stopped" else 200)
            self.send_header("content-length", str(len(answer)))
            self.end_headers()
            self.wfile.write(answer)

        def log_message(self, format: str, *args: Any) -> None:
            """Silent."""

    made = HTTPServer(("127.0.0.1", 0), Handler)
    thread = threading.Thread(target=made.serve_forever, args=(0.02,), daemon=True)
    thread.start()
    yield made
    made.shutdown()
    made.server_close()
    thread.join(5)


def test_what_is_sent_says_the_same_in_head_and_body(server: HTTPServer) -> None:
    url = f"http://127.0.0.1:{server.server_address[1]}/mcp/desk"
    assert demo_buyer.call(url, "warrant", "pay_invoice", {"euros": 1})["content"][0]["text"] == "Paid."
    head, body = server.seen  # type: ignore[attr-defined]
    lower = {name.lower(): value for name, value in head.items()}
    assert (lower["mcp-method"], lower["mcp-name"]) == (body["method"], body["params"]["name"])
    assert lower["mcp-protocol-version"] == body["params"]["_meta"]["io.modelcontextprotocol/protocolVersion"]
    assert lower["authorization"] == "Bearer warrant"
    assert demo_buyer.call(url, "warrant", "other", {})["isError"]
    refused = demo_buyer.call(url, "warrant", "stopped", {})
    assert refused["isError"]
    assert "no" in refused["content"][0]["text"]
