# SPDX-License-Identifier: Apache-2.0
"""Codes of `audit` are a promise: none goes, and clients and scripts go on seeing the same HTTP and exit status."""

from __future__ import annotations

from answerable.errors.codes.audit import ENTRIES

STATUS = {  # code: (HTTP, exit)
    "audit.checkpoint": (403, 1),
    "audit.engine": (403, 1),
    "audit.index": (403, 1),
    "audit.leaf": (403, 1),
    "audit.payload": (403, 1),
    "audit.payload_gone": (403, 1),
    "audit.replay": (403, 1),
    "audit.root": (403, 1),
    "audit.state": (403, 1),
    "audit.tile": (403, 1),
    "audit.twice": (403, 1),
    "audit.unreadable": (403, 1),
}


def test_no_code_is_withdrawn_or_changes_its_status() -> None:
    assert {code: (ENTRIES[code].http, ENTRIES[code].exit) for code in STATUS} == STATUS


def test_each_code_has_its_status_here() -> None:
    assert set(ENTRIES) == set(STATUS), "a new code is added to this table, for good"
