# SPDX-License-Identifier: Apache-2.0
"""`make test-frameworks`: five agent frameworks, unmodified, against this gateway and its MCP gateway.

    python -m tests.frameworks --environments .venv-frameworks [NAME ...] [--over stdio|HTTP] [--keep]

Each is the real package in an environment of its own and knows a base URL, an MCP URL and a key. The tools behind the
gate are served over stdio and over HTTP, in turn, by a gateway of its own each. With all five run over both, and all
well, `docs/reference/frameworks.md` and the raw output beside it are written anew. Exit status: 0 all as it has to
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
from tests.frameworks.page import OUTPUT, PAGE, Told, page, raw, revision
from tests.frameworks.place import OVER, Place
from tests.frameworks.runs import Run, Runner

NAMES = ("openai-agents", "langgraph", "pydantic-ai", "agent-framework", "smolagents")


def main(arguments: Sequence[str]) -> int:
    parser = argparse.ArgumentParser(prog="tests.frameworks", description=__doc__.split("\n")[0])
    parser.add_argument("names", nargs="*", choices=[[], *NAMES], default=[])
    parser.add_argument("--environments", type=Path, required=True)
    parser.add_argument("--over", action="append", choices=OVER, help="of the tool server; both where none is named")
    parser.add_argument("--keep", action="store_true", help="write no page")
    asked = parser.parse_args(arguments)
    names = tuple(asked.names) or NAMES
    told: list[Told] = []
    places: list[Place] = []
    failed = False
    began = revision()
    with tempfile.TemporaryDirectory(prefix="frameworks-") as folder:
        for over in asked.over or OVER:
            where = Path(folder) / over
            where.mkdir()
            model = ScriptedModel()
            place = Place(where, model.url, names, over)
            places.append(place)
            try:
                for name in names:
                    runs, well = _framework(name, asked.environments.absolute() / name / "bin" / "python", place)
                    failed |= not well
                    paths = sorted({path for path, _ in model.asked})
                    told.append(Told(name, asked.environments / name, over, runs, paths))
                    model.asked.clear()
            finally:
                place.end()
                model.close()
        if names == NAMES and not asked.over and not failed and not asked.keep:
            OUTPUT.mkdir(parents=True, exist_ok=True)
            for name in NAMES:
                mine = [each for each in told if each.name == name]
                (OUTPUT / f"{name}.txt").write_text(raw(mine, Path(folder)), encoding="utf-8")
            PAGE.write_text(page(told, places, Path(folder), began), encoding="utf-8")
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
        print(f"{name:16} {place.over:6} {run.name:24} ok  {run.seconds:5.1f} s  {run.end[:70]!r}", flush=True)
    return runs, well


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
