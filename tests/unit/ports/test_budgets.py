# SPDX-License-Identifier: Apache-2.0
from __future__ import annotations

from answerable.ports import budgets
from tests.interfaces import contracts


def test_these_are_the_contracts_and_their_members() -> None:
    assert contracts(budgets) == {
        "Budgets": {"covers", "reserve"},
        "Reservation": {"ceiling", "close", "let_go", "open", "told"},
    }
