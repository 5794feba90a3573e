# SPDX-License-Identifier: Apache-2.0
"""Codes of `warrant` are a promise: none goes, and clients and scripts go on seeing the same HTTP and exit status."""

from __future__ import annotations

from answerable.errors.codes.warrant import ENTRIES

STATUS = {  # code: (HTTP, exit)
    "warrant.ancestors": (403, 1),
    "warrant.audience": (401, 1),
    "warrant.boot_unknown": (403, 1),
    "warrant.clone": (403, 1),
    "warrant.contended": (503, 4),
    "warrant.copy_ended": (403, 1),
    "warrant.criticality": (403, 1),
    "warrant.duty": (403, 1),
    "warrant.expired": (401, 1),
    "warrant.forged": (401, 1),
    "warrant.life": (401, 1),
    "warrant.malformed": (401, 1),
    "warrant.missing": (401, 1),
    "warrant.not_yet": (401, 1),
    "warrant.proof": (403, 1),
    "warrant.certificate": (403, 1),
    "warrant.replayed": (401, 1),
    "warrant.tool": (403, 1),
    "warrant.unrecorded": (503, 4),
    "warrant.unregistered": (403, 1),
    "warrant.world": (403, 1),
}


def test_no_code_is_withdrawn_or_changes_its_status() -> None:
    assert {code: (ENTRIES[code].http, ENTRIES[code].exit) for code in STATUS} == STATUS


def test_each_code_has_its_status_here() -> None:
    assert set(ENTRIES) == set(STATUS), "a new code is added to this table, for good"
