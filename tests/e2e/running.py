# SPDX-License-Identifier: Apache-2.0
"""A demo as its user runs it: a process of its own, spoken to by its first line, its port, its CLI and its end."""

from __future__ import annotations

import contextlib
import json
import os
import re
import selectors
import signal
import subprocess
import sys
import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

from answerable.app.people import FOLDER, read
from answerable.cli.client import Client
from answerable.cli.session import url
from answerable.log.trust import parse

START_S = 90.0
END_S = 20.0
COMMAND_S = 60.0
# What the log may say of its own accord when the machine is slow; anything else of this kind is a defect.
DEFECTS = ("Traceback", "incident ")


@dataclass(frozen=True, slots=True)
class Ended:
    """A command that ran: exit status, its stdout, its stderr."""

    status: int
    out: bytes
    err: str

    @property
    def json(self) -> Any:
        """The one JSON document on stdout."""
        return json.loads(self.out)

    @property
    def code(self) -> str:
        """The code of the error that it told, "" for none."""
        told = re.search(r"^([a-z]+\.[a-z_]+): ", self.err, re.MULTILINE)
        return told[1] if told and self.status else ""


def environment() -> dict[str, str]:
    """The user's own, without settings of ours: what a test starts must not depend on who runs it."""
    return {
        **{name: value for name, value in os.environ.items() if not name.startswith(("ANSWERABLE_", "OPENAI_"))},
        "ANSWERABLE_LANG": "en",
        "NO_PROXY": "127.0.0.1,localhost",
    }


def answerable(
    *args: str,
    stdin: bytes = b"",
    prefix: Sequence[str] = (),
    cwd: Path | None = None,
    more: Mapping[str, str] | None = None,
) -> Ended:
    """Run one command of the CLI to its end."""
    done = subprocess.run(
        [*prefix, sys.executable, "-m", "answerable.cli", *args],
        input=stdin,
        capture_output=True,
        timeout=COMMAND_S,
        check=False,
        cwd=cwd,
        env={**environment(), **(more or {})},
    )
    return Ended(done.returncode, done.stdout, done.stderr.decode())


class NotStarted(Exception):
    """It did not come up. code: of the error that it told, "" for none."""

    def __init__(self, said: str, code: str = "") -> None:
        super().__init__(said)
        self.code = code


class Demo:
    """A running `answerable demo`. Raises NotStarted, with what it said, if it does not come up."""

    def __init__(self, store: Path, *options: str, prefix: Sequence[str] = ()) -> None:
        self.store = store
        self.log = store.with_name(store.name + ".stderr")
        self.prefix = tuple(prefix)
        command = [*prefix, sys.executable, "-m", "answerable.cli", "demo", "--json", "--port", "0"]
        with self.log.open("ab") as log:
            self.process = subprocess.Popen(
                [*command, "--store", str(store), *options],
                stdin=subprocess.DEVNULL,
                stdout=subprocess.PIPE,
                stderr=log,
                env=environment(),
                start_new_session=True,
            )
        try:
            self.said: dict[str, Any] = json.loads(self._first_line())
            if "error" in self.said:
                raise NotStarted(self.talk(), self.said["error"]["code"])
        except BaseException:
            self.kill()
            raise
        self.gateway: str = self.said["gateway"]
        self.handle: str = self.said["handle"]
        self.systems: dict[str, str] = self.said["systems"]

    def _first_line(self) -> bytes:
        out = self.process.stdout
        assert out is not None
        line, until = b"", time.monotonic() + START_S
        with selectors.DefaultSelector() as ready:
            ready.register(out, selectors.EVENT_READ)
            while not line.endswith(b"\n"):
                if not ready.select(max(0.0, until - time.monotonic())):
                    raise NotStarted(f"not up in {START_S} s: {self.talk()}")
                piece = os.read(out.fileno(), 65_536)
                if not piece:
                    raise NotStarted(f"ended with {self.process.wait(END_S)}: {self.talk()}")
                line += piece
        return line

    @property
    def address(self) -> tuple[str, int]:
        parts = urlsplit(self.gateway)
        assert parts.hostname is not None
        assert parts.port is not None
        return parts.hostname, parts.port

    @property
    def root(self) -> str:
        """The gateway's URL without ``/v1``."""
        return self.gateway.removesuffix("/v1")

    def talk(self) -> str:
        """What it wrote to stderr."""
        return self.log.read_text()

    def cli(self, *args: str, stdin: bytes = b"", prefix: Sequence[str] = ()) -> Ended:
        return answerable(*args, "--store", str(self.store), stdin=stdin, prefix=prefix)

    def json(self, *args: str) -> Any:
        """What a command that must succeed says with `--json`."""
        done = self.cli(*args, "--json")
        assert done.status == 0, done
        return done.json

    def person(self, name: str = "admin") -> Client:
        origin = parse((self.store / "trust.txt").read_bytes()).logs[-1].name
        return Client(self.store / "control.sock", origin, read(self.store / FOLDER / f"{name}.json"))

    def record(self, rid: str) -> dict[str, Any]:
        """The leaf of that id."""
        leaf: dict[str, Any] = self.person().get(url(f"/log/records/{rid}"))["leaf"]
        return leaf

    def records(self, count: int = 1000) -> list[dict[str, Any]]:
        """The newest records, each with `rid` and `leaf`."""
        found: list[dict[str, Any]] = self.person().get(url("/log/records", {"count": count}))
        return found

    def close_of(self, rid: str) -> dict[str, Any] | None:
        """The close leaf of an open one, waited for: it is written when the answer has gone."""
        until = time.monotonic() + 10
        while time.monotonic() < until:
            for entry in reversed(self.records()):
                if entry["kind"] == "close" and entry["leaf"]["open"] == rid:
                    leaf: dict[str, Any] = entry["leaf"]
                    return leaf
            time.sleep(0.05)
        return None

    def copy_of(self, name: str) -> str:
        """The id of a running copy of the system of that name."""
        running: list[dict[str, Any]] = self.person().get(url("/copies"))
        return next(str(each["copy"]["id"]) for each in running if each["system"].startswith(name))

    def issue(self, binding: str = "cidr:127.0.0.0/8", life_ms: int = 3_600_000) -> tuple[str, str]:
        """A fresh handle of the demo's application: its value, and the id of its record."""
        asked = {"copy": self.copy_of("Demo assistant"), "binding": binding, "life": life_ms}
        done = self.person().post(url("/handles"), asked)
        return done["value"], done["row"]["rid"]

    def end(self) -> None:
        """Ctrl-C. Asserts that it ended by itself, with 0, and met no defect on its way."""
        if self.process.poll() is None:
            self.process.send_signal(signal.SIGINT)
        try:
            status = self.process.wait(END_S)
        except subprocess.TimeoutExpired:
            self.kill()
            raise AssertionError(f"did not end {END_S} s after Ctrl-C: {self.talk()}") from None
        finally:
            self._closed()
        said = self.talk()
        assert status == 0, said
        assert not [word for word in DEFECTS if word in said], said
        assert not (self.store / "control.sock").exists()

    def kill(self) -> None:
        """kill -9, to what it started too."""
        with contextlib.suppress(ProcessLookupError):
            os.killpg(self.process.pid, signal.SIGKILL)
        self.process.wait(END_S)
        self._closed()

    def _closed(self) -> None:
        if self.process.stdout is not None:
            self.process.stdout.close()
