# SPDX-License-Identifier: Apache-2.0
"""The log as others read it, beside a running service: served and published are the same bytes, mirrors and monitors
need nothing else, and a crash leaves nothing for a monitor to find."""

from __future__ import annotations

import json
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

import httpx2 as httpx
from openai import OpenAI, OpenAIError

from tests.e2e.running import END_S, Demo, answerable, environment
from tests.e2e.upstream import Upstream
from tests.tiled import files

ASKED = [{"role": "user", "content": "hi"}]


@contextmanager
def serving(*words: str) -> Iterator[str]:
    """`answerable log serve` as a process; its address."""
    command = [sys.executable, "-m", "answerable.cli", "log", "serve", "--port", "0", "--json", *words]
    with subprocess.Popen(command, stdout=subprocess.PIPE, env=environment()) as process:
        try:
            assert process.stdout is not None
            yield str(json.loads(process.stdout.readline())["url"])
        finally:
            process.terminate()
            assert process.wait(END_S) == 0


def ask(demo: Demo, times: int = 1) -> None:
    with OpenAI(base_url=demo.gateway, api_key=demo.handle, max_retries=0) as client:
        for _ in range(times):
            client.chat.completions.create(model="auto", messages=ASKED)  # type: ignore[arg-type]


def test_served_published_mirrored_and_watched(scripted: tuple[Demo, Upstream], tmp_path: Path) -> None:
    demo, _ = scripted
    ask(demo, 5)
    here = ("--store", str(demo.store))
    assert answerable("log", "checkpoint", *here).status == 0
    assert answerable("log", "publish", str(tmp_path / "public"), *here).status == 0
    public = files(tmp_path / "public")
    trust = ("--trust", str(demo.store / "trust.txt"))
    with serving(*here) as url, httpx.Client() as client:
        for path, data in public.items():
            answer = client.get(url + path)
            assert answer.status_code == 200
            assert path == "checkpoint" or answer.content == data
        state = ("--state", str(tmp_path / "state"))
        first = answerable("log", "monitor", url, *trust, *state, "--json")
        assert (first.status, first.json["findings"]) == (0, [])
        ask(demo, 3)
        assert answerable("log", "checkpoint", *here).status == 0
        assert answerable("log", "mirror", url, str(tmp_path / "mirror"), *trust).status == 0
        second = answerable("log", "monitor", url, *trust, *state, "--json")
        assert (second.status, second.json["findings"], second.json["before"]) == (0, [], first.json["size"])
        assert second.json["size"] >= first.json["size"] + 6
    mirror = files(tmp_path / "mirror")
    assert all(mirror.get(path, data) == data for path, data in public.items() if path != "checkpoint")
    assert answerable("log", "monitor", str(tmp_path / "mirror"), *trust).status == 0


def test_no_word_of_anyone_is_in_what_others_read(scripted: tuple[Demo, Upstream], tmp_path: Path) -> None:
    demo, _ = scripted
    canary = "canary-7f3a-of-the-prompt"
    with OpenAI(base_url=demo.gateway, api_key=demo.handle, max_retries=0) as client:
        client.chat.completions.create(model="auto", messages=[{"role": "user", "content": canary}])
    assert answerable("log", "checkpoint", "--store", str(demo.store)).status == 0
    assert answerable("log", "publish", str(tmp_path), "--store", str(demo.store)).status == 0
    whole = b"".join(files(tmp_path).values())
    assert canary.encode() not in whole
    assert demo.handle.encode() not in whole


def test_a_crash_leaves_nothing_to_find(
    start: Callable[..., Demo], scripted_upstream: Upstream, tmp_path: Path
) -> None:
    options = ("--url", scripted_upstream.url, "--model", "scripted", "--locality", "local")
    demo = start(*options)
    ended = threading.Event()

    def calls() -> None:
        while not ended.is_set():
            try:
                ask(demo)
            except OpenAIError:
                return

    callers = [threading.Thread(target=calls) for _ in range(4)]
    for caller in callers:
        caller.start()
    time.sleep(1.0)
    demo.kill()
    ended.set()
    for caller in callers:
        caller.join(END_S)
    again = start(*options, store=demo.store)
    ask(again, 2)
    here = ("--store", str(again.store))
    assert answerable("log", "checkpoint", *here).status == 0
    found = answerable("log", "monitor", *here, "--json")
    assert (found.status, found.json["findings"]) == (0, [])
