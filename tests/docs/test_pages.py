# SPDX-License-Identifier: Apache-2.0
"""House rule 7: docs are executed. Every block of commands in these pages runs, and prints what the page says.

A page runs in the repository with a home of its own (so its demo store is a fresh one) and the machine's caches. Two
things of the reader's stand in its environment: `ARGS`, so that a plain `make run` takes a free port, and a model
server of the reader's own, `MODEL_URL` and `MODEL_NAME`: here a scripted one that speaks OpenAI's protocol on loopback.
"""

from __future__ import annotations

import os
import sys
import tempfile
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import Any

import pytest

from tests.docs.console import OTHER_SHELLS, Session, blocks
from tests.e2e.upstream import Upstream, streamed, whole
from tests.house.tree import ROOT

READMES = ("README.md", "README.zh.md")
GUARD = ROOT / "docs" / "howto" / "run-under-a-guard.md"  # needs namespaces: test_guard.py runs it where there are any
PAGES = [
    *(ROOT / name for name in READMES),
    *sorted((ROOT / "docs").glob("*.md")),
    *(page for page in sorted((ROOT / "docs").glob("howto/*.md")) if page != GUARD),
]


def speaks(request: dict[str, Any]) -> Iterable[bytes]:
    """A model that answers in the language in which it is asked."""
    chinese = any(character >= "\u4e00" for character in str(request["messages"][-1]["content"]))
    words = ("大海", "辽阔而深邃。") if chinese else ("The sea is ", "wide and deep.")
    return streamed(*words) if request.get("stream") else [whole("".join(words))]


@pytest.fixture
def model() -> Iterator[Upstream]:
    upstream = Upstream()
    upstream.answer = speaks
    yield upstream
    upstream.close()


@pytest.fixture
def home() -> Iterator[Path]:
    """With a short name, as a user's is: the path of a Unix socket has 108 bytes at most."""
    with tempfile.TemporaryDirectory(prefix="docs-") as folder:
        yield Path(folder)


def environment(home: Path, model: Upstream) -> dict[str, str]:
    """A user's, with nothing of this test run in it but the caches."""
    kept = {
        k: v for k, v in os.environ.items() if not k.startswith(("PYTEST_", "ANSWERABLE_", "MAKE", "MFLAGS", "XDG_"))
    }
    kept.pop("VIRTUAL_ENV", None)
    cache = os.environ.get("XDG_CACHE_HOME") or str(Path.home() / ".cache")
    path = f"{Path(sys.executable).parent}{os.pathsep}{os.environ['PATH']}"
    own = {"ARGS": "--port 0", "MODEL_URL": model.url, "MODEL_NAME": "my-model"}
    fixed = {"LANG": "C.UTF-8", "COLUMNS": "120", "TZ": "UTC"}
    return {**kept, **own, **fixed, "PATH": path, "HOME": str(home), "XDG_CACHE_HOME": cache}


@pytest.mark.parametrize("page", PAGES, ids=lambda page: str(page.relative_to(ROOT)))
@pytest.mark.timeout(600)
def test_the_commands_of_a_page_do_what_it_says(page: Path, home: Path, model: Upstream) -> None:
    found = blocks(page.read_text(encoding="utf-8"))
    with Session(ROOT, home, environment(home, model)) as session:
        for block in found:
            session.run(block)


@pytest.mark.parametrize("page", PAGES, ids=lambda page: str(page.relative_to(ROOT)))
def test_no_command_stands_outside_a_block_that_is_run(page: Path) -> None:
    assert not OTHER_SHELLS.search(page.read_text(encoding="utf-8")), "fence commands with ```console"


@pytest.mark.parametrize("name", READMES)
def test_a_readme_has_commands(name: str) -> None:
    commands = [step.command for block in blocks((ROOT / name).read_text(encoding="utf-8")) for step in block.steps]
    assert any(command.split()[:2] == ["make", "run"] for command in commands)
    assert "make test" in (ROOT / name).read_text(encoding="utf-8")


def test_the_readmes_run_the_same_commands_up_to_their_language() -> None:
    shapes = [[len(block.steps) for block in blocks((ROOT / name).read_text(encoding="utf-8"))] for name in READMES]
    assert shapes[0] == shapes[1]
