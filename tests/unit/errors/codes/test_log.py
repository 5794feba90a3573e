# SPDX-License-Identifier: Apache-2.0
"""Codes of `log` are a promise: none goes, and clients and scripts go on seeing the same HTTP and exit status."""

from __future__ import annotations

from answerable.errors.codes.log import ENTRIES

STATUS = {  # code: (HTTP, exit)
    "log.bundle": (400, 1),
    "log.checkpoint": (400, 1),
    "log.commitment": (403, 1),
    "log.conflict": (403, 5),
    "log.encoding": (400, 1),
    "log.full": (503, 4),
    "log.joint": (403, 1),
    "log.key": (500, 4),
    "log.leaf": (400, 1),
    "log.note": (400, 1),
    "log.oversized": (413, 1),
    "log.path": (404, 2),
    "log.proof": (403, 1),
    "log.no_quorum": (403, 1),
    "log.quorum": (403, 4),
    "log.sealed": (403, 1),
    "log.signature": (403, 1),
    "log.stopped": (503, 4),
    "log.tile": (503, 4),
    "log.trust": (400, 4),
    "log.unjoined": (503, 4),
    "log.unrecorded": (404, 3),
    "log.untrusted": (403, 1),
    "log.unwitnessed": (503, 4),
}


def test_no_code_is_withdrawn_or_changes_its_status() -> None:
    assert {code: (ENTRIES[code].http, ENTRIES[code].exit) for code in STATUS} == STATUS


def test_each_code_has_its_status_here() -> None:
    assert set(ENTRIES) == set(STATUS), "a new code is added to this table, for good"
