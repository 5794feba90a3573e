# SPDX-License-Identifier: Apache-2.0
"""docs/howto/run-under-a-guard.md does what it says: its commands are run, its unit is checked, and a guard runs with
the capabilities of its container recipe."""

from __future__ import annotations

import os
import re
import shutil
import subprocess
import sys
import tempfile
from pathlib import Path

import pytest

from tests.docs.console import OTHER_SHELLS, Session, blocks
from tests.guarded import floor
from tests.house.tree import ROOT

PAGE = (ROOT / "docs" / "howto" / "run-under-a-guard.md").read_text(encoding="utf-8")
INSIDE = """
import os, time
from answerable.guard import enclosure, primitives
from answerable.guard.cage import Cage
from answerable.guard.lease import mono_ms
chosen = primitives.choose(primitives.look(), ())
cage = Cage.make(enclosure.Enclosure(chosen, cwd=".", temp=".", user=enclosure.user("nobody")))
program = "trap 'exit 9' TERM; id -u; while :; do sleep 0.05; done"
cage.start(["sh", "-c", program], os.environ, mono_ms() + 9_000)
time.sleep(0.5)
cage.signal(15)
while not cage.hear().gone:
    time.sleep(0.01)
print(cage.status)
cage.close()
"""
only_root = pytest.mark.skipif(os.getuid() != 0, reason="the page is for root, as whom all parts are there")


@only_root
@pytest.mark.system("guard", "curl")
def test_the_page() -> None:
    assert not OTHER_SHELLS.search(PAGE)
    kept = {k: v for k, v in os.environ.items() if not k.startswith(("PYTEST_", "ANSWERABLE_", "XDG_"))}
    with tempfile.TemporaryDirectory(prefix="docs-") as folder:
        home = Path(folder)
        fixed = {"HOME": folder, "LANG": "C.UTF-8", "COLUMNS": "120", "TZ": "UTC"}
        path = f"{Path(sys.executable).parent}{os.pathsep}{os.environ['PATH']}"
        with Session(home, home, {**kept, **fixed, "PATH": path}) as session:
            for block in blocks(PAGE):
                session.run(block)


@pytest.mark.skipif(shutil.which("systemd-analyze") is None, reason="no systemd here")
def test_systemd_reads_the_unit() -> None:
    found = re.search(r"```ini\n(# .*?)```", PAGE, re.DOTALL)
    assert found is not None
    true = shutil.which("true")
    assert true is not None
    # Its program and folders are not on this machine; all else is as it stands in the page.
    text = found[1].replace("/usr/bin/answerable", true)
    with tempfile.TemporaryDirectory() as folder:
        unit = Path(folder) / "guard@agent.service"
        unit.write_text(text)
        done = subprocess.run(
            ["systemd-analyze", "verify", "--man=no", str(unit)],
            capture_output=True,
            text=True,
            timeout=60,
            check=False,
        )
        complaints = [line for line in done.stderr.splitlines() if "guard@" in line]
        assert complaints == [], done.stderr


@only_root
@pytest.mark.system("guard", "setpriv")
def test_the_containers_capabilities_are_enough() -> None:
    found = re.search(r"--cap-add (\S+)", PAGE)
    assert found is not None
    bounding = ",".join(["-all", *(f"+{name}" for name in found[1].split(","))])
    like = ["unshare", "--mount", "--pid", "--fork", "--uts", "--ipc", "--cgroup", "--mount-proc"]
    drop = ["setpriv", f"--bounding-set={bounding}", "--inh-caps=-all"]
    with floor() as here:
        done = subprocess.run(
            [*like, *drop, sys.executable, "-c", INSIDE],
            cwd=here,
            capture_output=True,
            text=True,
            timeout=60,
            check=False,
        )
    assert done.stdout.split() == ["65534", "9"], done.stderr
