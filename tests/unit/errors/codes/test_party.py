# SPDX-License-Identifier: Apache-2.0
"""Codes of `party` are a promise: none goes, and clients and scripts go on seeing the same HTTP and exit status."""

from __future__ import annotations

from answerable.errors.codes.party import ENTRIES

STATUS = {  # code: (HTTP, exit)
    "party.by": (403, 1),
    "party.certificate": (403, 1),
    "party.challenge": (403, 1),
    "party.enrolled": (403, 5),
    "party.id": (400, 1),
    "party.is_system": (403, 1),
    "party.key": (400, 1),
    "party.key_taken": (403, 5),
    "party.key_unknown": (403, 1),
    "party.no_key": (403, 2),
    "party.last_administrator": (403, 1),
    "party.name": (400, 1),
    "party.nonce": (400, 1),
    "party.not_person": (403, 1),
    "party.not_registrar": (403, 1),
    "party.replayed": (403, 5),
    "party.roles": (403, 1),
    "party.self_vouch": (403, 1),
    "party.signature": (403, 1),
    "party.standing": (403, 5),
    "party.taken": (403, 5),
    "party.unknown": (404, 3),
}


def test_no_code_is_withdrawn_or_changes_its_status() -> None:
    assert {code: (ENTRIES[code].http, ENTRIES[code].exit) for code in STATUS} == STATUS


def test_each_code_has_its_status_here() -> None:
    assert set(ENTRIES) == set(STATUS), "a new code is added to this table, for good"
