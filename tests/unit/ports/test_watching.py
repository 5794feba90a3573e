# SPDX-License-Identifier: Apache-2.0
from __future__ import annotations

from answerable.ports import watching
from tests.interfaces import contracts


def test_these_are_the_contracts_and_their_members() -> None:
    assert contracts(watching) == {
        "Policy": {"decide", "digest"},
        "Watch": {"see"},
        "Detector": {"name", "watch"},
        "LogDetector": {"lines", "name", "see"},
    }
