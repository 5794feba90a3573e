# SPDX-License-Identifier: Apache-2.0
"""Codes of `handle` are a promise: none goes, and clients and scripts go on seeing the same HTTP and exit status."""

from __future__ import annotations

from answerable.errors.codes.handle import ENTRIES

STATUS = {  # code: (HTTP, exit)
    "handle.binding": (403, 2),
    "handle.certificate": (403, 2),
    "handle.elsewhere": (403, 1),
    "handle.expired": (401, 1),
    "handle.issuer": (403, 1),
    "handle.life": (403, 2),
    "handle.revoked": (401, 1),
    "handle.tier": (403, 1),
    "handle.unknown": (401, 3),
}


def test_no_code_is_withdrawn_or_changes_its_status() -> None:
    assert {code: (ENTRIES[code].http, ENTRIES[code].exit) for code in STATUS} == STATUS


def test_each_code_has_its_status_here() -> None:
    assert set(ENTRIES) == set(STATUS), "a new code is added to this table, for good"
