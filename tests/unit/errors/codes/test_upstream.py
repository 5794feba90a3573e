# SPDX-License-Identifier: Apache-2.0
"""Codes of `upstream` are a promise: none goes, and clients and scripts go on seeing the same HTTP and exit status."""

from __future__ import annotations

from answerable.errors.codes.upstream import ENTRIES

STATUS = {  # code: (HTTP, exit)
    "upstream.address": (500, 2),
    "upstream.broken": (502, 4),
    "upstream.busy": (503, 4),
    "upstream.credentials": (502, 4),
    "upstream.failed": (502, 4),
    "upstream.not_started": (503, 4),
    "upstream.oversized": (502, 4),
    "upstream.possession": (502, 1),
    "upstream.rejected": (400, 1),
    "upstream.timeout": (504, 4),
    "upstream.truncated": (502, 4),
    "upstream.unreachable": (502, 4),
    "upstream.weights": (503, 4),
    "upstream.weights_unavailable": (503, 4),
}


def test_no_code_is_withdrawn_or_changes_its_status() -> None:
    assert {code: (ENTRIES[code].http, ENTRIES[code].exit) for code in STATUS} == STATUS


def test_each_code_has_its_status_here() -> None:
    assert set(ENTRIES) == set(STATUS), "a new code is added to this table, for good"
