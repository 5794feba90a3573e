# SPDX-License-Identifier: Apache-2.0
from __future__ import annotations

from answerable.ports import serving
from tests.interfaces import contracts


def test_these_are_the_contracts_and_their_members() -> None:
    assert contracts(serving) == {
        "Reply": {"close", "read"},
        "Upstream": {"call", "close", "locality", "name"},
        "Served": {"copy", "marks", "model", "system", "upstream"},
        "Models": {"absent", "named"},
    }
