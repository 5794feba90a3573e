# SPDX-License-Identifier: Apache-2.0
from __future__ import annotations

from answerable.ports import labelling
from tests.interfaces import contracts


def test_these_are_the_contracts_and_their_members() -> None:
    assert contracts(labelling) == {
        "LabelWriter": {"feed"},
        "LabelFormat": {"name", "read", "writer"},
        "MediaLabeller": {"kind", "label"},
    }
