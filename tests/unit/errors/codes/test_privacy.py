# SPDX-License-Identifier: Apache-2.0
"""Codes of `privacy` are a promise: none goes, and clients and scripts go on seeing the same HTTP and exit status."""

from __future__ import annotations

from answerable.errors.codes.privacy import ENTRIES

STATUS = {  # code: (HTTP, exit)
    "privacy.authority": (403, 1),
    "privacy.disjoint": (403, 1),
    "privacy.erased": (410, 5),
    "privacy.feed": (403, 1),
    "privacy.grant": (403, 1),
    "privacy.held": (423, 1),
    "privacy.in_flight": (403, 5),
    "privacy.lifted": (403, 5),
    "privacy.malformed": (400, 1),
    "privacy.not_kept": (410, 3),
    "privacy.officers": (403, 1),
    "privacy.organisation": (403, 1),
    "privacy.replayed": (403, 5),
    "privacy.signature": (403, 1),
    "privacy.signer": (403, 1),
    "privacy.unfinished": (503, 4),
    "privacy.unknown": (404, 3),
}


def test_no_code_is_withdrawn_or_changes_its_status() -> None:
    assert {code: (ENTRIES[code].http, ENTRIES[code].exit) for code in STATUS} == STATUS


def test_each_code_has_its_status_here() -> None:
    assert set(ENTRIES) == set(STATUS), "a new code is added to this table, for good"
