# SPDX-License-Identifier: Apache-2.0
"""House rule 7: docs are executed. Every block of commands in these pages runs, and prints what the page says.

A page runs in the repository with a home of its own (so its demo store is a fresh one) and the machine's caches.
"""

from __future__ import annotations

import os
import sys
from pathlib import Path

import pytest

from tests.docs.console import OTHER_SHELLS, Session, blocks
from tests.house.tree import ROOT

READMES = ("README.md", "README.zh.md")
PAGES = (
    [ROOT / name for name in READMES]
    + sorted((ROOT / "docs").glob("*.md"))
    + sorted((ROOT / "docs").glob("howto/*.md"))
)


def environment(home: Path) -> dict[str, str]:
    """A user's, with nothing of this test run in it but the caches."""
    kept = {
        k: v for k, v in os.environ.items() if not k.startswith(("PYTEST_", "ANSWERABLE_", "MAKE", "MFLAGS", "XDG_"))
    }
    kept.pop("VIRTUAL_ENV", None)
    cache = os.environ.get("XDG_CACHE_HOME") or str(Path.home() / ".cache")
    path = f"{Path(sys.executable).parent}{os.pathsep}{os.environ['PATH']}"
    return {**kept, "PATH": path, "HOME": str(home), "XDG_CACHE_HOME": cache, "LANG": "C.UTF-8", "COLUMNS": "120"}


@pytest.mark.parametrize("page", PAGES, ids=lambda page: str(page.relative_to(ROOT)))
@pytest.mark.timeout(600)
def test_the_commands_of_a_page_do_what_it_says(page: Path, tmp_path: Path) -> None:
    found = blocks(page.read_text(encoding="utf-8"))
    with Session(ROOT, tmp_path / "home", environment(tmp_path / "home")) as session:
        for block in found:
            session.run(block)


@pytest.mark.parametrize("page", PAGES, ids=lambda page: str(page.relative_to(ROOT)))
def test_no_command_stands_outside_a_block_that_is_run(page: Path) -> None:
    assert not OTHER_SHELLS.search(page.read_text(encoding="utf-8")), "fence commands with ```console"


@pytest.mark.parametrize("name", READMES)
def test_a_readme_has_commands(name: str) -> None:
    commands = [step.command for block in blocks((ROOT / name).read_text(encoding="utf-8")) for step in block.steps]
    assert "make run" in commands
    assert "make test" in (ROOT / name).read_text(encoding="utf-8")


def test_the_readmes_run_the_same_commands_up_to_their_language() -> None:
    shapes = [[len(block.steps) for block in blocks((ROOT / name).read_text(encoding="utf-8"))] for name in READMES]
    assert shapes[0] == shapes[1]
