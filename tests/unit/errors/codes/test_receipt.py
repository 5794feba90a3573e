# SPDX-License-Identifier: Apache-2.0
"""Codes of `receipt` are a promise: none goes, and clients and scripts go on seeing the same HTTP and exit status."""

from __future__ import annotations

from answerable.errors.codes.receipt import ENTRIES

STATUS = {  # code: (HTTP, exit)
    "receipt.content": (403, 1),
    "receipt.cose": (503, 4),
    "receipt.incomplete": (403, 1),
    "receipt.inconsistent": (403, 1),
    "receipt.leafless": (400, 4),
    "receipt.malformed": (400, 1),
    "receipt.signature": (403, 1),
    "receipt.spare": (403, 1),
    "receipt.trust": (400, 4),
    "receipt.undisclosed": (404, 4),
}


def test_no_code_is_withdrawn_or_changes_its_status() -> None:
    assert {code: (ENTRIES[code].http, ENTRIES[code].exit) for code in STATUS} == STATUS


def test_each_code_has_its_status_here() -> None:
    assert set(ENTRIES) == set(STATUS), "a new code is added to this table, for good"
