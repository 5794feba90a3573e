# SPDX-License-Identifier: Apache-2.0
"""Codes of `pulse` are a promise: none goes, and clients and scripts go on seeing the same HTTP and exit status."""

from __future__ import annotations

from answerable.errors.codes.pulse import ENTRIES

STATUS = {  # code: (HTTP, exit)
    "pulse.forged": (403, 1),
    "pulse.full": (503, 4),
    "pulse.future": (403, 1),
    "pulse.malformed": (400, 1),
    "pulse.missing": (403, 1),
    "pulse.origin": (403, 1),
    "pulse.replayed": (403, 1),
    "pulse.root": (403, 1),
    "pulse.source": (503, 4),
    "pulse.stale": (403, 1),
    "pulse.state": (503, 4),
    "pulse.unpinned": (403, 1),
}


def test_no_code_is_withdrawn_or_changes_its_status() -> None:
    assert {code: (ENTRIES[code].http, ENTRIES[code].exit) for code in STATUS} == STATUS


def test_each_code_has_its_status_here() -> None:
    assert set(ENTRIES) == set(STATUS), "a new code is added to this table, for good"
