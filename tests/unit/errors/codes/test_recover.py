# SPDX-License-Identifier: Apache-2.0
"""Codes of `recover` are a promise: none goes, and clients and scripts go on seeing the same HTTP and exit status."""

from __future__ import annotations

from answerable.errors.codes.recover import ENTRIES

STATUS = {  # code: (HTTP, exit)
    "recover.behind": (503, 4),
    "recover.order": (422, 1),
    "recover.settled": (422, 5),
    "recover.unheard": (503, 4),
    "recover.unknown": (403, 3),
}


def test_no_code_is_withdrawn_or_changes_its_status() -> None:
    assert {code: (ENTRIES[code].http, ENTRIES[code].exit) for code in STATUS} == STATUS


def test_each_code_has_its_status_here() -> None:
    assert set(ENTRIES) == set(STATUS), "a new code is added to this table, for good"
