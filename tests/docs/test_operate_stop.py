# SPDX-License-Identifier: Apache-2.0
"""docs/operate/stop.md does what it says: the whole night is gone through, on a demo with its real local model."""

from __future__ import annotations

import os
import sys
import tempfile
from pathlib import Path

import pytest

from tests.docs.console import OTHER_SHELLS, Session, blocks
from tests.house.tree import ROOT

PAGE = ROOT / "docs" / "operate" / "stop.md"


@pytest.mark.model
@pytest.mark.timeout(400)
def test_the_page() -> None:
    text = PAGE.read_text(encoding="utf-8")
    assert not OTHER_SHELLS.search(text)
    kept = {k: v for k, v in os.environ.items() if not k.startswith(("PYTEST_", "ANSWERABLE_", "XDG_"))}
    cache = os.environ.get("XDG_CACHE_HOME") or str(Path.home() / ".cache")
    with tempfile.TemporaryDirectory(prefix="docs-") as folder:
        own = {"HOME": folder, "XDG_CACHE_HOME": cache, "LANG": "C.UTF-8", "COLUMNS": "120", "TZ": "UTC"}
        path = f"{Path(sys.executable).parent}{os.pathsep}{os.environ['PATH']}"
        with Session(Path(folder), Path(folder), {**kept, **own, "PATH": path}) as session:
            for block in blocks(text):
                session.run(block)
