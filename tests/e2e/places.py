# SPDX-License-Identifier: Apache-2.0
"""Services as processes, for tests that start, stop or kill their own."""

from __future__ import annotations

import contextlib
import json
import os
import signal
import subprocess
import sys
import time
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

import httpx2 as httpx
from openai import OpenAI

START_S = 60.0
END_S = 20.0
ANSWERABLE = (sys.executable, "-m", "answerable.cli")


class Place:
    """A running service over a store. `said` is the first line that it printed."""

    def __init__(self, process: subprocess.Popen[bytes], said: dict[str, Any], store: Path, log: Path) -> None:
        self.process, self.said, self.store, self.log = process, said, store, log

    @property
    def gateway(self) -> str:
        return str(self.said["gateway"])

    @property
    def handle(self) -> str:
        return str(self.said["handle"])

    def client(self, key: str | None = None, **options: Any) -> OpenAI:
        return OpenAI(base_url=self.gateway, api_key=key or self.handle, **({"max_retries": 0} | options))

    def cli(self, *words: str, expect: int | None = 0) -> Any:
        return cli(*words, "--store", str(self.store), expect=expect)

    def post(self, path: str, body: Any, key: str | None = None, **headers: str) -> httpx.Response:
        auth = {"authorization": f"Bearer {key or self.handle}"}
        return httpx.post(self.gateway + path, json=body, headers=auth | headers, timeout=30)

    def ask(self, text: str = "Say hi.", **more: Any) -> httpx.Response:
        body = {"model": "auto", "max_tokens": 8, "messages": [{"role": "user", "content": text}]} | more
        return self.post("/chat/completions", body)

    def leaves(self) -> list[dict[str, Any]]:
        """The newest leaves, as `log tail` gives them."""
        return list(self.cli("log", "tail", "-n", "200"))

    def kill(self) -> None:
        with contextlib.suppress(ProcessLookupError):
            self.process.kill()
        self.process.wait(END_S)

    def end(self) -> int:
        """As Ctrl-C does."""
        if self.process.poll() is None:
            self.process.send_signal(signal.SIGINT)
        return self.process.wait(END_S)


def cli(*words: str, expect: int | None = 0) -> Any:
    """Run `answerable … --json`; the decoded stdout. Fails the test if the exit status is not `expect`."""
    done = subprocess.run([*ANSWERABLE, *words, "--json"], capture_output=True, timeout=60, check=False)
    if expect is not None:
        assert done.returncode == expect, f"{words}: {done.returncode}\n{done.stdout.decode()}\n{done.stderr.decode()}"
    return json.loads(done.stdout) if done.stdout.strip() else None


@contextlib.contextmanager
def running(words: Sequence[str], store: Path, *, clean: bool = True) -> Iterator[Place]:
    """`answerable WORDS --store STORE --json` until the block ends. clean: it must then end well by itself."""
    log = store.with_name(store.name + ".log")
    with log.open("ab") as err:
        process = subprocess.Popen(
            [*ANSWERABLE, *words, "--store", str(store), "--json"],
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=err,
            start_new_session=True,
        )
    try:
        said = _first_line(process, log)
        place = Place(process, said, store, log)
        yield place
        if clean:
            assert place.end() == 0, log.read_text()
    finally:
        if process.poll() is None:
            process.send_signal(signal.SIGINT)
            try:
                process.wait(END_S)
            except subprocess.TimeoutExpired:
                process.kill()
                process.wait(END_S)
        if process.stdout is not None:
            process.stdout.close()


def _first_line(process: subprocess.Popen[bytes], log: Path) -> dict[str, Any]:
    assert process.stdout is not None
    os.set_blocking(process.stdout.fileno(), False)
    until, seen = time.monotonic() + START_S, b""
    while time.monotonic() < until and b"\n" not in seen:
        seen += process.stdout.read() or b""
        if process.poll() is not None and b"\n" not in seen:
            break
        time.sleep(0.05)
    assert b"\n" in seen, f"no first line within {START_S} s:\n{log.read_text()}"
    said: dict[str, Any] = json.loads(seen.split(b"\n")[0])
    return said
