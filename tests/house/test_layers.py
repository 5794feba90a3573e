# SPDX-License-Identifier: Apache-2.0
"""A planted import against each arrow of the layers fails lint, and names the import."""

from __future__ import annotations

import os
import re
import shutil
import subprocess
import sys
import tomllib
from itertools import pairwise
from pathlib import Path

import pytest

from tests.house.tree import ROOT, modules, room

IGNORED = shutil.ignore_patterns("__pycache__")


def layers() -> list[list[str]]:
    """From the top: the rooms of each layer that exist."""
    settings = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["tool"]["importlinter"]
    contract = next(c for c in settings["contracts"] if c["id"] == "layers")
    there = {room(path) for path in modules()}
    rows = [[item.strip(" ()") for item in line.split("|")] for line in contract["layers"]]
    return [row for row in ([item for item in row if item in there] for row in rows) if row]


def arrows() -> list[tuple[str, str]]:
    """(importer, imported): each room of a layer upwards to the next layer's first, and between neighbours."""
    rows = layers()
    upwards = [(lower, upper[0]) for upper, below in pairwise(rows) for lower in below]
    sideways = [pair for row in rows for one, other in pairwise(row) for pair in ((one, other), (other, one))]
    return upwards + sideways


@pytest.fixture(scope="module")
def report(tmp_path_factory: pytest.TempPathFactory) -> str:
    """What lint says of a copy of the tree in which every arrow is planted against."""
    copy = tmp_path_factory.mktemp("planted")
    shutil.copytree(ROOT / "src", copy / "src", ignore=IGNORED)
    shutil.copy(ROOT / "pyproject.toml", copy)
    for importer, imported in arrows():
        home = copy / "src" / "answerable" / importer
        file = home / "__init__.py" if home.is_dir() else home.with_suffix(".py")
        with file.open("a", encoding="utf-8") as text:
            text.write(f"\nfrom answerable import {imported} as planted_{imported}\n")
    file = copy / "src" / "answerable" / "log" / "__init__.py"
    file.write_text(file.read_text(encoding="utf-8") + "\nimport cryptography\nimport socket\n", encoding="utf-8")
    (copy / "src" / "answerable" / "unnamed_room").mkdir()
    (copy / "src" / "answerable" / "unnamed_room" / "__init__.py").touch()
    done = lint(copy)
    assert done.returncode == 1, done.stdout + done.stderr
    return done.stdout


def lint(tree: Path) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [Path(sys.executable).with_name("lint-imports"), "--no-logo", "--no-cache"],
        cwd=tree,
        env={**os.environ, "PYTHONPATH": str(tree / "src"), "COLUMNS": "200"},
        capture_output=True,
        text=True,
        timeout=110,
        check=False,
    )


@pytest.mark.parametrize(("importer", "imported"), arrows())
def test_a_planted_import_is_named(report: str, importer: str, imported: str) -> None:
    assert re.search(rf"answerable\.{importer} -> answerable\.{imported} \(l\.\d+\)", report), report


def test_a_planted_library_is_named(report: str) -> None:
    assert re.search(r"answerable\.log -> cryptography \(l\.\d+\)", report)
    assert re.search(r"answerable\.log -> socket \(l\.\d+\)", report)


def test_a_room_without_a_layer_is_named(report: str) -> None:
    assert "unnamed_room" in report
