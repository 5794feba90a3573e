# SPDX-License-Identifier: Apache-2.0
"""A gateway as its operator runs it, set up by the command line alone: parties, a scripted model, a stock tool server
over stdio or HTTP, an agent and a handle for each framework, an approver. Nothing here reaches into the store."""

from __future__ import annotations

import contextlib
import json
import os
import shlex
import signal
import subprocess
import sys
from pathlib import Path
from secrets import token_hex
from typing import Any, Final

from tests.e2e.running import Ended, answerable
from tests.frameworks.model import NAME
from tests.house.tree import ROOT
from tests.mcp_servers import Journal, command, running

OPERATOR: Final = "LEIXG-000000FUUBU435XBB835"
REGISTRAR: Final = "LEIXG-000000TOT1RK8W0J9105"
SERVER: Final = "desk"
APPROVER: Final = "vera"
START_S: Final = 60.0
STDIO: Final = "stdio"
HTTP: Final = "HTTP"
OVER: Final = (STDIO, HTTP)
# What a person says of each tool; `wipe` is left as it came: nobody said what it is.
CLASSES: Final[dict[str, tuple[str, ...]]] = {
    "weather": ("--effect", "read", "--domain", "search"),
    "tick": ("--effect", "read", "--domain", "general"),
    "order": (
        *("--effect", "irreversible", "--domain", "general", "--approvals", "1", "--role", "approver"),
        *("--idempotency", "3600", "--bound", "/count=1..100", "--text", "/article=80"),
    ),
}


