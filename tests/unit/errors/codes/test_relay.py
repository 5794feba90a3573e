# SPDX-License-Identifier: Apache-2.0
"""Codes of `relay` are a promise: none goes, and clients and scripts go on seeing the same HTTP and exit status."""

from __future__ import annotations

from answerable.errors.codes.relay import ENTRIES

STATUS = {  # code: (HTTP, exit)
    "relay.answer": (502, 4),
    "relay.broken": (502, 4),
    "relay.busy": (503, 4),
    "relay.full": (503, 4),
    "relay.holder": (403, 1),
    "relay.none": (403, 2),
    "relay.rate": (429, 4),
    "relay.unreachable": (503, 4),
}


def test_no_code_is_withdrawn_or_changes_its_status() -> None:
    assert {code: (ENTRIES[code].http, ENTRIES[code].exit) for code in STATUS} == STATUS


def test_each_code_has_its_status_here() -> None:
    assert set(ENTRIES) == set(STATUS), "a new code is added to this table, for good"
