# SPDX-License-Identifier: Apache-2.0
"""Codes of `witness` are a promise: none goes, and clients and scripts go on seeing the same HTTP and exit status."""

from __future__ import annotations

from answerable.errors.codes.witness import ENTRIES

STATUS = {  # code: (HTTP, exit)
    "witness.ahead": (503, 4),
    "witness.answer": (503, 4),
    "witness.behind": (503, 4),
    "witness.conflict": (403, 5),
    "witness.exists": (403, 5),
    "witness.inconsistent": (422, 1),
    "witness.missing": (403, 3),
    "witness.request": (400, 1),
    "witness.state": (503, 4),
    "witness.unknown_log": (404, 3),
    "witness.unreachable": (503, 4),
    "witness.untrusted": (403, 1),
}


def test_no_code_is_withdrawn_or_changes_its_status() -> None:
    assert {code: (ENTRIES[code].http, ENTRIES[code].exit) for code in STATUS} == STATUS


def test_each_code_has_its_status_here() -> None:
    assert set(ENTRIES) == set(STATUS), "a new code is added to this table, for good"
