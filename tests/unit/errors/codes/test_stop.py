# SPDX-License-Identifier: Apache-2.0
"""Codes of `stop` are a promise: none goes, and clients and scripts go on seeing the same HTTP and exit status."""

from __future__ import annotations

from answerable.errors.codes.stop import ENTRIES

STATUS = {  # code: (HTTP, exit)
    "stop.cap": (403, 1),
    "stop.count": (403, 2),
    "stop.digest": (403, 1),
    "stop.id_taken": (403, 5),
    "stop.lapsed": (403, 5),
    "stop.malformed": (403, 2),
    "stop.ambiguous": (403, 5),
    "stop.no_origin": (503, 4),
    "stop.not_officer": (403, 1),
    "stop.not_suspension": (403, 5),
    "stop.not_termination": (403, 5),
    "stop.officers": (403, 1),
    "stop.order_unknown": (403, 3),
    "stop.other_root": (403, 5),
    "stop.replayed": (403, 5),
    "stop.root_unknown": (403, 3),
    "stop.same_officer": (403, 1),
    "stop.signature": (403, 1),
    "stop.stale": (403, 1),
    "stop.system": (403, 1),
    "stop.usage": (400, 2),
}


def test_no_code_is_withdrawn_or_changes_its_status() -> None:
    assert {code: (ENTRIES[code].http, ENTRIES[code].exit) for code in STATUS} == STATUS


def test_each_code_has_its_status_here() -> None:
    assert set(ENTRIES) == set(STATUS), "a new code is added to this table, for good"
