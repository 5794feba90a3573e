# SPDX-License-Identifier: Apache-2.0
"""The benchmark of decisions compares what says the same, and a folder's decision is cheaper than text each time."""

from __future__ import annotations

from benchmarks.policy import SIZES, cases, measure, rules, table


def test_it_measures_every_way_beside_its_peer() -> None:
    found = measure(0.05)
    names = [row["name"] for row in found["rows"]]
    assert names[:3] == ["kernel", "kernel, facts made anew", "kernel and domain"]
    assert len(names) == 3 + 2 * len(SIZES)
    assert all(row["cpu_us"] > 0 for row in found["rows"])
    assert all(ratio > 1 for ratio in found["text_over_handles"].values())
    assert "times as much CPU" in table(found)


def test_some_of_its_cases_are_refused_by_the_folder() -> None:
    assert rules(10).count("@id") == 10
    assert {each.facts.effect.value for each in cases()} >= {"read", "write", "irreversible", "none"}
