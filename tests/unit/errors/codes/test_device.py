# SPDX-License-Identifier: Apache-2.0
"""Codes of `device` are a promise: none goes, and clients and scripts go on seeing the same HTTP and exit status."""

from __future__ import annotations

from answerable.errors.codes.device import ENTRIES

STATUS = {  # code: (HTTP, exit)
    "device.authority": (403, 1),
    "device.forged": (401, 1),
    "device.limit": (403, 1),
    "device.malformed": (400, 1),
    "device.moving": (503, 4),
    "device.person": (403, 1),
    "device.stale": (401, 1),
    "device.stopped": (403, 1),
    "device.transport": (503, 4),
    "device.system": (403, 1),
    "device.told": (403, 1),
    "device.unrecorded": (503, 4),
    "device.unreachable": (503, 4),
}


def test_no_code_is_withdrawn_or_changes_its_status() -> None:
    assert {code: (ENTRIES[code].http, ENTRIES[code].exit) for code in STATUS} == STATUS


def test_each_code_has_its_status_here() -> None:
    assert set(ENTRIES) == set(STATUS), "a new code is added to this table, for good"
