# SPDX-License-Identifier: Apache-2.0
"""An MQTT broker for a test: Debian's mosquitto on a free loopback port, in a folder of its own."""

from __future__ import annotations

import shutil
import socket
import subprocess
import time
from pathlib import Path


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


class Mosquitto:
    """Started at once; `kill` is a crash, `start` brings it back on the same port."""

    def __init__(self, folder: Path) -> None:
        found = shutil.which("mosquitto") or shutil.which("mosquitto", path="/usr/sbin:/usr/local/sbin")
        if found is None:
            raise FileNotFoundError("mosquitto")
        self.port = free_port()
        self._program = found
        self._config = folder / "mosquitto.conf"
        self._config.write_text(
            f"listener {self.port} 127.0.0.1\nallow_anonymous true\npersistence false\nlog_dest none\n"
        )
        self.start()

    @property
    def address(self) -> str:
        return f"mqtt:127.0.0.1:{self.port}"

    def start(self) -> None:
        self.process = subprocess.Popen([self._program, "-c", str(self._config)], stderr=subprocess.DEVNULL)
        until = time.monotonic() + 10
        while time.monotonic() < until:
            with socket.socket() as probe:
                if probe.connect_ex(("127.0.0.1", self.port)) == 0:
                    return
            time.sleep(0.02)
        raise TimeoutError("mosquitto does not answer")

    def kill(self) -> None:
        self.process.kill()
        self.process.wait(10)
