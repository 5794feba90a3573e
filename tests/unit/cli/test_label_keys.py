# SPDX-License-Identifier: Apache-2.0
from __future__ import annotations

from pathlib import Path

import pytest

from answerable.labels.identity import ALGORITHMS, load_key
from answerable.marks import pins
from answerable.marks.signature import public_info
from tests.unit.cli.conftest import Run


@pytest.mark.parametrize("algorithm", list(ALGORITHMS))
def test_a_key_of_each_algorithm_and_the_line_that_pins_it(run: Run, tmp_path: Path, algorithm: str) -> None:
    path = tmp_path / "label.key"
    words = ("keys", "label", str(path), "--algorithm", algorithm)
    said = run(*words, "--party", "NTRCN-91350100M000100Y43", "--json")
    assert said.status == 0
    key = load_key(path)
    assert said.data["public"] == public_info(key).hex()
    assert pins.parse(said.data["pin"].encode()) == {public_info(key): "NTRCN-91350100M000100Y43"}
    again = run(*words)
    assert (again.status != 0, "log.key" in again.err) == (True, True)
    assert load_key(path).public == key.public


def test_without_a_party_nothing_is_pinned(run: Run, tmp_path: Path) -> None:
    said = run("keys", "label", str(tmp_path / "k.key"))
    assert str(tmp_path / "k.key") in said.out
