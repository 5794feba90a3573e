# SPDX-License-Identifier: Apache-2.0
from __future__ import annotations

from answerable.ports import admitting
from tests.interfaces import contracts


def test_these_are_the_contracts_and_their_members() -> None:
    assert contracts(admitting) == {
        "Desk": {"horizon", "own", "present", "still"},
        "Gate": {"admit", "holds", "stopped_by"},
    }
