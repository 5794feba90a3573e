# SPDX-License-Identifier: Apache-2.0
"""Runs the named test of each mutant over the mutated code: ``python -m tests.proofs.mutate NAME ...``; JSON of name to
the test's exit status, and of "" to that of all of them over the code as it is. Each runs in a fork that reads one
module's text otherwise; no file is changed.
"""

from __future__ import annotations

import importlib.abc
import importlib.machinery
import json
import os
import signal
import sys
import tempfile
import time
from collections.abc import Sequence
from importlib.util import spec_from_file_location
from pathlib import Path
from types import ModuleType
from typing import Any

from tests.proofs.mutants import MUTANTS, Mutant, unmutated

ROOT = Path(__file__).resolve().parents[2]
SOURCES = ROOT / "src" / "answerable"
LIMIT_S = 120.0
AT_ONCE = 2
BROKEN = 70
# What every test needs and no mutant touches is imported once, before the forks.
WARM = ("_hypothesis_pytestplugin", "anyio._backends._asyncio", "anyio.pytest_plugin", "asyncio", "asyncpg",
        "cryptography.hazmat.primitives.asymmetric.ed25519", "hypothesis", "httpx2", "msgspec", "pytest",
        "pytest_asyncio", "pytest_timeout", "starlette.applications", "uvloop", "xdist.looponfail",
        "xdist.plugin")  # fmt: skip


class Loader(importlib.machinery.SourceFileLoader):
    """Reads a module's text with the mutation in it, past any compiled file."""

    def __init__(self, name: str, path: str, mutant: Mutant) -> None:
        super().__init__(name, path)
        self._mutant = mutant

    def get_code(self, fullname: str) -> Any:
        return compile(self._mutant.mutated(Path(self.path).read_text(encoding="utf-8")), self.path, "exec")


class Finder(importlib.abc.MetaPathFinder):
    def __init__(self, mutant: Mutant) -> None:
        self._mutant = mutant
        self._name = "answerable." + mutant.file.removesuffix(".py").replace("/", ".")

    def find_spec(self, name: str, path: Any, target: ModuleType | None = None) -> Any:
        if name != self._name:
            return None
        file = str(SOURCES / self._mutant.file)
        return spec_from_file_location(name, file, loader=Loader(name, file, self._mutant))


class Trial:
    """A mutant's test on its way, in a fork."""

    def __init__(self, mutant: Mutant) -> None:
        self.mutant = mutant
        self._out = tempfile.TemporaryFile()  # noqa: SIM115  closed by `status`
        self._until = time.monotonic() + LIMIT_S
        self._pid = os.fork()
        if self._pid == 0:
            os.dup2(self._out.fileno(), 1)
            os.dup2(self._out.fileno(), 2)
            status = BROKEN
            try:
                status = _child(mutant)
            finally:  # whatever was raised: it is no failed test
                sys.stdout.flush()
                sys.stderr.flush()
                os._exit(status)

    def status(self) -> int | None:
        """Exit status: 1 where the test failed, so that the mutant was caught; -1 where it took too long; None yet."""
        done, status = os.waitpid(self._pid, os.WNOHANG)
        if not done and time.monotonic() < self._until:
            return None
        code = os.waitstatus_to_exitcode(status) if done else -1
        if not done:
            os.kill(self._pid, signal.SIGKILL)
            os.waitpid(self._pid, 0)
        self._out.seek(0)
        if code != 1 and self.mutant.name:
            sys.stderr.write(f"--- {self.mutant.name}: {code}\n{self._out.read().decode()[-1500:]}\n")
        self._out.close()
        return code


def run(mutants: Sequence[Mutant]) -> dict[str, int]:
    waiting, going, found = list(mutants), list[Trial](), dict[str, int]()
    while waiting or going:
        while waiting and len(going) < AT_ONCE:
            going.append(Trial(waiting.pop(0)))
        for trial in tuple(going):
            if (status := trial.status()) is not None:
                going.remove(trial)
                found[trial.mutant.name] = status
        time.sleep(0.01)
    return found


def _child(mutant: Mutant) -> int:
    import pytest

    sys.meta_path.insert(0, Finder(mutant))
    quiet = ["-q", "-x", "-p", "no:cacheprovider", "--no-header", "--tb=line", f"--rootdir={ROOT}"]
    warm = ["-W", "ignore::pytest.PytestAssertRewriteWarning"]  # plugins that were imported before the fork
    return int(pytest.main([*quiet, *warm, *(str(ROOT / test) for test in mutant.caught)]))


def main() -> None:
    for name in WARM:
        __import__(name)
    assert not any(name == "answerable" or name.startswith("answerable.") for name in sys.modules)
    named = set(sys.argv[1:])
    chosen = [mutant for mutant in MUTANTS if not named or mutant.name in named]
    results = run((unmutated(chosen), *chosen))
    print(json.dumps(results))


if __name__ == "__main__":
    main()
