# SPDX-License-Identifier: Apache-2.0
"""The protocol of a stop, model-checked: `stop.pml` is searched whole, in each configuration, and each wrong variant
must give Spin a counterexample. So must a bound that is one tick shorter: the model reaches its bound. And the other
side of it, `explained.pml`: whom an order does not reach goes on, whenever the control plane dies."""

from __future__ import annotations

import re
import subprocess
from dataclasses import dataclass
from pathlib import Path

import pytest

MODEL = Path(__file__).with_name("stop.pml")
EXPLAINED = Path(__file__).with_name("explained.pml")
LIMIT_S = 90
DEPTH = "100000"

pytestmark = pytest.mark.system("spin", "gcc")


@dataclass(frozen=True, slots=True)
class Search:
    errors: int
    states: int
    violated: str  # the assertion, "" for none
    complete: bool


def search(folder: Path, *defines: str, model: Path = MODEL) -> Search:
    flags = [f"-D{each}" for each in defines]
    subprocess.run(["spin", "-a", *flags, str(model)], cwd=folder, check=True, capture_output=True, timeout=LIMIT_S)
    build = ["gcc", "-w", "-O2", "-DSAFETY", "-DNOCLAIM", "-o", "pan", "pan.c"]
    subprocess.run(build, cwd=folder, check=True, capture_output=True, timeout=LIMIT_S)
    ran = subprocess.run(
        ["./pan", f"-m{DEPTH}", "-w22"], cwd=folder, check=False, capture_output=True, text=True, timeout=LIMIT_S
    )
    said = ran.stdout
    errors, states = re.search(r"errors: (\d+)", said), re.search(r"(\d+) states, stored", said)
    assert errors is not None, said
    assert states is not None, said
    violated = re.search(r"assertion violated (.*) \(at depth", said)
    incomplete = "Search not completed" in said or "max search depth too small" in said or "resource" in said.lower()
    return Search(int(errors[1]), int(states[1]), violated[1] if violated else "", not incomplete)


@pytest.mark.parametrize(("clocks", "least"), [("SYNCED", 200_000), ("MONOTONIC", 50_000)])
def test_nothing_is_admitted_after_the_bound(tmp_path: Path, clocks: str, least: int) -> None:
    found = search(tmp_path, clocks)
    assert (found.errors, found.complete) == (0, True)
    assert found.states > least  # a model that stands still would prove anything


@pytest.mark.parametrize("clocks", ["SYNCED", "MONOTONIC"])
def test_a_sink_that_checks_holds_for_processes_that_were_frozen(tmp_path: Path, clocks: str) -> None:
    found = search(tmp_path, clocks, "FROZEN", "SINK")
    assert (found.errors, found.complete) == (0, True)


@pytest.mark.parametrize(("clocks", "right"), [("SYNCED", 5), ("MONOTONIC", 4)])
def test_the_bound_is_reached(tmp_path: Path, clocks: str, right: int) -> None:
    found = search(tmp_path, clocks, f"BOUND={right - 1}")
    assert found.errors == 1
    assert "now<" in found.violated


@pytest.mark.parametrize(
    ("clocks", "variant"),
    [
        ("MONOTONIC", "STALE_ISSUER"),
        ("MONOTONIC", "REPLAY"),
        ("MONOTONIC", "NO_NESTING"),
        ("SYNCED", "NO_NESTING"),
        ("SYNCED", "OR"),
        ("SYNCED", "NO_ROOT"),
        ("MONOTONIC", "NO_RECHECK"),
        ("SYNCED", "NO_RECHECK"),
        ("MONOTONIC", "FROZEN"),
    ],
)
def test_a_wrong_variant_has_a_counterexample(tmp_path: Path, clocks: str, variant: str) -> None:
    found = search(tmp_path, clocks, variant)
    assert found.errors == 1
    assert "now<" in found.violated


def test_whom_an_order_does_not_reach_goes_on_whenever_the_control_plane_dies(tmp_path: Path) -> None:
    found = search(tmp_path, model=EXPLAINED)
    assert (found.errors, found.complete) == (0, True)
    assert found.states > 1_000


@pytest.mark.parametrize("variant", ["NO_ORDERS", "NO_HANDING", "NO_WAITING"])
def test_each_part_of_the_explanation_is_needed(tmp_path: Path, variant: str) -> None:
    found = search(tmp_path, variant, model=EXPLAINED)
    assert found.errors == 1
    assert "any(0)" in found.violated or "now<" in found.violated
