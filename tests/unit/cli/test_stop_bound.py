# SPDX-License-Identifier: Apache-2.0
from __future__ import annotations

import re

import msgspec

from answerable.admission.bound import ANYWHERE, SAME_HOST, bound_of
from answerable.admission.ttl import CLASSES
from answerable.cli.stop_bound import bound_lines, s
from tests.unit.cli.conftest import Run
from tests.unit.control.house import House

TERMS = {
    "view": 250, "error": 0, "error_elsewhere": 1_000, "drift_ppm": 200, "recheck": 1_000, "settle": 0, "pulse": 0,
}  # fmt: skip


def seen(**changed: object) -> dict[str, object]:
    held = []
    for row in CLASSES:
        here, far = bound_of(row), bound_of(row, ANYWHERE)
        held.append(
            {
                "name": row.name, "name_zh": row.zh, "systems": 1, "copies": 2, "life": here.ttl,
                "synced": here.synced, "monotonic": here.monotonic, "admission": here.admission,
                "effects": here.effects, "elsewhere": far.admission, "elsewhere_effects": far.effects,
            }
        )  # fmt: skip
    return {"bound": 62_250, "bounds": held, "sites": [], "terms": TERMS, **changed}


def test_every_class_is_said_with_its_sum() -> None:
    lines = bound_lines(seen())
    text = "\n".join(lines)
    assert lines[0].startswith("No action of theirs is admitted later than 62.25 s")
    for row in CLASSES:
        here, far = bound_of(row), bound_of(row, ANYWHERE)
        assert f"  {row.name}: 1 systems, 2 copies, <= {s(here.admission)} on this host, <= {s(far.admission)}" in text
        assert f"0.25 s + {s(row.default_ms)} + 0 s + 0 s = {s(here.synced)} (others: e = 1 s)" in text
        assert f"D + TTL/(1 - rho) = {s(here.monotonic)}" in text
    assert "rho = 200 ppm, delta = 1 s" in text
    assert "S = 0 s" in text
    assert "pulse" not in text
    assert "on-site" not in text


def test_the_sums_add_up() -> None:
    for line in bound_lines(seen()):
        if found := re.search(r"= ([\d.]+) s \+ ([\d.]+) s \+ ([\d.]+) s \+ ([\d.]+) s = ([\d.]+) s", line):
            *parts, whole = map(float, found.groups())
            assert abs(sum(parts) - whole) < 1e-9, line


def test_an_envelope_and_a_pulse() -> None:
    site = {"site": "spiffe://x/onsite/tunnel", "system": "cart", "expires": 1_763_782_764_123, "admission": 3_602_361}
    text = "\n".join(bound_lines(seen(sites=[site], terms={**TERMS, "pulse": 15_000})))
    assert "on-site issuer spiffe://x/onsite/tunnel (cart): its envelope ends at " in text
    assert "<= 3602.361 s" in text
    assert "pulse: valid_for 15 s" in text


def test_without_a_system_a_dry_run_says_the_bound_of_every_class(house: House, run: Run) -> None:
    said = run("stop", "--dry-run")
    assert said.status == 0
    for row in CLASSES:
        here, far = bound_of(row), bound_of(row, ANYWHERE)
        assert f"  {row.name}: <= {s(here.admission)} on this host, <= {s(far.admission)} on others" in said.out
        assert f"+ {s(row.default_ms)} + 0 s + 0 s = {s(here.synced)} (others: e = 1 s)" in said.out
    assert "rho = 200 ppm" in said.out
    told = run("stop", "--dry-run", "--json").data
    assert [held["admission"] for held in told["bounds"]] == [bound_of(row).admission for row in CLASSES]
    assert run("stop").status == 2, "an order without a system is none"


def test_a_dry_run_says_it(house: House, run: Run) -> None:
    said = run("stop", "base", "--reason", "x", "--dry-run")
    assert said.status == 0
    assert f"<= {s(bound_of(CLASSES[0]).admission)} on this host" in said.out
    told = run("stop", "base", "--reason", "x", "--dry-run", "--json").data
    assert told["terms"] == {**msgspec.to_builtins(TERMS), "view": SAME_HOST.view_ms}
    assert told["bound"] == max(held["elsewhere"] for held in told["bounds"])
