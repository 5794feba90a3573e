# SPDX-License-Identifier: Apache-2.0
"""Codes of `store` are a promise: none goes, and clients and scripts go on seeing the same HTTP and exit status."""

from __future__ import annotations

from answerable.errors.codes.store import ENTRIES

STATUS = {  # code: (HTTP, exit)
    "store.absent": (404, 3),
    "store.busy": (503, 4),
    "store.damaged": (503, 4),
    "store.demo": (403, 2),
    "store.denied": (503, 4),
    "store.driver": (503, 4),
    "store.exists": (403, 5),
    "store.failed": (503, 4),
    "store.foreign": (503, 4),
    "store.forked": (503, 4),
    "store.full": (503, 4),
    "store.locked": (503, 5),
    "store.missing": (503, 3),
    "store.newer": (503, 4),
    "store.not_demo": (403, 2),
    "store.rewritten": (503, 4),
    "store.rolled_back": (503, 4),
    "store.taken": (503, 5),
    "store.unguarded": (503, 4),
    "store.unreachable": (503, 4),
    "store.unsafe": (503, 4),
}


def test_no_code_is_withdrawn_or_changes_its_status() -> None:
    assert {code: (ENTRIES[code].http, ENTRIES[code].exit) for code in STATUS} == STATUS


def test_each_code_has_its_status_here() -> None:
    assert set(ENTRIES) == set(STATUS), "a new code is added to this table, for good"
