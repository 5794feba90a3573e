# SPDX-License-Identifier: Apache-2.0
"""What it does stands in tests/unit/app/test_rebuild.py; here the command and its words."""

from __future__ import annotations

import shutil
from pathlib import Path

from tests.damaged import Place
from tests.unit.cli.conftest import Run
from tests.whole_life import whole_life

SIZE = len(whole_life().leaves)


def test_a_lost_log_from_a_mirror(tmp_path: Path, run: Run) -> None:
    place = Place(tmp_path)
    place.grow(whole_life().units)
    mirror = place.mirror()
    shutil.copytree(place.path, tmp_path / "backup")
    place.lose_log()
    store = ("--store", str(place.path))
    refused = run("log", "rebuild", *store, "--json")
    assert (refused.status, refused.data["error"]["code"]) == (4, "rebuild.nothing")
    told = run("log", "rebuild", "--from", mirror, "--backup", str(tmp_path / "backup"), *store, "--json")
    assert told.status == 0, told.out
    assert (told.data["size"], told.data["given_up"], told.data["aside"]) == (SIZE, 0, "")
    again = run("log", "rebuild", *store)
    assert "damaged-1" in again.out
    assert "Next: answerable log fsck" in again.out
    assert run("log", "fsck", *store).status == 0
