# SPDX-License-Identifier: Apache-2.0
"""A full disk: actions are refused, a stop order is written, and all goes on when there is space again."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]


@pytest.mark.system("unshare")
def test_a_full_disk_keeps_nobody_from_stopping(tmp_path: Path) -> None:
    script = 'mount -t tmpfs -o size=12m none "$1" && exec "$2" -m tests.faults.filler "$1"'
    done = subprocess.run(
        ["unshare", "--map-root-user", "--mount", "sh", "-c", script, "sh", str(tmp_path), sys.executable],
        cwd=ROOT,
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    result = json.loads(done.stdout)
    assert result["before"] == "written"
    assert "log.stopped {'detail': 'store.full'}" in result["actions"], result
    assert result["stop"] == "written", (result, done.stderr)
    assert result["after"] == "written", result
    assert result["sound"] is True
