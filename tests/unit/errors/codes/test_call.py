# SPDX-License-Identifier: Apache-2.0
"""Codes of `call` are a promise: none goes, and clients and scripts go on seeing the same HTTP and exit status."""

from __future__ import annotations

from answerable.errors.codes.call import ENTRIES

STATUS = {  # code: (HTTP, exit)
    "call.absent": (404, 3),
    "call.done": (403, 1),
    "call.full": (503, 4),
    "call.malformed": (403, 2),
    "call.own": (403, 1),
    "call.running": (403, 5),
    "call.said": (403, 5),
    "call.share": (429, 1),
    "call.signature": (403, 1),
    "call.signer": (403, 1),
    "call.unknown": (403, 1),
}


def test_no_code_is_withdrawn_or_changes_its_status() -> None:
    assert {code: (ENTRIES[code].http, ENTRIES[code].exit) for code in STATUS} == STATUS


def test_each_code_has_its_status_here() -> None:
    assert set(ENTRIES) == set(STATUS), "a new code is added to this table, for good"
