# SPDX-License-Identifier: Apache-2.0
"""Codes of `guard` are a promise: none goes, and clients and scripts go on seeing the same HTTP and exit status."""

from __future__ import annotations

from answerable.errors.codes.guard import ENTRIES

STATUS = {  # code: (HTTP, exit)
    "guard.closed": (403, 1),
    "guard.enclosure": (503, 4),
    "guard.enrolment": (403, 2),
    "guard.exposed": (403, 1),
    "guard.path": (404, 3),
    "guard.primitive": (503, 4),
    "guard.primitive_unknown": (403, 2),
    "guard.probe": (503, 4),
    "guard.program": (403, 4),
    "guard.user": (403, 3),
    "guard.warrant": (403, 1),
}


def test_no_code_is_withdrawn_or_changes_its_status() -> None:
    assert {code: (ENTRIES[code].http, ENTRIES[code].exit) for code in STATUS} == STATUS


def test_each_code_has_its_status_here() -> None:
    assert set(ENTRIES) == set(STATUS), "a new code is added to this table, for good"
