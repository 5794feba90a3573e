# SPDX-License-Identifier: Apache-2.0
"""The command beside a service stands in tests/e2e/test_damage.py; here its words."""

from __future__ import annotations

from pathlib import Path

import pytest

from answerable.cli.log_fsck import lines
from answerable.errors import Unavailable
from answerable.sequencer.audit import Audit
from tests.damaged import Place
from tests.unit.cli.conftest import Run
from tests.whole_life import whole_life

SIZE = len(whole_life().leaves)


def test_a_store_that_is_sound_and_one_that_is_not(tmp_path: Path, run: Run) -> None:
    place = Place(tmp_path)
    place.grow(whole_life().units)
    said = run("log", "fsck", "--store", str(place.path), "--json")
    assert (said.status, said.data["sound"], said.data["size"]) == (0, True, SIZE)
    assert run("log", "fsck", "--store", str(place.path), "--no-payloads").out.endswith("Nothing is wrong.\n")
    (place.guard / "published").unlink()
    said = run("log", "fsck", "--store", str(place.path), "--no-state", "--json")
    assert (said.status, said.data["found"]) == (1, {"store.unguarded": 1})
    assert said.data["findings"][0]["remedy"]


def test_a_remedy_is_told_once_and_what_is_left_out_is_counted(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("ANSWERABLE_LANG", "en")
    found = Audit(size=9, root=bytes(32))
    for index in range(70):
        found.add(Unavailable("audit.unreadable", index=index, detail="store.damaged"))
    said = list(lines(found))
    assert sum(line.startswith("  →") for line in said) == 1
    assert "audit.unreadable: 20 more" in said
    assert "Nothing is wrong." not in said
