# SPDX-License-Identifier: Apache-2.0
"""Codes of `monitor` are a promise: none goes, and clients and scripts go on seeing the same HTTP and exit status."""

from __future__ import annotations

from answerable.errors.codes.monitor import ENTRIES

STATUS = {  # code: (HTTP, exit)
    "monitor.behind": (403, 1),
    "monitor.checkpoint": (403, 1),
    "monitor.clock": (403, 1),
    "monitor.duplicate": (403, 1),
    "monitor.forked": (403, 1),
    "monitor.key": (403, 1),
    "monitor.leaf": (403, 1),
    "monitor.missing": (403, 1),
    "monitor.signature": (403, 1),
    "monitor.stopped": (403, 1),
    "monitor.tree": (403, 1),
    "monitor.unclosed": (403, 1),
    "monitor.unregistered": (403, 1),
    "monitor.unwarranted": (403, 1),
}


def test_no_code_is_withdrawn_or_changes_its_status() -> None:
    assert {code: (ENTRIES[code].http, ENTRIES[code].exit) for code in STATUS} == STATUS


def test_each_code_has_its_status_here() -> None:
    assert set(ENTRIES) == set(STATUS), "a new code is added to this table, for good"
