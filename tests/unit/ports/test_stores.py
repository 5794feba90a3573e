# SPDX-License-Identifier: Apache-2.0
from __future__ import annotations

from answerable.ports import stores
from tests.interfaces import contracts


def test_these_are_the_contracts_and_their_members() -> None:
    assert contracts(stores) == {
        "Ledger": {"commit", "count_refusal", "erase"},
        "Store": {
            "append",
            "checkpoint",
            "close",
            "erase",
            "head",
            "leaf",
            "leaves",
            "put_payloads",
            "reopen",
            "rows",
            "spend_reserve",
            "sweep",
            "tidy",
            "tile",
            "view",
        },
        "StoreView": {
            "alike",
            "by_tag",
            "checkpoint",
            "close",
            "close_of",
            "find",
            "head",
            "integrity",
            "kept",
            "leaf",
            "leaves",
            "near",
            "payload",
            "state",
            "tags",
            "tile",
        },
    }
