# SPDX-License-Identifier: Apache-2.0
"""House rule 7: the reference pages are what the code says, and the same code gives the same pages."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest

from tests.house.tree import ROOT
from tools import reference


def test_the_committed_pages_are_what_the_code_says() -> None:
    assert not reference.stale(ROOT / "docs" / "reference"), "run `make reference`"


def test_the_pages_do_not_depend_on_the_process(tmp_path: Path) -> None:
    texts = []
    for seed in ("1", "2"):
        out = tmp_path / seed
        subprocess.run(
            [sys.executable, "-m", "tools.reference", "--out", str(out)],
            cwd=ROOT,
            env={**os.environ, "PYTHONHASHSEED": seed},
            timeout=60,
            check=True,
        )
        texts.append({name: (out / name).read_bytes() for name in reference.PAGES})
    assert texts[0] == texts[1]


def test_check_names_a_stale_a_missing_and_an_unknown_page(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert reference.main(["--out", str(tmp_path)]) == 0
    assert reference.main(["--check", "--out", str(tmp_path)]) == 0
    (tmp_path / "errors.md").write_text("old\n", encoding="utf-8")
    (tmp_path / "ports.md").unlink()
    (tmp_path / "forgotten.md").touch()
    assert reference.main(["--check", "--out", str(tmp_path)]) == 1
    said = capsys.readouterr().err
    assert all(page in said for page in ("errors.md", "ports.md", "forgotten.md"))
    assert "settings.md" not in said


def test_each_setting_has_its_variable_and_default() -> None:
    page = reference.settings()
    assert "| `port` | `int` | `8400` | `ANSWERABLE_GATEWAY_PORT` |" in page


def test_each_port_is_there_with_its_contract() -> None:
    page = reference.ports()
    assert "## Ledger" in page
    assert "`async def commit(self, unit: Unit) -> Committed`" in page
