# SPDX-License-Identifier: Apache-2.0
from __future__ import annotations

import subprocess
import sys


def test_the_module_runs_as_the_script_does() -> None:
    done = subprocess.run(
        [sys.executable, "-m", "answerable.cli", "--version"], capture_output=True, text=True, timeout=30, check=True
    )
    assert done.stdout.strip() == "0.1.0"
    none = subprocess.run([sys.executable, "-m", "answerable.cli"], capture_output=True, timeout=30, check=False)
    assert none.returncode == 2
