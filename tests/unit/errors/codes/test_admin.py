# SPDX-License-Identifier: Apache-2.0
"""Codes of `admin` are a promise: none goes, and clients and scripts go on seeing the same HTTP and exit status."""

from __future__ import annotations

from answerable.errors.codes.admin import ENTRIES

STATUS = {  # code: (HTTP, exit)
    "admin.answer": (502, 4),
    "admin.draft": (403, 2),
    "admin.file": (400, 4),
    "admin.method": (405, 2),
    "admin.no_key": (403, 2),
    "admin.no_store": (503, 4),
    "admin.nobody": (404, 3),
    "admin.not_found": (404, 3),
    "admin.path": (404, 3),
    "admin.replayed": (401, 1),
    "admin.request": (400, 2),
    "admin.role": (403, 1),
    "admin.unknown_key": (401, 1),
    "admin.unreachable": (503, 4),
    "admin.unsigned": (401, 1),
}


def test_no_code_is_withdrawn_or_changes_its_status() -> None:
    assert {code: (ENTRIES[code].http, ENTRIES[code].exit) for code in STATUS} == STATUS


def test_each_code_has_its_status_here() -> None:
    assert set(ENTRIES) == set(STATUS), "a new code is added to this table, for good"
