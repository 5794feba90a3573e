# SPDX-License-Identifier: Apache-2.0
"""The guard stands alone: whoever wants to put just it beside a program ships it with net, admission, log, crypto,
model and errors. What runs inside, beside the program, brings not even those."""

from __future__ import annotations

import json
import subprocess
import sys

from tests.house.tree import SOURCE

ROOMS = {"guard", "net", "admission", "log", "crypto", "model", "errors"}
PROBE = """
import importlib, json, sys
for name in {names}:
    importlib.import_module("answerable.guard." + name)
print(json.dumps(sorted(sys.modules)))
"""


def loaded(names: list[str]) -> list[str]:
    done = subprocess.run(
        [sys.executable, "-I", "-c", PROBE.format(names=names)], capture_output=True, text=True, timeout=30, check=True
    )
    modules: list[str] = json.loads(done.stdout)
    return modules


def rooms(modules: list[str]) -> set[str]:
    return {name.split(".")[1] for name in modules if name.startswith("answerable.")}


def test_all_of_it_loads_nothing_else_of_ours() -> None:
    names = sorted(path.stem for path in (SOURCE / "guard").glob("*.py") if path.stem != "__init__")
    modules = loaded(names)
    assert len(names) > 12
    assert rooms(modules) <= ROOMS
    assert not {"starlette", "uvloop", "sqlite3", "asyncpg", "numpy", "pydantic", "httpx"} & set(modules)


def test_what_runs_beside_the_program_is_small() -> None:
    """The keeper holds no key and reads nothing that a stranger wrote: it needs no cryptography and no parsers."""
    modules = loaded(["inside"])
    assert rooms(modules) == {"guard"}
    assert not {"cryptography", "msgspec", "httptools", "asyncio", "ssl", "subprocess"} & set(modules)
    ours = {name for name in modules if name.startswith("answerable.guard.")}
    assert ours == {f"answerable.guard.{name}" for name in ("inside", "landlock", "seccomp", "syscalls")}
