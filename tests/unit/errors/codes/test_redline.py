# SPDX-License-Identifier: Apache-2.0
"""Codes of `redline` are a promise: none goes, and clients and scripts go on seeing the same HTTP and exit status."""

from __future__ import annotations

from answerable.errors.codes.redline import ENTRIES

STATUS = {  # code: (HTTP, exit)
    "redline.by_officers": (403, 1),
    "redline.capped": (403, 1),
    "redline.contended": (503, 4),
    "redline.credential": (403, 1),
    "redline.cyber": (403, 1),
    "redline.deception": (403, 1),
    "redline.detector_failed": (403, 1),
    "redline.event_malformed": (400, 1),
    "redline.event_replayed": (403, 1),
    "redline.event_signature": (403, 1),
    "redline.event_teller": (403, 1),
    "redline.event_time": (403, 1),
    "redline.flood": (403, 1),
    "redline.impersonation": (403, 1),
    "redline.no_detector": (403, 1),
    "redline.standing": (403, 1),
    "redline.stranger": (403, 1),
    "redline.test_failed": (403, 1),
    "redline.unknown": (404, 3),
    "redline.untested": (403, 1),
    "redline.volume": (403, 1),
    "redline.weapons": (403, 1),
}


def test_no_code_is_withdrawn_or_changes_its_status() -> None:
    assert {code: (ENTRIES[code].http, ENTRIES[code].exit) for code in STATUS} == STATUS


def test_each_code_has_its_status_here() -> None:
    assert set(ENTRIES) == set(STATUS), "a new code is added to this table, for good"
