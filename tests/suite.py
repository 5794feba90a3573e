# SPDX-License-Identifier: Apache-2.0
"""`python -m tests.suite`: the whole suite, in two parts, each with one closing line and one for both.

Side by side: a process of tests for each core, which take one file after the other from one list, so that what a file
or a process shares (a demo, a database server) starts once where it is used. Alone: what is marked `alone`, one test
at a time with the machine to itself, because it measures time or load. Words on the command line go to both.
"""

from __future__ import annotations

import ast
import json
import os
import subprocess
import sys
import tempfile
import time
from collections import Counter
from pathlib import Path
from typing import Any, Final

ROOT: Final = Path(__file__).parents[1]
MOST: Final = 8  # processes: each reads every test and takes half a gigabyte
TOLD: Final = "SUITE_TOLD"  # the variable that names the file in which a part leaves what it counted
OUTCOMES: Final = ("failed", "error", "passed", "skipped", "xfailed", "xpassed")
INTERRUPTED: Final = 2


def pytest_terminal_summary(terminalreporter: Any) -> None:
    """As a plugin of each part (`-p tests.suite`): what came out, and the names of what failed."""
    if file := os.environ.get(TOLD):
        stats = terminalreporter.stats
        counted = {each: len(stats[each]) for each in OUTCOMES if stats.get(each)}
        bad = [each.nodeid for outcome in ("failed", "error") for each in stats.get(outcome, ())]
        Path(file).write_text(json.dumps({"counted": counted, "bad": bad}))


def alone() -> list[str]:
    """The files that have such tests: no other need be read for them. One left out is a test that never runs."""
    files = sorted((ROOT / "tests").rglob("test_*.py"))
    return [str(each.relative_to(ROOT)) for each in files if marked(each.read_text(encoding="utf-8"))]


def marked(code: str) -> bool:
    """Whether the mark stands in it, wherever, but in a string or a comment; also what cannot be told, so that it is
    read and fails."""
    if "mark.alone" not in code:
        return False
    try:
        nodes = list(ast.walk(ast.parse(code)))
    except SyntaxError:
        return True
    return any(isinstance(node, ast.Attribute) and ast.unparse(node).endswith("mark.alone") for node in nodes)


def line(counted: Counter[str], seconds: float) -> str:
    """As pytest's own: `3 failed, 12 passed in 4 s`."""
    said = ", ".join(f"{counted[each]} {each}" for each in OUTCOMES if counted[each])
    return f"{said or 'no tests ran'} in {seconds:.0f} s"


def part(words: list[str]) -> tuple[int, Counter[str], list[str]]:
    """Run one; its exit status, what it counted, and the names of what failed."""
    with tempfile.TemporaryDirectory(prefix="suite-") as folder:
        told = Path(folder, "told.json")
        command = [sys.executable, "-m", "pytest", "-p", "tests.suite", *words]
        process = subprocess.Popen(command, cwd=ROOT, env={**os.environ, TOLD: str(told)})
        try:
            status = process.wait()
        except KeyboardInterrupt:  # it heard that too, and says how far it came
            status = process.wait()
        found = json.loads(told.read_text()) if told.exists() else {"counted": {}, "bad": []}
    return status, Counter(found["counted"]), found["bad"]


def main(words: list[str]) -> int:
    """Both parts, the second whatever the first found; 0 if both passed. Ctrl-C ends it."""
    count = str(min(MOST, len(os.sched_getaffinity(0))))
    parts = {
        "side by side": ["-n", count, "--dist=loadfile", "--no-loadscope-reorder", "-m", "not alone"],
        "alone": ["-m", "alone", *alone()],
    }
    began, status, lines, total, bad = time.monotonic(), 0, [], Counter[str](), []
    for name, its in parts.items():
        since = time.monotonic()
        ended, counted, names = part([*its, *words])
        status = status or ended
        total += counted
        bad += names
        lines.append(f"{name}: {line(counted, time.monotonic() - since)}")
        if ended == INTERRUPTED:
            break
    print("", *(f"FAILED {name}" for name in bad), *lines, line(total, time.monotonic() - began), sep="\n", flush=True)
    return status


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
