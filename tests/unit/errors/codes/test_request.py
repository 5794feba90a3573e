# SPDX-License-Identifier: Apache-2.0
"""Codes of `request` are a promise: none goes, and clients and scripts go on seeing the same HTTP and exit status."""

from __future__ import annotations

from answerable.errors.codes.request import ENTRIES

STATUS = {  # code: (HTTP, exit)
    "request.bind": (500, 5),
    "request.busy": (503, 4),
    "request.disconnected": (499, 4),
    "request.encoding": (415, 1),
    "request.header": (400, 1),
    "request.host": (421, 1),
    "request.invalid": (400, 1),
    "request.malformed": (400, 1),
    "request.method": (405, 1),
    "request.missing": (400, 1),
    "request.not_found": (404, 3),
    "request.origin": (403, 1),
    "request.response_unknown": (404, 3),
    "request.slow": (408, 1),
    "request.too_complex": (400, 1),
    "request.too_large": (413, 1),
    "request.unreadable": (400, 1),
    "request.unsupported": (400, 1),
}


def test_no_code_is_withdrawn_or_changes_its_status() -> None:
    assert {code: (ENTRIES[code].http, ENTRIES[code].exit) for code in STATUS} == STATUS


def test_each_code_has_its_status_here() -> None:
    assert set(ENTRIES) == set(STATUS), "a new code is added to this table, for good"
