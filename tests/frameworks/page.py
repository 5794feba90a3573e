# SPDX-License-Identifier: Apache-2.0
"""What `make test-frameworks` writes: one page with a table, and of each framework what its runs printed."""

from __future__ import annotations

import json
import re
import subprocess
from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path
from typing import Final

from tests.frameworks.place import Place
from tests.frameworks.runs import Run
from tests.house.tree import ROOT

PAGE: Final = ROOT / "docs" / "reference" / "frameworks.md"
OUTPUT: Final = ROOT / "docs" / "reference" / "frameworks"
# Of each framework the packages that make it, as pip names them.
PACKAGES: Final[dict[str, tuple[str, ...]]] = {
    "openai-agents": ("openai-agents", "mcp"),
    "langgraph": ("langgraph", "langchain", "langchain-mcp-adapters", "langchain-openai", "mcp"),
    "pydantic-ai": ("pydantic-ai-slim", "fastmcp-slim", "mcp"),
    "agent-framework": ("agent-framework-core", "agent-framework-openai", "mcp"),
    "smolagents": ("smolagents", "mcpadapt", "mcp"),
}


@dataclass
class Told:
    """A framework and its runs. over: what the tool server spoke; endpoints: the model's, as it was asked through the
    gateway."""

    name: str
    environment: Path
    over: str
    runs: list[Run]
    endpoints: list[str] = field(default_factory=list)

    def versions(self) -> dict[str, str]:
        """What is installed there, asked of the environment."""
        code = "import importlib.metadata as m, json, sys; print(json.dumps({n: m.version(n) for n in sys.argv[1:]}))"
        done = subprocess.run(
            [str(self.environment / "bin" / "python"), "-c", code, *PACKAGES[self.name]],
            capture_output=True, check=True, text=True,
        )  # fmt: skip
        found: dict[str, str] = json.loads(done.stdout)
        return found


def revision() -> str:
    """Of the source that is run."""

    def git(*words: str) -> str:
        return subprocess.run(["git", *words], cwd=ROOT, capture_output=True, check=True, text=True).stdout.strip()

    changed = git("status", "--porcelain", "--untracked-files=no", "--", "src", "tests", "requirements")
    return f"commit `{git('rev-parse', '--short=12', 'HEAD')}`" + (", with changes beside it" if changed else "")


def page(told: Sequence[Told], places: Sequence[Place], folder: Path, revision: str) -> str:
    """The page, in Markdown. revision: what was run."""
    names = [run.name for run in told[0].runs]
    rows = [
        "| "
        + " | ".join(
            (
                f"[{each.name}](frameworks/{each.name}.txt)",
                each.over,
                ", ".join(f"{name} {version}" for name, version in each.versions().items()),
                ", ".join(f"`{path}`" for path in each.endpoints),
                *(f"{run.seconds:.1f} s" for run in each.runs),
            )
        )
        + " |"
        for each in told
    ]
    return f"""<!-- SPDX-License-Identifier: Apache-2.0 -->
# Agent frameworks

Written by `make test-frameworks` on {datetime.now(UTC):%Y-%m-%d} of {revision}; do not edit. Five
frameworks, each the package as it is published, locked in `requirements/frameworks/` and installed in an environment of
its own. Each was given a base URL, an MCP URL and a key (a handle), and nothing else of ours: the drivers stand in
`tests/frameworks/drivers/`, some twenty lines each. How one is set up is in [howto/agents.md](../howto/agents.md).

| framework | tool server over | packages | model asked by | {" | ".join(names)} |
| --- | --- | --- | --- | {" | ".join("---" for _ in names)} |
{chr(10).join(rows)}

A time stands where a run showed all that it has to; with one that did not, this page is not written. The name of each
framework leads to what its runs printed.

| run | what it has to show |
| --- | --- |
| {names[0]} | the agent has the tool's answer; the tool's own journal has one call; the log has the permit; \
over HTTP the agent's key did not come to the tool server |
| {names[1]} | the same with the model's answers streamed |
| {names[2]} | a count beyond the tool's envelope: the journal has no call; the log has the refusal, `tool.envelope` |
| {names[3]} | the call waits and nothing ran; a person approves it (`answerable holds approve`); the agent \
asks for the result and has it; the journal has one call; the log has the hold and the permit |
| {names[4]} | an officer orders `answerable stop` while the agent is at work; its run ends with an error that \
names the stop; nothing ran after the order was there, and the log has nothing begun after it that was done |

Of every run a record was found in the log, and its receipt verified offline (`answerable who`, `answerable verify`).

## What is real here, and what is not

The frameworks, their MCP clients, the gateway, its log and the command line are real; the tool server is made with the
protocol's own SDK (`tests/mcp_servers.py`) and runs as a process, over stdio and over HTTP, where it answers the gate's
own credential and nobody else. The model is written down: a server of
OpenAI's protocol over a real socket that follows a script (`tests/frameworks/model.py`). The model that the demo ships,
SmolLM2-135M, made 0 right calls when it was asked for one 20 times. Responses are kept by the script's server as
OpenAI keeps them, which agent-framework relies on (`previous_response_id`).

## The commands that set it up

{chr(10).join(_setting_up(place, folder) for place in places)}"""


def _setting_up(place: Place, folder: Path) -> str:
    lines = [line for line in place.commands if "--json" not in line and not line.startswith(SEEN)]
    said = chr(10).join(_clean(line, folder) for line in lines)
    return f"Over {place.over}:\n\n```text\n{said}\n```\n"


SEEN: Final = tuple(f"answerable {verb} " for verb in ("who", "verify", "stop", "holds", "log"))


def raw(told: Sequence[Told], folder: Path) -> str:
    """What the runs of one framework printed, with the paths of this machine taken out."""
    out = [f"{told[0].name}: {', '.join(f'{n} {v}' for n, v in told[0].versions().items())}"]
    for over, run in [(each.over, run) for each in told for run in each.runs]:
        out += ["", f"=== tools over {over}: {run.name} ({run.seconds:.1f} s)", f"script: {_script(run)}"]
        out += ["--- the agent said", run.end]
        out += ["--- seen elsewhere", *run.seen, "--- stdout", run.stdout.rstrip(), "--- stderr", run.stderr.rstrip()]
    return "\n".join(_clean(line, folder).rstrip() for line in "\n".join(out).splitlines()) + "\n"


def _script(run: Run) -> str:
    return json.dumps(run.script[:2])[:-1] + (f", … {len(run.script)} steps]" if len(run.script) > 2 else "]")


def _clean(line: str, folder: Path) -> str:
    for path, name in ((str(folder), "FOLDER"), (str(ROOT), "."), (str(Path.home()), "~")):
        line = line.replace(path, name)
    return re.sub(r"ans_[\w-]{20,}", "ans_…", line)
