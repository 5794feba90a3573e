# SPDX-License-Identifier: Apache-2.0
"""Codes of `node` are a promise: none goes, and clients and scripts go on seeing the same HTTP and exit status."""

from __future__ import annotations

from answerable.errors.codes.node import ENTRIES

STATUS = {  # code: (HTTP, exit)
    "node.answer": (502, 4),
    "node.away": (503, 4),
    "node.card": (422, 2),
    "node.checkpoint": (422, 1),
    "node.here": (403, 2),
    "node.log": (422, 2),
    "node.name": (422, 2),
    "node.not_its": (403, 1),
    "node.taken": (422, 5),
    "node.unknown": (403, 3),
    "node.unseen": (503, 4),
}


def test_no_code_is_withdrawn_or_changes_its_status() -> None:
    assert {code: (ENTRIES[code].http, ENTRIES[code].exit) for code in STATUS} == STATUS


def test_each_code_has_its_status_here() -> None:
    assert set(ENTRIES) == set(STATUS), "a new code is added to this table, for good"
