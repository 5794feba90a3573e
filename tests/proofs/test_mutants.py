# SPDX-License-Identifier: Apache-2.0
"""Every documented mutant of the code is caught by the test that is named for it (`mutants.py` is the list)."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest

from tests.proofs.mutants import MUTANTS, Mutant

ROOT = Path(__file__).resolve().parents[2]


@pytest.fixture(scope="module")
def statuses() -> dict[str, int]:
    ran = subprocess.run(
        [sys.executable, "-m", "tests.proofs.mutate"],
        cwd=ROOT,
        env={**os.environ, "CI": "1"},  # derandomised
        capture_output=True,
        timeout=300,
        check=False,
        text=True,
    )
    assert ran.returncode == 0, ran.stderr
    found: dict[str, int] = json.loads(ran.stdout)
    return found


@pytest.mark.timeout(300)
def test_the_tests_pass_over_the_code_as_it_is(statuses: dict[str, int]) -> None:
    assert statuses[""] == 0


@pytest.mark.timeout(300)
@pytest.mark.parametrize("mutant", MUTANTS, ids=lambda mutant: mutant.name)
def test_it_is_caught(mutant: Mutant, statuses: dict[str, int]) -> None:
    """1: its test ran and failed. 0 would be a mutant that lives, anything else one that does not even run."""
    assert statuses[mutant.name] == 1


def test_names_are_unique_and_catchers_exist() -> None:
    assert len({mutant.name for mutant in MUTANTS}) == len(MUTANTS)
    for mutant in MUTANTS:
        file, _, name = mutant.catcher.partition("::")
        text = (ROOT / file).read_text()
        assert not name or f"def {name}(" in text, mutant.catcher
