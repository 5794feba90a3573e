# SPDX-License-Identifier: Apache-2.0
"""docs/operate/{gateways,drills,recovery}.md do what they say: their commands are run, with processes over loopback."""

from __future__ import annotations

import os
import sys
import tempfile
from pathlib import Path

import pytest

from answerable.registry.ids import unassigned_lei
from tests.docs.console import OTHER_SHELLS, Session, blocks
from tests.docs.test_operate import free_port
from tests.house.tree import ROOT


@pytest.mark.timeout(300)
@pytest.mark.parametrize("page", ["gateways", "drills", "recovery"])
def test_the_page(page: str) -> None:
    text = (ROOT / "docs" / "operate" / f"{page}.md").read_text(encoding="utf-8")
    assert not OTHER_SHELLS.search(text)
    kept = {k: v for k, v in os.environ.items() if not k.startswith(("PYTEST_", "ANSWERABLE_", "XDG_"))}
    with tempfile.TemporaryDirectory(prefix="docs-") as folder:
        home = Path(folder)
        own = {"PLANE_PORT": str(free_port()), "OPERATOR": unassigned_lei(page)}
        fixed = {"HOME": folder, "LANG": "C.UTF-8", "COLUMNS": "120", "TZ": "UTC"}
        path = f"{Path(sys.executable).parent}{os.pathsep}{os.environ['PATH']}"
        with Session(home, home, {**kept, **own, **fixed, "PATH": path}) as session:
            for block in blocks(text):
                session.run(block)
