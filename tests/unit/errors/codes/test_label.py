# SPDX-License-Identifier: Apache-2.0
"""Codes of `label` are a promise: none goes, and clients and scripts go on seeing the same HTTP and exit status."""

from __future__ import annotations

from answerable.errors.codes.label import ENTRIES

STATUS = {  # code: (HTTP, exit)
    "label.another_record": (403, 5),
    "label.c2pa": (500, 4),
    "label.chain": (500, 4),
    "label.contradicted": (403, 5),
    "label.explicit": (415, 1),
    "label.extra": (503, 4),
    "label.foreign": (403, 5),
    "label.malformed": (403, 1),
    "label.media": (502, 4),
    "label.oversized": (403, 4),
    "label.pins": (403, 2),
    "label.plan": (403, 2),
    "label.provider_code": (403, 2),
    "label.read_back": (500, 4),
    "label.several": (403, 5),
    "label.source": (403, 3),
    "label.system": (403, 2),
    "label.synthesiser": (503, 4),
    "label.target": (403, 2),
    "label.unsupported": (415, 2),
    "label.watermark": (422, 1),
    "label.worker": (503, 4),
    "label.watermark_off": (503, 4),
}


def test_no_code_is_withdrawn_or_changes_its_status() -> None:
    assert {code: (ENTRIES[code].http, ENTRIES[code].exit) for code in STATUS} == STATUS


def test_each_code_has_its_status_here() -> None:
    assert set(ENTRIES) == set(STATUS), "a new code is added to this table, for good"
