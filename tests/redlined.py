# SPDX-License-Identifier: Apache-2.0
"""Telling events to a house (`tests.unit.control.house`), and waiting for what comes of them."""

from __future__ import annotations

import time
from typing import Any

import msgspec

from answerable.admission.reports import make
from answerable.crypto.ed25519 import Key

WAIT_S = 10.0


def report(house: Any, fact: Any, system: str, by: str, key: Key, *, copy: str = "", at: int = 0) -> Any:
    """A signed report as JSON. system: a name; by, copy: rids."""
    made = make(
        fact, system=house.system(system).rid, by=by, origin=house.core.origin, key=key,
        at=at or time.time_ns() // 1_000_000, copy=copy,
    )  # fmt: skip
    return msgspec.to_builtins(made)


def tell(house: Any, fact: Any, system: str, by: str, key: Key, **more: Any) -> Any:
    return house.post("/events", report(house, fact, system, by, key, **more))


def told_by(house: Any, fact: Any, system: str, person: str) -> Any:
    who = house.person(person)
    return tell(house, fact, system, who.kid, who.key)


def incident(house: Any, evidence: str) -> Any:
    """The incident that this event brought about, waited for."""
    until = time.monotonic() + WAIT_S
    while time.monotonic() < until:
        for each in house.get("/incidents", all="1"):
            if evidence in each["incident"]["evidence"]:
                return each["incident"]
        time.sleep(0.05)
    raise AssertionError(f"nothing came of {evidence}")


def nothing_of(house: Any, evidence: str) -> bool:
    """Whether nothing came of it although everything was looked at."""
    house.run(house.red_lines.watching.turn())
    return not any(evidence in each["incident"]["evidence"] for each in house.get("/incidents", all="1"))
