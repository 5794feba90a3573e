# SPDX-License-Identifier: Apache-2.0
"""docs/operate/{publish,witnesses}.md do what they say: their commands are run, with processes over loopback."""

from __future__ import annotations

import os
import socket
import sys
import tempfile
from pathlib import Path

import pytest

from answerable.registry.ids import unassigned_lei
from tests.docs.console import OTHER_SHELLS, Session, blocks
from tests.house.tree import ROOT


def free_port() -> int:
    with socket.socket() as sock:
        sock.bind(("127.0.0.1", 0))
        return int(sock.getsockname()[1])


@pytest.mark.timeout(300)
@pytest.mark.parametrize(("page", "port"), [("publish", "LOG_PORT"), ("witnesses", "WITNESS_PORT")])
def test_the_page(page: str, port: str) -> None:
    text = (ROOT / "docs" / "operate" / f"{page}.md").read_text(encoding="utf-8")
    assert not OTHER_SHELLS.search(text)
    kept = {k: v for k, v in os.environ.items() if not k.startswith(("PYTEST_", "ANSWERABLE_", "XDG_"))}
    with tempfile.TemporaryDirectory(prefix="docs-") as folder:
        home = Path(folder)
        own = {port: str(free_port()), "OPERATOR": unassigned_lei(page)}
        fixed = {"HOME": folder, "LANG": "C.UTF-8", "COLUMNS": "120", "TZ": "UTC"}
        path = f"{Path(sys.executable).parent}{os.pathsep}{os.environ['PATH']}"
        with Session(home, home, {**kept, **own, **fixed, "PATH": path}) as session:
            for block in blocks(text):
                session.run(block)
