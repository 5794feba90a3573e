# SPDX-License-Identifier: Apache-2.0
"""Codes of `system` are a promise: none goes, and clients and scripts go on seeing the same HTTP and exit status."""

from __future__ import annotations

from answerable.errors.codes.system import ENTRIES

STATUS = {  # code: (HTTP, exit)
    "system.announcement": (403, 1),
    "system.born_dead": (403, 1),
    "system.capability": (400, 1),
    "system.copy_ended": (403, 5),
    "system.copy_place": (400, 1),
    "system.copy_unknown": (404, 3),
    "system.cycle": (403, 1),
    "system.damaged": (503, 4),
    "system.duty": (403, 1),
    "system.field": (400, 1),
    "system.lineage": (403, 1),
    "system.ambiguous": (403, 5),
    "system.name": (403, 5),
    "system.no_origin": (503, 4),
    "system.no_party": (403, 1),
    "system.parent": (403, 1),
    "system.reauthorisation": (403, 1),
    "system.relation": (400, 1),
    "system.transfer": (403, 1),
    "system.unknown": (404, 3),
    "system.beyond": (403, 1),
    "system.family": (403, 1),
    "system.not_made": (403, 1),
    "system.people": (403, 1),
}


def test_no_code_is_withdrawn_or_changes_its_status() -> None:
    assert {code: (ENTRIES[code].http, ENTRIES[code].exit) for code in STATUS} == STATUS


def test_each_code_has_its_status_here() -> None:
    assert set(ENTRIES) == set(STATUS), "a new code is added to this table, for good"
