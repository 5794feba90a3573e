# SPDX-License-Identifier: Apache-2.0
"""`tools/uv` takes what pip was told, from whichever of pip's files says it, where uv was told nothing."""

from __future__ import annotations

import subprocess
from pathlib import Path

import pytest

from tests.house.tree import ROOT

# Stands for the environment's Python: says what pip's files say, and what uv would be started with.
PYTHON = """#!/bin/sh
case "$*" in
  "-m pip config list") cat "${0%/*}/told" ;;
  "-m uv "*) echo "$*|${UV_DEFAULT_INDEX:-}|${SSL_CERT_FILE:-}" ;;
esac
"""


def started(folder: Path, told: str, **environment: str) -> list[str]:
    (folder / "bin").mkdir()
    python = folder / "bin" / "python"
    python.write_text(PYTHON)
    python.chmod(0o755)
    (folder / "bin" / "told").write_text(told)
    done = subprocess.run(
        [ROOT / "tools" / "uv", "pip", "list"],
        env={"PATH": "/usr/bin:/bin", "VENV": str(folder), **environment},
        capture_output=True,
        text=True,
        timeout=30,
        check=True,
    )
    return done.stdout.strip().split("|")


@pytest.mark.parametrize(
    ("told", "environment", "expected"),
    [
        ("", {}, ["", ""]),
        ("global.cert='/a b/c'\nglobal.index-url='http://m.invalid'\n", {}, ["http://m.invalid", "/a b/c"]),
        ("global.cert='/one.pem'\nglobal.cert='/two.pem'\n", {}, ["", "/two.pem"]),
        ("global.cert='/one.pem'\n", {"PIP_CERT": "/mine.pem"}, ["", "/mine.pem"]),
        ("global.cert='/one.pem'\n", {"SSL_CERT_FILE": "/uv.pem"}, ["", "/uv.pem"]),
        ("global.index-url='http://m.invalid'\n", {"UV_DEFAULT_INDEX": "http://o.invalid"}, ["http://o.invalid", ""]),
    ],
)  # fmt: skip
def test_what_pip_was_told(tmp_path: Path, told: str, environment: dict[str, str], expected: list[str]) -> None:
    assert started(tmp_path, told, **environment) == ["-m uv pip list", *expected]
