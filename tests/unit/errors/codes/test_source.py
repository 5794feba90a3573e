# SPDX-License-Identifier: Apache-2.0
"""Codes of `source` are a promise: none goes, and clients and scripts go on seeing the same HTTP and exit status."""

from __future__ import annotations

from answerable.errors.codes.source import ENTRIES

STATUS = {  # code: (HTTP, exit)
    "source.forked": (403, 1),
    "source.malformed": (400, 2),
    "source.missing": (503, 4),
    "source.other": (400, 2),
    "source.oversized": (502, 4),
    "source.unreachable": (503, 4),
    "source.written": (503, 4),
    "source.wrong": (502, 1),
}


def test_no_code_is_withdrawn_or_changes_its_status() -> None:
    assert {code: (ENTRIES[code].http, ENTRIES[code].exit) for code in STATUS} == STATUS


def test_each_code_has_its_status_here() -> None:
    assert set(ENTRIES) == set(STATUS), "a new code is added to this table, for good"
