# SPDX-License-Identifier: Apache-2.0
"""What it does stands in tests/unit/app/test_backup.py; here the command and its words."""

from __future__ import annotations

from pathlib import Path

from tests.unit.cli.conftest import Run
from tests.unit.control.house import House


def test_beside_a_service(house: House, run: Run, tmp_path: Path) -> None:
    said = run("log", "backup", str(tmp_path / "copy"))
    assert said.status == 0, said.out
    assert "The keys are not in it" in said.out
    assert (tmp_path / "copy" / "log.db").exists()
    told = run("log", "backup", str(tmp_path / "safe"), "--keys", "--json")
    assert told.data["keys"] is True
    assert (tmp_path / "safe" / "keys" / "log.key").stat().st_mode & 0o077 == 0
