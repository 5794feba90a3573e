# SPDX-License-Identifier: Apache-2.0
"""Codes of `tool` are a promise: none goes, and clients and scripts go on seeing the same HTTP and exit status."""

from __future__ import annotations

from answerable.errors.codes.tool import ENTRIES

STATUS = {  # code: (HTTP, exit)
    "tool.arguments": (422, 2),
    "tool.attestation": (422, 2),
    "tool.bound": (422, 2),
    "tool.by": (403, 1),
    "tool.changed": (403, 5),
    "tool.class": (422, 2),
    "tool.definition": (422, 2),
    "tool.domain": (422, 2),
    "tool.envelope": (403, 1),
    "tool.floor": (422, 2),
    "tool.hint": (422, 2),
    "tool.hosted": (403, 1),
    "tool.lookalike": (422, 5),
    "tool.malformed": (422, 2),
    "tool.many": (422, 2),
    "tool.name": (422, 2),
    "tool.nowhere": (403, 1),
    "tool.pointer": (422, 2),
    "tool.server": (403, 3),
    "tool.tier": (403, 1),
    "tool.unknown": (403, 3),
}


def test_no_code_is_withdrawn_or_changes_its_status() -> None:
    assert {code: (ENTRIES[code].http, ENTRIES[code].exit) for code in STATUS} == STATUS


def test_each_code_has_its_status_here() -> None:
    assert set(ENTRIES) == set(STATUS), "a new code is added to this table, for good"
