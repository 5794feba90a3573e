# SPDX-License-Identifier: Apache-2.0
"""docs/operate/log.md does what it says: every procedure is run, on stores that are really damaged.

In the place of systemd, which no test has, stand two small programs of the same names that start, stop and show the
service.
"""

from __future__ import annotations

import os
import signal
import sys
import tempfile
from pathlib import Path

import pytest

from answerable.registry.ids import unassigned_lei
from tests.docs.console import OTHER_SHELLS, Session, blocks
from tests.house.tree import ROOT

PAGE = ROOT / "docs" / "operate" / "log.md"
SYSTEMCTL = """#!/bin/bash
case $2 in
start)
    : > ~/journal
    setsid answerable serve --port 0 > /dev/null 2>> ~/journal < /dev/null & echo $! > ~/pid
    for _ in $(seq 300); do grep -q control ~/journal && exit 0; kill -0 $! || exit 1; sleep 0.1; done; exit 1;;
stop)
    pid=$(cat ~/pid); rm ~/pid; kill -INT "$pid"
    for _ in $(seq 300); do kill -0 "$pid" 2> /dev/null || exit 0; sleep 0.1; done; exit 1;;
esac
"""
JOURNALCTL = "#!/bin/bash\ncat ~/journal\n"


@pytest.mark.timeout(300)
def test_the_page() -> None:
    text = PAGE.read_text(encoding="utf-8")
    assert not OTHER_SHELLS.search(text)
    kept = {k: v for k, v in os.environ.items() if not k.startswith(("PYTEST_", "ANSWERABLE_", "XDG_"))}
    with tempfile.TemporaryDirectory(prefix="docs-") as folder:
        home = Path(folder)
        own = {"OPERATOR": unassigned_lei("log"), "HOME": folder, "LANG": "C.UTF-8", "COLUMNS": "120", "TZ": "UTC"}
        tools = home / "bin"
        tools.mkdir()
        for name, script in (("systemctl", SYSTEMCTL), ("journalctl", JOURNALCTL)):
            (tools / name).write_text(script)
            (tools / name).chmod(0o755)
        path = f"{tools}{os.pathsep}{Path(sys.executable).parent}{os.pathsep}{os.environ['PATH']}"
        try:
            with Session(home, home, {**kept, **own, "PATH": path}) as session:
                for block in blocks(text):
                    session.run(block)
        finally:
            if (home / "pid").exists():
                os.kill(int((home / "pid").read_text()), signal.SIGKILL)
