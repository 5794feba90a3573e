# SPDX-License-Identifier: Apache-2.0
"""`make test-frameworks`: five agent frameworks, unmodified, against this gateway and its MCP gateway.

    python -m tests.frameworks --environments .venv-frameworks [NAME ...] [--keep]

Each is the real package in an environment of its own and knows a base URL, an MCP URL and a key. With all five run, and
all well, `docs/reference/frameworks.md` and the raw output beside it are written anew. Exit status: 0 all as it has to
be, 1 something is not.
"""

from __future__ import annotations

import argparse
import sys
import tempfile
import traceback
from collections.abc import Sequence
from pathlib import Path

from tests.frameworks.model import ScriptedModel
from tests.frameworks.page import OUTPUT, PAGE, Told, page, raw
from tests.frameworks.place import Place
from tests.frameworks.runs import Run, Runner

NAMES = ("openai-agents", "langgraph", "pydantic-ai", "agent-framework", "smolagents")


def main(arguments: Sequence[str]) -> int:
    parser = argparse.ArgumentParser(prog="tests.frameworks", description=__doc__.split("\n")[0])
    parser.add_argument("names", nargs="*", choices=[[], *NAMES], default=[])
    parser.add_argument("--environments", type=Path, required=True)
    parser.add_argument("--keep", action="store_true", help="write no page")
    asked = parser.parse_args(arguments)
    names = tuple(asked.names) or NAMES
    model = ScriptedModel()
    told: list[Told] = []
    failed = False
    with tempfile.TemporaryDirectory(prefix="frameworks-") as folder:
        place = Place(Path(folder), model.url, names)
        try:
            for name in names:
                runs, well = _framework(name, asked.environments.absolute() / name / "bin" / "python", place)
                failed |= not well
                told.append(Told(name, asked.environments / name, runs))
                paths = sorted({path for path, _ in model.asked})
                told[-1].endpoints = paths
                model.asked.clear()
        finally:
            place.close()
            model.close()
        if names == NAMES and not failed and not asked.keep:
            OUTPUT.mkdir(parents=True, exist_ok=True)
            for each in told:
                (OUTPUT / f"{each.name}.txt").write_text(raw(each, Path(folder)), encoding="utf-8")
            PAGE.write_text(page(told, place.commands, Path(folder)), encoding="utf-8")
    return 1 if failed else 0


def _framework(name: str, python: Path, place: Place) -> tuple[list[Run], bool]:
    """Its runs, and whether all were as they have to be. The stop is last: after it the agent acts no more."""
    runner = Runner(name, python, place)
    runs: list[Run] = []
    well = True
    for one in (
        runner.permitted,
        lambda: runner.permitted("--stream"),
        runner.refused,
        runner.held,
        runner.stopped,
    ):
        try:
            run = one()
        except Exception:  # noqa: BLE001 - the others are run all the same
            traceback.print_exc()
            well = False
            continue
        runs.append(run)
        print(f"{name:16} {run.name:24} ok  {run.seconds:5.1f} s  {run.end[:70]!r}", flush=True)
    return runs, well


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
