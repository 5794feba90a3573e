# SPDX-License-Identifier: Apache-2.0
from __future__ import annotations

from pathlib import Path

import pytest

from answerable.upstreams import weights
from tests.unit.cli.conftest import Run


def test_weights_are_listed_by_digest(run: Run) -> None:
    found = run("model", "ls", "--json").data
    assert [each["digest"] for each in found] == [weights.SMOLLM2.digest, weights.E5_SMALL.digest]
    assert {each["state"] for each in found} <= {"missing", "not verified"}


def test_a_changed_file_is_a_no(run: Run, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    wrong = tmp_path / "w"
    wrong.write_bytes(b"not the weights")
    monkeypatch.setattr("answerable.upstreams.weights.locate", lambda _: wrong)
    said = run("model", "ls", "--verify", "--json")
    assert said.status == 1
    assert {each["state"] for each in said.data} == {"WRONG"}
    assert "upstream.weights" in said.err
