# SPDX-License-Identifier: Apache-2.0
"""A canary in prompt, answer, end user and handle is nowhere to be read: not in logs, metrics, leaves or files."""

from __future__ import annotations

import base64
import hashlib
import json
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import httpx2
import pytest
from openai import APIError, OpenAI

from answerable.cli.session import url
from tests.e2e.running import Demo
from tests.e2e.upstream import Upstream, streamed, whole

PROMPT, ANSWER, USER = "canary-prompt-7f3a", "canary-answer-91bc", "canary-user-d05e"
ABSENT = (PROMPT, ANSWER, USER)


@dataclass(frozen=True, slots=True)
class Sung:
    """A demo through which the canaries went, in every way that may end well or ill."""

    demo: Demo
    handle: str
    replies: tuple[str, ...]

    @property
    def secrets(self) -> tuple[bytes, ...]:
        """Each canary as it is, and as somebody might have encoded it."""
        found: list[bytes] = []
        for word in (*ABSENT, self.handle):
            raw = word.encode()
            found += [raw, raw.hex().encode(), word.encode("utf-16-le")]
            # Base64 of the word within a longer text, at each of the three places where it can begin.
            found += [base64.b64encode(b"\0" * n + raw)[4:-4] for n in range(3)]
        return tuple(found)

    def sings(self, data: bytes) -> list[bytes]:
        return [secret for secret in self.secrets if secret in data]


@pytest.fixture(scope="module")
def sung(_upstream: Upstream, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Sung]:
    store = tmp_path_factory.mktemp("private") / "store"
    demo = Demo(store, "--url", _upstream.url, "--model", "scripted", "--locality", "local")
    try:
        handle, _ = demo.issue()
        yield Sung(demo, handle, tuple(_sing(demo, handle, _upstream)))
    finally:
        demo.end()


def _sing(demo: Demo, handle: str, upstream: Upstream) -> Iterator[str]:
    messages = [{"role": "user", "content": PROMPT}]
    with OpenAI(base_url=demo.gateway, api_key=handle, max_retries=0) as client:

        def ask(**more: Any) -> Any:
            asked = {"model": "scripted", "messages": messages, "user": USER, **more}
            return client.chat.completions.create(**asked)

        upstream.answer = lambda _: [whole(f"It is {ANSWER}.")]
        yield ask().model_dump_json()
        upstream.answer = lambda _: streamed("It ", "is ", ANSWER)
        assert list(ask(stream=True))
        failing: list[Callable[[], object]] = [
            lambda: ask(model=PROMPT),
            lambda: ask(extra_headers={"answerable-world": PROMPT}),
            lambda: ask(extra_headers={"answerable-hold": PROMPT}),
            lambda: client.post("/chat/completions", body={"model": "scripted", "messages": PROMPT}, cast_to=object),
            lambda: client.post("/chat/completions", content=f'{{"{PROMPT}'.encode(), cast_to=object),
            lambda: client.models.retrieve(PROMPT),
            lambda: client.get(f"/{PROMPT}", cast_to=object),
        ]
        for call in failing:
            with pytest.raises(APIError):
                call()
        upstream.answer = lambda _: [ANSWER.encode()]
        with pytest.raises(APIError):
            ask()
        upstream.answer = lambda _: [b"data: " + ANSWER.encode() + b"\n\n"]
        with pytest.raises(APIError):
            list(ask(stream=True))
        upstream.answer = lambda _: [whole(f"My key is {handle}")]
        with pytest.raises(APIError) as leaked:
            ask()
        assert str(leaked.value.code).startswith("redline."), leaked.value
        assert handle not in str(leaked.value)


def test_logs_and_metrics(sung: Sung) -> None:
    page = httpx2.get(sung.demo.root + "/metrics").content
    assert page.count(b"\n") > 10
    assert not sung.sings(page)
    assert not sung.sings(sung.demo.log.read_bytes())
    for path in ("/readyz", "/healthz"):
        assert not sung.sings(httpx2.get(sung.demo.root + path).content)


def test_leaves(sung: Sung) -> None:
    entries = sung.demo.records()
    assert sum(entry["kind"] == "open" for entry in entries) >= 5
    assert any("pri" in entry["leaf"] for entry in entries), "the end user is committed to"
    assert not sung.sings(json.dumps(entries).encode())
    assert not sung.sings(sung.demo.cli("log", "tail", "-n", "1000").out)
    guessed = hashlib.sha256(PROMPT.encode()).digest()
    everything = json.dumps(entries)
    assert base64.urlsafe_b64encode(guessed).decode().rstrip("=") not in everything, "a hash that anyone can guess"
    assert guessed.hex() not in everything


def test_the_control_planes_lists(sung: Sung) -> None:
    for path in ("/handles", "/copies", "/systems", "/activity", "/parties"):
        assert not sung.sings(json.dumps(sung.demo.person().get(url(path))).encode()), path


def test_files_while_it_runs_and_after(sung: Sung) -> None:
    """Log, state, index and payloads: the last are encrypted under keys that stand elsewhere."""
    files = [path for path in sung.demo.store.rglob("*") if path.is_file()]
    assert {"log.db", "payload.secret"} <= {path.name for path in files}
    assert any(path.parent.name == "payloads" for path in files)
    for path in files:
        assert not sung.sings(path.read_bytes()), path.name


def test_receipts_show_content_to_those_alone_who_have_it(sung: Sung, tmp_path: Path) -> None:
    reply, receipt = tmp_path / "reply.json", tmp_path / "reply.tlog"
    reply.write_text(sung.replies[0])
    found = sung.demo.json("who", str(reply), "--receipt", str(receipt))
    assert "out" in found["proof"]["disclosed"]
    assert PROMPT.encode() not in receipt.read_bytes()
    assert sung.demo.cli("who", found["record"], "--receipt", str(receipt)).status == 0
    assert not sung.sings(receipt.read_bytes())
    assert ANSWER not in json.dumps(sung.demo.json("who", str(reply))), "who says who, not what"


def test_the_answer_that_leaked_a_handle_was_not_kept(sung: Sung) -> None:
    ends = [entry["leaf"] for entry in sung.demo.records() if entry["kind"] == "close"]
    leaks = [leaf for leaf in ends if leaf.get("err", "").startswith("redline.")]
    assert leaks
    assert all("c" not in leaf for leaf in leaks), "nothing was released, so nothing is committed to"


def test_keys_and_payloads_are_the_owners_alone(sung: Sung) -> None:
    for path in sung.demo.store.rglob("*"):
        if path.name == "trust.txt" or path.suffix == ".json":
            continue
        assert path.stat().st_mode & 0o077 == 0, path.name