class Place:
    """A running gateway. over: what its tool server speaks; handles, systems: of each agent its key, and its record id;
    talk: what it wrote to stderr."""

    def __init__(self, folder: Path, model_url: str, agents: tuple[str, ...], over: str = STDIO) -> None:
        self.folder = folder
        self.over = over
        self.store = folder / "store"
        self.journal = Journal(folder / "journal.jsonl")
        self.config = folder / "answerable.toml"
        self.commands: list[str] = []
        self._process: subprocess.Popen[str] | None = None
        self._server = contextlib.ExitStack()
        self.gateway = ""
        self.handles: dict[str, str] = {}
        self.systems: dict[str, str] = {}
        try:
            self._found(model_url, agents)
        except BaseException:
            self.end()
            raise

    @property
    def mcp(self) -> str:
        return self.gateway.removesuffix("/v1") + f"/mcp/{SERVER}"

    def cli(self, *args: str) -> Ended:
        """One command, whatever its end; it is kept in `commands`."""
        self.commands.append(shlex.join(["answerable", *args]))
        settings = {"ANSWERABLE_STORE_PATH": str(self.store)}
        if self.config.exists():
            settings["ANSWERABLE_CONFIG"] = str(self.config)
        return answerable(*args, more=settings, cwd=self.folder)

    def do(self, *args: str) -> str:
        """One command that must succeed: its stdout."""
        done = self.cli(*args)
        assert done.status == 0, f"{self.commands[-1]}: {done}"
        return done.out.decode().strip()

    def json(self, *args: str) -> Any:
        return json.loads(self.do(*args, "--json"))

    def records(self, count: int = 1000) -> list[dict[str, Any]]:
        """The newest records, oldest first."""
        found: list[dict[str, Any]] = self.json("log", "tail", "-n", str(count))
        return found

    def close(self) -> None:
        if self._process is not None and self._process.poll() is None:
            self._process.send_signal(signal.SIGINT)
            self._process.wait(20)
        self._process = None

    def end(self) -> None:
        """The tool server too."""
        self.close()
        self._server.close()

    def heads(self) -> str:
        """What came to the tool server in the heads of requests, over HTTP."""
        return (self.folder / "heads.jsonl").read_text() if self.over == HTTP else ""

    def talk(self) -> str:
        return (self.folder / "serve.log").read_text()

    # --- setting it up ------------------------------------------------------------------------------------------------

    def _found(self, model_url: str, agents: tuple[str, ...]) -> None:
        self.do("init", "--domain", "frameworks.example", "--operator", OPERATOR, "--name", "Example Ltd")
        self._serve()
        self.do("party", "register", "--id", REGISTRAR, "--name", "Registrar")
        self.do("party", "key", REGISTRAR, "--registrar")
        self.do("party", "vouch", OPERATOR, "--registrar", REGISTRAR)
        self.do("admin", "enrol", APPROVER, "--role", "approver")
        self._register("house-model", "model", "scripted.bin")
        self._register("desk-server", "application", "desk.py")
        for agent in agents:
            self._register(agent, "agent", f"{agent}.py", "--uses", "house-model", "--audience", "machine")
        self.close()
        self.config.write_text(
            f'[gateway]\nport = 0\n\n[upstreams.house]\nurl = "{model_url}"\nmodel = "{NAME}"\nsystem = "house-model"\n'
            f'locality = "private"\n\n[servers.{SERVER}]\nsystem = "desk-server"\n{self._tools()}'
        )
        self._serve()
        self._classify()
        for agent in agents:
            copy = self.do("copy", "endpoint", agent, "--url", "http://127.0.0.1/")
            self.handles[agent] = self.do("handles", "issue", copy, "--life", "8h", "--bind", "cidr:127.0.0.0/8")

    def _tools(self) -> str:
        """The settings of the tool server; over HTTP it is started, and answers nobody but the gate."""
        if self.over == STDIO:
            words = ", ".join(json.dumps(word) for word in command(self.journal.path))
            return f'kind = "stdio"\ncommand = [{words}]\ndirectory = "{ROOT}"\n'
        credential = self.folder / "credential"
        credential.touch(mode=0o600)
        credential.write_text(token_hex(16))
        seen = ("--seen", str(self.folder / "heads.jsonl"))
        url = self._server.enter_context(running(self.journal.path, "--credential", str(credential), *seen))
        return f'kind = "http"\nurl = "{url}"\ncredential_file = "{credential}"\n'

    def _register(self, name: str, kind: str, file: str, *more: str) -> None:
        path = self.folder / file
        path.write_text(f"stands for {name}\n")
        asked = ("--name", name, "--version", "1", "--kind", kind, "--party", f"{OPERATOR}:deployer")
        if kind == "model":
            asked += ("--party", f"{OPERATOR}:provider", "--parameters", "8000000", "--tokens", "1000000")
        said = self.do(
            "register", *asked, "--weights", str(path), "--licence", "Apache-2.0", "--capability", "text", *more
        )
        self.systems[name] = said.split("record ")[1].split(".")[0]

    def _classify(self) -> None:
        self.do("tools", "import", SERVER)
        for tool, said in CLASSES.items():
            pin = self.json("tools", "show", f"{SERVER}/{tool}")["listed"].removeprefix("sha256:")
            named = ("--world", "information", "--criticality", "ordinary", "--pin", pin[:8])
            self.do("tools", "classify", f"{SERVER}/{tool}", *named, *said)

    def _serve(self) -> None:
        settings = {"ANSWERABLE_STORE_PATH": str(self.store), "ANSWERABLE_CONFIG": str(self.config)}
        if not self.config.exists():
            settings.pop("ANSWERABLE_CONFIG")
        clean = {name: value for name, value in os.environ.items() if not name.startswith(("ANSWERABLE_", "OPENAI_"))}
        with (self.folder / "serve.log").open("a") as log:
            self._process = subprocess.Popen(
                [sys.executable, "-m", "answerable.cli", "serve", "--json", "--port", "0"],
                env={**clean, **settings, "ANSWERABLE_LANG": "en"},
                stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=log, text=True,
            )  # fmt: skip
        assert self._process.stdout is not None
        line = self._process.stdout.readline()
        assert line.startswith("{"), self.talk()
        self.gateway = json.loads(line)["gateway"]
