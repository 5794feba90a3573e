# SPDX-License-Identifier: Apache-2.0
"""What is kept until which day."""

from __future__ import annotations

from answerable.model.units import Payload, Unit
from answerable.stores.days import DAY_MS, LASTING_DAY, by_day

SALT = b"s" * 32


def _days(*payloads: tuple[str, str, int]) -> dict[str, int]:
    """Day of each group. payloads: rid, group, expiry in ms."""
    unit = Unit(payloads=tuple(Payload(rid, group, SALT, b"b", (), expires) for rid, group, expires in payloads))
    found = by_day([unit], 30 * DAY_MS + 5)
    return {f"{each.rid}/{each.group}": day for day, kept in found.items() for each in kept}


def test_what_says_nothing_is_kept_as_long_as_the_store_says() -> None:
    assert _days(("a", "in", 0), ("a", "out", 9 * DAY_MS), ("b", "in", 3)) == {"a/in": 30, "a/out": 9, "b/in": 1}


def test_why_people_acted_lasts() -> None:
    assert _days(("a", "reason", 9 * DAY_MS), ("a", "in", 0)) == {"a/reason": LASTING_DAY, "a/in": 30}


def test_the_key_of_a_call_goes_with_what_its_leaf_hides() -> None:
    assert _days(("a", "in", 0), ("a", "ctx", DAY_MS)) == {"a/in": 30, "a/ctx": 30}
    assert _days(("a", "in", 0), ("a", "pri", 0), ("a", "ctx", DAY_MS)) == {"a/in": 30, "a/pri": 30, "a/ctx": 30}


def test_the_key_of_a_call_is_kept_as_long_as_it_is_needed() -> None:
    assert _days(("a", "in", 2 * DAY_MS), ("a", "ctx", 9 * DAY_MS)) == {"a/in": 2, "a/ctx": 9}
    assert _days(("a", "ctx", 9 * DAY_MS)) == {"a/ctx": 9}


def test_nothing_else_is_kept_longer_than_it_says() -> None:
    assert _days(("a", "in", 9 * DAY_MS), ("a", "out", DAY_MS)) == {"a/in": 9, "a/out": 1}
    assert _days(("a", "in", 9 * DAY_MS), ("b", "ctx", DAY_MS)) == {"a/in": 9, "b/ctx": 1}  # another leaf's
    assert _days(("a", "reason", 0), ("a", "ctx", DAY_MS)) == {"a/reason": LASTING_DAY, "a/ctx": 1}
    units = [Unit(payloads=(Payload("a", "in", SALT, b"b"),)), Unit(payloads=(Payload("a", "ctx", SALT, b"b", (), 1),))]
    assert [*by_day(units, 30 * DAY_MS)] == [30, 1]
