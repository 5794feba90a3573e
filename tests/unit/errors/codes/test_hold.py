# SPDX-License-Identifier: Apache-2.0
"""Codes of `hold` are a promise: none goes, and clients and scripts go on seeing the same HTTP and exit status."""

from __future__ import annotations

from answerable.errors.codes.hold import ENTRIES

STATUS = {  # code: (HTTP, exit)
    "hold.crowded": (403, 1),
    "hold.elsewhere": (503, 4),
    "hold.expired": (403, 1),
    "hold.lowered": (403, 1),
    "hold.malformed": (400, 1),
    "hold.mismatch": (403, 1),
    "hold.own": (403, 1),
    "hold.rejected": (403, 1),
    "hold.replayed": (403, 5),
    "hold.settled": (403, 5),
    "hold.signature": (403, 1),
    "hold.signer": (403, 1),
    "hold.spent": (403, 1),
    "hold.twice": (403, 5),
    "hold.unkept": (403, 1),
    "hold.unknown": (404, 3),
    "hold.unreadable": (404, 4),
    "hold.unseen": (403, 2),
    "hold.void": (403, 1),
    "hold.registered": (403, 1),
    "hold.moved": (403, 1),
    "hold.waiting": (503, 4),
    "hold.waved": (503, 4),
}


def test_no_code_is_withdrawn_or_changes_its_status() -> None:
    assert {code: (ENTRIES[code].http, ENTRIES[code].exit) for code in STATUS} == STATUS


def test_each_code_has_its_status_here() -> None:
    assert set(ENTRIES) == set(STATUS), "a new code is added to this table, for good"
